import { segmentChanged } from '@fenster/contracts';
import { array, sql, unnest, type ErasureTask, type RawBuilder, type Tx } from '@fenster/database';
import { MAX_LABEL_LENGTH } from '@fenster/runtime';
import { IS_THEIR_OWN_NAME } from '../identities/own-names.js';
import { withCampaigns, type SegmentFilter } from '../segments/segment-filter.js';
import { MAX_SEGMENT_NAME } from '../segments/segment.types.js';
import { freeName, isTelling, withoutPerson, type Called } from './mention.rule.js';

/** What colleagues give names to. */
export const MENTION_KINDS = ['SEGMENT', 'CONTACT_LABEL', 'NEWSLETTER', 'CLICK_TO_CHAT_LINK', 'CAMPAIGN'] as const;
export type MentionKind = (typeof MENTION_KINDS)[number];

/** Where there may be no two of a name, `max` is how long one may be. */
const NAMED: Readonly<Record<MentionKind, { table: string; column: string; max?: number }>> = {
  SEGMENT: { table: 'segment', column: 'name', max: MAX_SEGMENT_NAME },
  CONTACT_LABEL: { table: 'contact_label', column: 'name', max: MAX_LABEL_LENGTH },
  NEWSLETTER: { table: 'newsletter', column: 'name' },
  CLICK_TO_CHAT_LINK: { table: 'click_to_chat_link', column: 'name' },
  // Of a link too: several may be of one.
  CAMPAIGN: { table: 'click_to_chat_link', column: 'campaign' },
};

interface Named {
  kind: MentionKind;
  id: string;
  name: string;
}

export interface Mention extends Named {
  /** What it is called once the person is erased. */
  without: string;
}

type Person = Pick<ErasureTask, 'contactIds'>;
type Ask = <Row>(statement: RawBuilder<Row>) => Promise<{ rows: Row[] }>;

/** Names in which each of these people is called: by what nobody else is called in the workspace. */
export async function mentionsOf(ask: Ask, workspaceId: string, people: readonly Person[]): Promise<Mention[][]> {
  const parts = Object.entries(NAMED).map(
    ([kind, { table, column }]) => sql`
      select ${kind} as kind, id, ${sql.ref(column)} as name from ${sql.table(table)}
      where workspace_id = ${workspaceId} and ${sql.ref(column)} is not null
    `,
  );
  const { rows: named } = await ask(sql<Named>`${sql.join(parts, sql` union all `)} order by kind, id`);
  const called = await calledOf(ask, workspaceId, people);
  const isCalled = (each: Called) => named.some(({ name }) => withoutPerson(name, each) !== name);
  const others = await othersCalledSo(ask, workspaceId, called.filter(isCalled));
  return people.map(({ contactIds }, index) => {
    const isShared = (word: string) => others.get(word.toLowerCase())?.some((id) => !contactIds.includes(id)) ?? false;
    const { names, emails, numbers, ids } = called[index]!;
    const alone = { names: names.filter((each) => !isShared(each)), emails: emails.filter((each) => !isShared(each)) };
    return renamed(named, { ...alone, numbers, ids });
  });
}

function renamed(named: readonly Named[], called: Called): Mention[] {
  const taken = new Map(MENTION_KINDS.map((kind) => [kind, new Set<string>()]));
  for (const { kind, name } of named) taken.get(kind)!.add(name.toLowerCase());
  return named.flatMap(({ kind, id, name }) => {
    const left = withoutPerson(name, called);
    if (left === name) return [];
    const { max } = NAMED[kind];
    const without = max === undefined ? left : freeName(left, taken.get(kind)!, max);
    taken.get(kind)!.add(without.toLowerCase());
    return [{ kind, id, name, without }];
  });
}

async function calledOf(ask: Ask, workspaceId: string, people: readonly Person[]): Promise<Called[]> {
  const all = array(
    'uuid',
    people.flatMap(({ contactIds }) => contactIds),
  );
  const { rows: contacts } = await ask(sql<{ id: string; names: (string | null)[]; email: string | null }>`
    select id, array[given_name, profile_name] as names, email from contact
    where workspace_id = ${workspaceId} and id = any(${all})
  `);
  const { rows: identities } = await ask(sql<{ contact_id: string; kind: string; value: string }>`
    select distinct contact_id, kind, value from contact_identity identity
    where workspace_id = ${workspaceId} and contact_id = any(${all}) and ${IS_THEIR_OWN_NAME}
  `);
  return people.map(({ contactIds }) => {
    const own = contacts.filter(({ id }) => contactIds.includes(id));
    const values = identities.filter(({ contact_id }) => contactIds.includes(contact_id));
    const names = own.flatMap(({ names: both }) => both.flatMap((name) => name ?? []));
    return {
      names: [...new Set(names)].filter(isTelling),
      emails: [...new Set(own.flatMap(({ email }) => email ?? []))],
      numbers: values.flatMap(({ kind, value }) => (kind === 'PHONE' ? [value] : [])),
      ids: values.flatMap(({ kind, value }) => (kind === 'PHONE' ? [] : [value])),
    };
  });
}

/** By names and e-mail addresses, who is called so. */
async function othersCalledSo(
  ask: Ask,
  workspaceId: string,
  called: readonly Called[],
): Promise<ReadonlyMap<string, string[]>> {
  const words = [...new Set(called.flatMap(({ names, emails }) => [...names, ...emails]))];
  if (words.length === 0) return new Map();
  const { rows } = await ask(sql<{ id: string; word: string }>`
    select contact.id, input.word from contact
    join ${unnest(
      'input',
      { word: 'text' },
      words.map((word) => ({ word: word.toLowerCase() })),
    )}
      on input.word in (lower(contact.given_name), lower(contact.profile_name), lower(contact.email))
    where contact.workspace_id = ${workspaceId}
  `);
  const others = new Map<string, string[]>();
  for (const { id, word } of rows) others.set(word, [...(others.get(word) ?? []), id]);
  return others;
}

/** Takes the person out of names. Filters that ask for a campaign ask for it by its new name. */
export async function forgetInNames(
  tx: Tx,
  { workspaceId, contactIds }: Person & { workspaceId: string },
): Promise<void> {
  const ask: Ask = (statement) => statement.execute(tx.sql);
  const [mentions] = await mentionsOf(ask, workspaceId, [{ contactIds }]);
  for (const [kind, of] of Map.groupBy(mentions!, (mention) => mention.kind)) {
    const { table, column } = NAMED[kind];
    const rows = of.map(({ id, name, without }) => ({ id, name, without }));
    // Whoever gave it another name meanwhile, is left with that.
    await sql`
      update ${sql.table(table)} set ${sql.ref(column)} = input.without
      from ${unnest('input', { id: 'uuid', name: 'text', without: 'text' }, rows)}
      where workspace_id = ${workspaceId} and ${sql.table(table)}.id = input.id and ${sql.table(table)}.${sql.ref(column)} = input.name
    `.execute(tx.sql);
    if (kind === 'CAMPAIGN')
      await renameCampaigns(tx, workspaceId, new Map(of.map(({ name, without }) => [name, without])));
    if (kind !== 'SEGMENT') continue;
    for (const { id } of of) tx.emit(segmentChanged, { workspaceId, entityId: id, data: { segmentId: id } });
  }
}

async function renameCampaigns(tx: Tx, workspaceId: string, names: ReadonlyMap<string, string>): Promise<void> {
  for (const table of ['segment', 'newsletter'] as const) {
    const { rows } = await sql<{ id: string; filter: SegmentFilter }>`
      select id, filter from ${sql.table(table)}
      where workspace_id = ${workspaceId} and filter @? '$.**.campaigns' order by id for no key update
    `.execute(tx.sql);
    const changed = rows.map(({ id, filter }) => ({
      id,
      filter: withCampaigns(filter, (campaign) => names.get(campaign) ?? campaign),
    }));
    await sql`
      update ${sql.table(table)} set filter = input.filter from ${unnest('input', { id: 'uuid', filter: 'jsonb' }, changed)}
      where workspace_id = ${workspaceId} and ${sql.table(table)}.id = input.id
    `.execute(tx.sql);
  }
}
