import { consentIdentityKind } from '@fenster/contracts';
import { array, lockHeads, sql, unnest, type Tx } from '@fenster/database';
import { MAX_LABELS_SET, newId, type PersonMark } from '@fenster/runtime';
import { upsertValues } from '../attributes/attribute.commands.js';
import { appendConsentEvents } from '../consent/append-consent-events.js';
import type { Statement } from '../consent/consent-chain.js';
import type { SigningKey } from '../consent/consent-signer.js';
import { wordsOf } from '../contacts/contact-words.js';
import type { Address } from '../contacts/contact.rule.js';
import { keepStops, suppressedNames } from '../erasures/keep-stops.js';
import { homeOf } from '../identities/fill-countries.js';
import { setLabels } from '../labels/contact-label.commands.js';
import {
  mergeRow,
  readRow,
  type Draft,
  type ImportOutcome,
  type ImportPlan,
  type ImportSettings,
  type Known,
  type Refusal,
} from './import.rule.js';

export interface Row {
  /** Of the rows under the header, from 1. */
  number: number;
  cells: readonly string[];
}

/** What is told of a row: no word of what stands in it. */
export interface RowReport {
  row: number;
  outcome: ImportOutcome;
  contactId: string | null;
  column: string | null;
  problem: string | null;
}

export interface ImportBatch {
  workspaceId: string;
  jobId: string;
  fileId: string;
  isDryRun: boolean;
  settings: ImportSettings;
  plan: ImportPlan;
  signingKey: SigningKey;
  markOf: PersonMark;
}

/** Somebody whom rows of the batch are about. */
interface Person extends Known {
  id: string;
  profileName: string | null;
  isNew: boolean;
  isChanged: boolean;
  /** Their numbers on the channel of the import, and what the consent ledger calls each. */
  identities: Map<string, string>;
  /** By number, of whom of those that were made this one it is. */
  origins: Map<string, string>;
  labelIds: Set<string>;
}

interface Placed {
  row: Row;
  draft: Draft;
  person: Person;
}

/**
 * Imports some rows, in order, in the same few statements however many they are. Each row finds what the ones before
 * it have done. A dry run decides the same and writes nothing.
 */
export async function importRows(tx: Tx, batch: ImportBatch, rows: readonly Row[]): Promise<RowReport[]> {
  const read = rows.map((row) => ({ row, said: readRow(row.cells, batch.plan) }));
  const drafts = read.flatMap(({ said }) => (isRefused(said) ? [] : [said]));
  const book = await People.load(tx, batch, drafts);
  const reaching = drafts.flatMap(({ phone: value }) =>
    value === null ? [] : [{ workspaceId: batch.workspaceId, value }],
  );
  const suppressed = new Set([...(await suppressedNames(tx, batch.markOf, reaching))].map(({ value }) => value));
  const placed: Placed[] = [];
  const reports = read.map(({ row, said }): RowReport => {
    const report = (outcome: ImportOutcome, more: Partial<RowReport> = {}) => ({
      row: row.number,
      outcome,
      contactId: null,
      column: null,
      problem: null,
      ...more,
    });
    if (isRefused(said)) return report('REFUSED', said);
    const found = book.find(said);
    if (found === 'several') return report('AMBIGUOUS');
    // Whoever came back by themselves is known again. What a dry run would make is not.
    if (said.phone !== null && suppressed.has(said.phone) && !found?.id) return report('SUPPRESSED');
    const { duplicates } = batch.settings;
    if (found && duplicates !== 'LEAVE' && hasOtherNumber(found, said)) return report('AMBIGUOUS');
    if (duplicates !== 'LEAVE' || !found) {
      const added = said.labelIds.filter((id) => !found?.labelIds.has(id)).length;
      if (added > 0 && (found?.labelIds.size ?? 0) + added > MAX_LABELS_SET) {
        const column = batch.plan.columns.find(({ field }) => field === 'LABELS')?.name ?? null;
        return report('REFUSED', { column, problem: `must leave the contact at most ${MAX_LABELS_SET} labels.` });
      }
    }
    const outcome = !found ? 'CREATED' : duplicates === 'LEAVE' ? 'DUPLICATE' : book.merge(found, said, duplicates);
    const person = found ?? book.add(said);
    if (outcome !== 'DUPLICATE') placed.push({ row, draft: said, person });
    // What a dry run would make has no id yet.
    return report(outcome, { contactId: batch.isDryRun && person.isNew ? null : person.id });
  });
  if (!batch.isDryRun) await store(tx, batch, book, placed, reports);
  return reports;
}

function isRefused(said: Draft | Refusal): said is Refusal {
  return 'problem' in said;
}

/** On the channel of the import somebody has one number: which of two is theirs, no file tells. */
function hasOtherNumber({ identities }: Person, { phone }: Draft): boolean {
  return phone !== null && identities.size > 0 && !identities.has(phone);
}

function numbersOf(drafts: readonly Draft[]): string[] {
  return [...new Set(drafts.flatMap(({ phone }) => phone ?? []))];
}

interface HolderRow extends Known {
  id: string;
  profileName: string | null;
}

interface NewIdentity {
  id: string;
  person: Person;
  phone: string;
}

/** Who the rows of a batch may be about. */
class People {
  readonly #byPhone = new Map<string, Person[]>();
  readonly #byEmail = new Map<string, Person[]>();
  readonly #all = new Set<Person>();
  readonly #newIdentities: NewIdentity[] = [];
  readonly #seenBefore: ReadonlySet<string>;

  private constructor(seenBefore: ReadonlySet<string>) {
    this.#seenBefore = seenBefore;
  }

  static async load(tx: Tx, { workspaceId, jobId, isDryRun, settings }: ImportBatch, drafts: readonly Draft[]) {
    const phones = numbersOf(drafts);
    const emails = [...new Set(drafts.flatMap(({ email }) => email?.toLowerCase() ?? []))];
    /*
     * Each by itself along an index, however little PostgreSQL knows of a table that has just begun to grow. Of a number two
     * conditions say the same, so that whichever index is taken leads to it alone: by the view, because row-level security
     * lets no function near one. An address is where it would be in the order of its index: any other way would have to
     * sort. Who shares it with somebody is not told apart, so two are enough.
     */
    const { rows: known } = await sql<{ contact_id: string; value: string; origin_id: string }>`
      select distinct on (contact_id, value) contact_id, value, coalesce(origin_id, contact_id) as origin_id
      from unnest(${array('text', phones)}) as asked(phone) cross join lateral (
        select contact_id, value, origin_id from contact_identity_match
        where workspace_id = ${workspaceId} and kind = 'PHONE' and value = asked.phone
          and reverse(value) = reverse(asked.phone) offset 0
      ) identity
    `.execute(tx.sql);
    const { rows: addressed } = await sql<{ id: string }>`
      select id from unnest(${array('text', emails)}) as asked(email) cross join lateral (
        select id, email_key from contact
        where workspace_id = ${workspaceId} and email_key >= md5(asked.email)::uuid
        order by email_key, created_at, id limit 2
      ) contact where email_key = md5(asked.email)::uuid
    `.execute(tx.sql);
    const ids = [...known.map((row) => row.contact_id), ...addressed.map((row) => row.id)];
    const { rows: holders } = await sql<HolderRow>`
      select id, given_name as "givenName", profile_name as "profileName", email, language, address from contact
      where workspace_id = ${workspaceId} and id = any(${array('uuid', [...new Set(ids)])})
      order by id for no key update
    `.execute(tx.sql);
    const { rows: identities } = await sql<{ contact_id: string; value: string; id: string }>`
      select contact_id, value, id from contact_identity
      where workspace_id = ${workspaceId} and contact_id = any(${array('uuid', holders, ({ id }) => id)})
        and channel_id = ${settings.channelId} and kind = 'PHONE' and valid_to is null
    `.execute(tx.sql);
    const { rows: labelled } = await sql<{ contact_id: string; label_id: string }>`
      select contact_id, label_id from labelled_contact
      where workspace_id = ${workspaceId} and contact_id = any(${array('uuid', holders, ({ id }) => id)})
    `.execute(tx.sql);
    const seen = isDryRun ? await seenInFile(tx, workspaceId, jobId, [...phones, ...emails]) : new Set<string>();
    const people = new People(seen);
    const byId = new Map<string, Person>();
    for (const holder of holders) {
      const person = {
        ...holder,
        isNew: false,
        isChanged: false,
        identities: new Map<string, string>(),
        origins: new Map<string, string>(),
        labelIds: new Set<string>(),
      };
      byId.set(holder.id, person);
      if (holder.email !== null) append(people.#byEmail, holder.email.toLowerCase(), person);
    }
    for (const { contact_id, value, origin_id } of known) {
      const person = byId.get(contact_id)!;
      append(people.#byPhone, value, person);
      person.origins.set(value, origin_id);
    }
    for (const { contact_id, label_id } of labelled) byId.get(contact_id)!.labelIds.add(label_id);
    for (const { contact_id, value, id } of identities) byId.get(contact_id)!.identities.set(value, id);
    return people;
  }

  /** A number says more than an e-mail address, which families and offices share. */
  find({ phone, email }: Draft): Person | 'several' | undefined {
    const known = phone !== null ? (this.#byPhone.get(phone) ?? []) : (this.#byEmail.get(email!.toLowerCase()) ?? []);
    return known.length > 1 ? 'several' : (known[0] ?? this.#seen(phone ?? email!.toLowerCase()));
  }

  /** A dry run has not stored what the file said before: whoever it was would be known by now. */
  #seen(key: string): Person | undefined {
    if (!this.#seenBefore.has(key)) return undefined;
    return {
      id: '',
      givenName: null,
      profileName: null,
      email: null,
      language: null,
      address: null,
      isNew: true,
      isChanged: false,
      identities: new Map(),
      origins: new Map(),
      labelIds: new Set(),
    };
  }

  add(draft: Draft): Person {
    const { givenName, email, language, address } = draft;
    const known = { givenName, email, language, address, profileName: null };
    const person = {
      ...known,
      id: newId(),
      isNew: true,
      isChanged: false,
      identities: new Map<string, string>(),
      origins: new Map<string, string>(),
      labelIds: new Set<string>(),
    };
    this.#all.add(person);
    this.#reach(person, draft);
    return person;
  }

  merge(person: Person, draft: Draft, rule: 'FILL' | 'OVERWRITE'): 'MERGED' | 'UNCHANGED' {
    const after = mergeRow(person, draft, rule);
    const isChanged = (Object.keys(after) as (keyof Known)[]).some(
      (field) => JSON.stringify(after[field]) !== JSON.stringify(person[field]),
    );
    const isReached = draft.phone !== null && !person.identities.has(draft.phone);
    Object.assign(person, after);
    person.isChanged ||= isChanged;
    this.#all.add(person);
    this.#reach(person, draft);
    return isChanged || isReached || draft.values.size > 0 || draft.labelIds.length > 0 ? 'MERGED' : 'UNCHANGED';
  }

  #reach(person: Person, { phone, email, labelIds }: Draft): void {
    for (const id of labelIds) person.labelIds.add(id);
    if (email !== null) append(this.#byEmail, email.toLowerCase(), person);
    if (phone === null) return;
    append(this.#byPhone, phone, person);
    if (person.identities.has(phone)) return;
    const id = newId();
    person.identities.set(phone, id);
    this.#newIdentities.push({ id, person, phone });
  }

  get made(): Person[] {
    return [...this.#all].filter(({ isNew }) => isNew);
  }

  get changed(): Person[] {
    return [...this.#all].filter(({ isNew, isChanged }) => !isNew && isChanged);
  }

  get newIdentities(): readonly NewIdentity[] {
    return this.#newIdentities;
  }
}

/** Of whom of those that were made this one the number is. */
function originOf({ id, origins }: Person, phone: string): string {
  return origins.get(phone) ?? id;
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const there = map.get(key);
  if (!there) map.set(key, [value]);
  else if (!there.includes(value)) there.push(value);
}

/** Which of these the file had in rows before this batch. */
async function seenInFile(
  tx: Tx,
  workspaceId: string,
  jobId: string,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ key: string }>`
    insert into import_key (workspace_id, job_id, key)
    select ${workspaceId}::uuid, ${jobId}::uuid, key from unnest(${array('text', keys)}) as key
    on conflict do nothing returning key
  `.execute(tx.sql);
  const isNew = new Set(rows.map(({ key }) => key));
  return new Set(keys.filter((key) => !isNew.has(key)));
}

const COLUMNS = {
  id: 'uuid',
  given_name: 'text',
  email: 'text',
  language: 'text',
  address: 'jsonb',
  words: 'text',
} as const;

function toRow(person: Person) {
  const { id, givenName, email, language, address } = person;
  return { id, given_name: givenName, email, language, address: address as Address | null, words: wordsOf(person) };
}

async function store(
  tx: Tx,
  batch: ImportBatch,
  people: People,
  placed: readonly Placed[],
  reports: RowReport[],
): Promise<void> {
  const { workspaceId, settings } = batch;
  const now = tx.now();
  const { made, changed, newIdentities } = people;
  if (made.length > 0) {
    // What they are called is told by and by: see identities/name-renewal.ts.
    await sql`
      insert into contact (workspace_id, id, given_name, email, language, address, words, created_at, updated_at)
      select ${workspaceId}::uuid, id, given_name, email, language, address,
        contact_words(${workspaceId}::uuid, words), ${now}, ${now}
      from ${unnest('input', COLUMNS, made.map(toRow))}
    `.execute(tx.sql);
  }
  if (changed.length > 0) {
    await sql`
      update contact set given_name = input.given_name, email = input.email, language = input.language,
        address = input.address, words = contact_words(${workspaceId}::uuid, input.words), updated_at = ${now},
        announced_at = case when contact.given_name is distinct from input.given_name then '-infinity' else announced_at end
      from ${unnest('input', COLUMNS, changed.map(toRow))}
      where contact.workspace_id = ${workspaceId} and contact.id = input.id
    `.execute(tx.sql);
  }
  if (newIdentities.length > 0) {
    const rows = newIdentities.map(({ id, person, phone }) => ({
      id,
      contact_id: person.id,
      origin_id: originOf(person, phone),
      value: phone,
      country: homeOf({ kind: 'PHONE', value: phone }),
    }));
    const columns = { id: 'uuid', contact_id: 'uuid', origin_id: 'uuid', value: 'text', country: 'text' } as const;
    await sql`
      insert into contact_identity (workspace_id, id, contact_id, origin_id, channel_id, kind, value, country, valid_from)
      select ${workspaceId}::uuid, id, contact_id, nullif(origin_id, contact_id), ${settings.channelId}::uuid, 'PHONE',
        value, country, ${now}
      from ${unnest('input', columns, rows)}
    `.execute(tx.sql);
  }
  await keepStops(
    tx,
    { markOf: batch.markOf, signingKey: async () => batch.signingKey },
    newIdentities.map(({ id: identityId, person, phone: value }) => ({
      workspaceId,
      contactId: originOf(person, value),
      identityId,
      channelId: settings.channelId,
      kind: 'PHONE' as const,
      value,
    })),
  );
  await storeValues(tx, workspaceId, placed, settings.duplicates === 'FILL');
  await setLabels(
    tx,
    workspaceId,
    placed.flatMap(({ draft, person }) =>
      draft.labelIds.map((labelId) => ({ contact_id: person.id, label_id: labelId })),
    ),
  );
  await recordConsents(tx, batch, placed, reports);
}

/** With FILL only of attributes that somebody has no value of. What comes later in the file counts. */
async function storeValues(tx: Tx, workspaceId: string, placed: readonly Placed[], fills: boolean): Promise<void> {
  const said = new Map(
    placed.flatMap(({ draft, person }) =>
      [...draft.values].map(
        ([key, stored]) => [`${person.id} ${key}`, { contact_id: person.id, key, ...stored }] as const,
      ),
    ),
  );
  let values = [...said.values()];
  if (fills && values.length > 0) {
    const { rows } = await sql<{ contact_id: string; key: string }>`
      select contact_id, key from contact_attribute_value
      where workspace_id = ${workspaceId} and contact_id = any(${array('uuid', values, (value) => value.contact_id)})
    `.execute(tx.sql);
    const known = new Set(rows.map(({ contact_id, key }) => `${contact_id} ${key}`));
    values = values.filter(({ contact_id, key }) => !known.has(`${contact_id} ${key}`));
  }
  await upsertValues(tx, workspaceId, values);
}

/**
 * Each row says of its number's consent what the file proves: that it was given, or that nobody knows. No file brings
 * back a consent that the person, or the person's switch at the provider, has ended: under whatever number that was.
 */
async function recordConsents(
  tx: Tx,
  { workspaceId, fileId, settings, signingKey }: ImportBatch,
  placed: readonly Placed[],
  reports: RowReport[],
): Promise<void> {
  const { consent, channelId } = settings;
  if (!consent) return;
  const reached = placed.flatMap(({ row, draft, person }) =>
    draft.phone === null ? [] : [{ row, draft, person, identityId: person.identities.get(draft.phone)! }],
  );
  // What the ledger says now holds until this is recorded.
  await lockHeads(tx, 'consent_head', [workspaceId]);
  const isEnded = await endedConsents(tx, workspaceId, channelId, consent.purpose, reached);
  const statements = reached.flatMap(({ row, draft, person, identityId }): Statement[] => {
    const proof = consent.textHash === null ? null : draft.consent;
    if (isEnded.has(person.id)) {
      const report = reports.find((each) => each.row === row.number)!;
      report.problem = 'The consent was withdrawn or refused here: what the file says of it was not taken.';
      return [];
    }
    return [
      {
        workspaceId,
        kind: proof ? 'CONFIRMED' : 'IMPORTED_UNKNOWN',
        contactId: originOf(person, draft.phone!),
        identityId,
        identityKind: consentIdentityKind.enum.PHONE,
        channelId,
        purpose: consent.purpose,
        textHash: proof ? consent.textHash : null,
        locale: proof && consent.textHash !== null ? consent.locale : null,
        source: 'IMPORT',
        evidence: proof?.evidence ?? {},
        actor: tx.origin.actor,
        occurredAt: proof?.occurredAt ?? tx.now(),
        recordedAt: tx.now(),
        key: `import ${fileId} ${identityId} ${consent.purpose} ${proof?.occurredAt.toISOString() ?? ''}`,
      },
    ];
  });
  await appendConsentEvents(tx, signingKey, statements);
}

/** Whose last word to this purpose on this channel was a no, under any name. Only the person takes it back, no file. */
async function endedConsents(
  tx: Tx,
  workspaceId: string,
  channelId: string,
  purpose: string,
  reached: readonly { person: Person; identityId: string }[],
): Promise<ReadonlySet<string>> {
  const input = unnest(
    'input',
    { contact_id: 'uuid', identity_id: 'uuid' },
    reached.map(({ person, identityId }) => ({ contact_id: person.id, identity_id: identityId })),
  );
  // Providers tell seconds: of what was said in the same one, the no counts.
  const said = sql`input.contact_id, event.kind, event.source, date_trunc('second', event.occurred_at) as at`;
  const about = sql`event.workspace_id = ${workspaceId} and event.channel_id = ${channelId} and event.purpose = ${purpose}`;
  const { rows } = await sql<{ contact_id: string }>`
    select contact_id from (
      select ${said} from ${input} join consent_event event on ${about} and event.contact_id = input.contact_id
      union
      select ${said} from ${input}
      join contact_alias alias on alias.workspace_id = ${workspaceId} and alias.contact_id = input.contact_id
      join consent_event event on ${about} and event.contact_id = alias.id
      union
      select ${said} from ${input} join consent_event event on ${about} and event.identity_id = input.identity_id
    ) said
    group by contact_id
    having max(at) filter (where kind in ('WITHDRAWN', 'REFUSED'))
        >= coalesce(max(at) filter (where kind = 'CONFIRMED' and source <> 'IMPORT'), '-infinity')
      or max(at) filter (where kind = 'PLATFORM_STOPPED')
        >= coalesce(max(at) filter (where kind = 'PLATFORM_RESUMED'), '-infinity')
  `.execute(tx.sql);
  return new Set(rows.map(({ contact_id }) => contact_id));
}
