import { type Envelope, type ThreadIdentityChanged, type ThreadOpened } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { endConsents } from '../consent/project-consents.js';
import { wordsOf } from '../contacts/contact-words.js';
import { keepStops, type Suppressions } from '../erasures/keep-stops.js';
import { rememberProfileNames } from '../merges/remember-profile-names.js';
import { announceNames, knownIdsOf } from './announce-names.js';
import { homeOf } from './fill-countries.js';
import {
  ContactBook,
  namesOf,
  type Changes,
  type ContactEntry,
  type IdentityKind,
  type Sighting,
} from './contact-book.js';

/** Keeps contacts and their identities as the channels tell them. The same few statements whatever the size of the batch. */
export async function recordIdentities(
  tx: Tx,
  events: readonly Envelope<ThreadOpened | ThreadIdentityChanged>[],
  suppressions: Suppressions,
): Promise<void> {
  const sightings = events.map(({ workspaceId, occurredAt, data }): Sighting => ({
    workspaceId,
    contactId: data.contactId,
    channelId: data.channelId,
    identity: data.identity,
    former: 'former' in data ? data.former : undefined,
    at: new Date(occurredAt),
  }));
  await recordSightings(tx, sightings, suppressions);
}

/** The same for what others than channels saw. */
export async function recordSightings(
  tx: Tx,
  sightings: readonly Sighting[],
  suppressions: Suppressions,
): Promise<void> {
  const book = await loadBook(tx, sightings);
  for (const sighting of sightings) book.record(sighting);
  const { changes } = book;
  await save(tx, changes);
  await tellNames(tx, book, changes);
  await endConsents(
    tx,
    changes.ended.map(({ contact: { workspaceId }, identity }) => ({ workspaceId, identityId: identity.id })),
  );
  await keepStops(
    tx,
    suppressions,
    changes.newIdentities.map(({ contact: { workspaceId, id: contactId }, identity }) => {
      const { id: identityId, channelId, kind, value } = identity;
      return { workspaceId, contactId, identityId, channelId, kind, value };
    }),
  );
}

/** Other services know a person by any of the ids that the person has. */
async function tellNames(tx: Tx, book: ContactBook, { newContacts, renamed, newAliases }: Changes): Promise<void> {
  const made = newContacts.map(({ workspaceId, id }) => ({ workspaceId, id, contactId: id }));
  const called = renamed.filter(({ givenName }) => givenName === null);
  const contacts = called.map(({ workspaceId, contactId: id }) => ({ workspaceId, id }));
  const ids = [...made, ...newAliases, ...(await knownIdsOf(tx, contacts))];
  announceNames(tx, ids, (workspaceId, contactId) => book.nameOf(workspaceId, contactId));
}

/** As it is stored: null for the contact's own. */
function originOf({ id, contactId }: Pick<ContactEntry, 'id' | 'contactId'>): string | null {
  return id === contactId ? null : id;
}

interface ContactId {
  workspace_id: string;
  id: string;
}

interface NameRow {
  given_name: string | null;
  profile_name: string | null;
}

const CONTACT_ID = { workspace_id: 'uuid', id: 'uuid' } as const;

async function loadBook(tx: Tx, sightings: readonly Sighting[]): Promise<ContactBook> {
  const sighted = sightings.map(({ workspaceId, contactId }) => ({ workspace_id: workspaceId, id: contactId }));
  const names = sightings.flatMap(({ workspaceId, identity }) =>
    namesOf(identity).map(([kind, value]) => ({ workspace_id: workspaceId, kind, value })),
  );
  const { rows: aliases } = await sql<ContactId & { origin_id: string }>`
    select workspace_id, id, coalesce(origin_id, contact_id) as origin_id
    from contact_alias join ${unnest('sighted', CONTACT_ID, sighted)} using (workspace_id, id)
  `.execute(tx.sql);
  const { rows: holders } = await sql<ContactId>`
    select workspace_id, coalesce(origin_id, contact_id) as id from contact_identity
    join ${unnest('name', { workspace_id: 'uuid', kind: 'text', value: 'text' }, names)} using (workspace_id, kind, value)
    where valid_to is null
  `.execute(tx.sql);
  const concerned = [
    ...sighted,
    ...aliases.map(({ workspace_id, origin_id: id }) => ({ workspace_id, id })),
    ...holders,
  ];
  const contacts = await loadContacts(tx, concerned);
  return new ContactBook(
    contacts,
    aliases.map((alias) => ({ workspaceId: alias.workspace_id, id: alias.id, originId: alias.origin_id })),
    newId,
  );
}

/** By the ids of their entries: who was made one with somebody else has that one's row. */
async function loadContacts(tx: Tx, ids: readonly ContactId[]): Promise<ContactEntry[]> {
  const { rows } = await sql<ContactId & NameRow & { contact_id: string; created_at: string }>`
    with entry as materialized (
      select distinct wanted.workspace_id, wanted.id, coalesce(alias.contact_id, wanted.id) as contact_id
      from ${unnest('wanted', CONTACT_ID, ids)} left join contact_alias alias
        on alias.workspace_id = wanted.workspace_id and alias.id = wanted.id and alias.origin_id = wanted.id
    )
    select entry.workspace_id, entry.id, entry.contact_id, given_name, profile_name, created_at
    from entry join contact on contact.workspace_id = entry.workspace_id and contact.id = entry.contact_id
  `.execute(tx.sql);
  const { rows: identities } = await sql<
    ContactId & { origin_id: string; channel_id: string; kind: IdentityKind; value: string; valid_from: string }
  >`
    select workspace_id, coalesce(origin_id, contact_id) as origin_id, id, channel_id, kind, value, valid_from
    from contact_identity
    where valid_to is null and (workspace_id, contact_id) in (
      select workspace_id, contact_id
      from ${unnest(
        'entry',
        { workspace_id: 'uuid', contact_id: 'uuid' },
        rows.map(({ workspace_id, contact_id }) => ({ workspace_id, contact_id })),
      )}
    )
  `.execute(tx.sql);
  const contacts = new Map(
    rows.map((row): [string, ContactEntry] => [
      `${row.workspace_id} ${row.id}`,
      {
        workspaceId: row.workspace_id,
        id: row.id,
        contactId: row.contact_id,
        givenName: row.given_name,
        profileName: row.profile_name,
        createdAt: new Date(row.created_at),
        identities: [],
      },
    ]),
  );
  for (const row of identities) {
    contacts.get(`${row.workspace_id} ${row.origin_id}`)?.identities.push({
      id: row.id,
      channelId: row.channel_id,
      kind: row.kind,
      value: row.value,
      validFrom: new Date(row.valid_from),
      validTo: null,
    });
  }
  return [...contacts.values()];
}

async function save(tx: Tx, { newContacts, renamed, newAliases, ended, newIdentities }: Changes): Promise<void> {
  const now = tx.now();
  if (newContacts.length > 0) {
    const rows = newContacts.map((contact) => ({
      workspace_id: contact.workspaceId,
      id: contact.id,
      profile_name: contact.profileName,
      words: wordsOf(contact),
      created_at: contact.createdAt,
      updated_at: now,
      announced_at: now,
    }));
    const columns = {
      ...CONTACT_ID,
      profile_name: 'text',
      words: 'text',
      created_at: 'timestamptz',
      updated_at: 'timestamptz',
      announced_at: 'timestamptz',
    } as const;
    await sql`
      insert into contact (workspace_id, id, profile_name, words, created_at, updated_at, announced_at)
      select workspace_id, id, profile_name, contact_words(workspace_id, words), created_at, updated_at, announced_at
      from ${unnest('input', columns, rows)}
    `.execute(tx.sql);
  }
  if (renamed.length > 0) {
    const last = new Map(renamed.map((contact) => [`${contact.workspaceId} ${contact.contactId}`, contact]));
    const rows = [...last.values()].map((contact) => ({
      workspace_id: contact.workspaceId,
      id: contact.contactId,
      profile_name: contact.profileName,
      words: wordsOf(contact),
    }));
    await sql`
      update contact set profile_name = input.profile_name, words = contact_words(input.workspace_id, input.words),
        updated_at = ${now}, announced_at = case when given_name is null then ${now} else announced_at end
      from ${unnest('input', { ...CONTACT_ID, profile_name: 'text', words: 'text' }, rows)}
      where contact.workspace_id = input.workspace_id and contact.id = input.id
    `.execute(tx.sql);
    await rememberProfileNames(tx, renamed);
  }
  if (newAliases.length > 0) {
    const rows = newAliases.map((alias) => ({
      workspace_id: alias.workspaceId,
      id: alias.id,
      contact_id: alias.contactId,
      origin_id: originOf({ id: alias.originId, contactId: alias.contactId }),
      created_at: alias.createdAt,
    }));
    const columns = { ...CONTACT_ID, contact_id: 'uuid', origin_id: 'uuid', created_at: 'timestamptz' } as const;
    await sql`
      insert into contact_alias (workspace_id, id, contact_id, origin_id, created_at) select * from ${unnest('input', columns, rows)}
    `.execute(tx.sql);
  }
  // Before the new ones, because a name has one holder at a time.
  if (ended.length > 0) {
    const rows = ended.map(({ contact, identity }) => ({
      workspace_id: contact.workspaceId,
      id: identity.id,
      valid_to: identity.validTo,
    }));
    await sql`
      update contact_identity set valid_to = input.valid_to
      from ${unnest('input', { ...CONTACT_ID, valid_to: 'timestamptz' }, rows)}
      where contact_identity.workspace_id = input.workspace_id and contact_identity.id = input.id
    `.execute(tx.sql);
  }
  if (newIdentities.length > 0) {
    const rows = newIdentities.map(({ contact, identity }) => ({
      workspace_id: contact.workspaceId,
      id: identity.id,
      contact_id: contact.contactId,
      origin_id: originOf(contact),
      channel_id: identity.channelId,
      kind: identity.kind,
      value: identity.value,
      country: homeOf(identity),
      valid_from: identity.validFrom,
      valid_to: identity.validTo,
    }));
    const columns = {
      ...CONTACT_ID,
      contact_id: 'uuid',
      origin_id: 'uuid',
      channel_id: 'uuid',
      kind: 'text',
      value: 'text',
      country: 'text',
      valid_from: 'timestamptz',
      valid_to: 'timestamptz',
    } as const;
    await sql`
      insert into contact_identity
        (workspace_id, id, contact_id, origin_id, channel_id, kind, value, country, valid_from, valid_to)
      select * from ${unnest('input', columns, rows)}
    `.execute(tx.sql);
  }
}
