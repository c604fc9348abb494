import type { Envelope, ThreadIdentityChanged, ThreadOpened } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
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
): Promise<void> {
  const sightings = events.map(({ workspaceId, occurredAt, data }): Sighting => ({
    workspaceId,
    contactId: data.contactId,
    channelId: data.channelId,
    identity: data.identity,
    at: new Date(occurredAt),
  }));
  const book = await loadBook(tx, sightings);
  for (const sighting of sightings) book.record(sighting);
  await save(tx, book.changes);
}

interface ContactId {
  workspace_id: string;
  id: string;
}

const CONTACT_ID = { workspace_id: 'uuid', id: 'uuid' } as const;

async function loadBook(tx: Tx, sightings: readonly Sighting[]): Promise<ContactBook> {
  const sighted = sightings.map(({ workspaceId, contactId }) => ({ workspace_id: workspaceId, id: contactId }));
  const names = sightings.flatMap(({ workspaceId, identity }) =>
    namesOf(identity).map(([kind, value]) => ({ workspace_id: workspaceId, kind, value })),
  );
  const { rows: aliases } = await sql<ContactId & { contact_id: string }>`
    select workspace_id, id, contact_id from contact_alias join ${unnest('sighted', CONTACT_ID, sighted)} using (workspace_id, id)
  `.execute(tx.sql);
  const { rows: holders } = await sql<ContactId>`
    select workspace_id, contact_id as id from contact_identity
    join ${unnest('name', { workspace_id: 'uuid', kind: 'text', value: 'text' }, names)} using (workspace_id, kind, value)
    where valid_to is null
  `.execute(tx.sql);
  const concerned = [
    ...sighted,
    ...aliases.map(({ workspace_id, contact_id: id }) => ({ workspace_id, id })),
    ...holders,
  ];
  const contacts = await loadContacts(tx, concerned);
  return new ContactBook(
    contacts,
    aliases.map((alias) => ({ workspaceId: alias.workspace_id, id: alias.id, contactId: alias.contact_id })),
    newId,
  );
}

async function loadContacts(tx: Tx, ids: readonly ContactId[]): Promise<ContactEntry[]> {
  const wanted = unnest('wanted', CONTACT_ID, ids);
  const { rows } = await sql<ContactId & { name: string | null; created_at: string }>`
    select workspace_id, id, name, created_at from contact
    where (workspace_id, id) in (select workspace_id, id from ${wanted})
  `.execute(tx.sql);
  const { rows: identities } = await sql<
    ContactId & { contact_id: string; channel_id: string; kind: IdentityKind; value: string; valid_from: string }
  >`
    select workspace_id, contact_id, id, channel_id, kind, value, valid_from from contact_identity
    where valid_to is null and (workspace_id, contact_id) in (select workspace_id, id from ${wanted})
  `.execute(tx.sql);
  const contacts = new Map(
    rows.map((row): [string, ContactEntry] => [
      `${row.workspace_id} ${row.id}`,
      {
        workspaceId: row.workspace_id,
        id: row.id,
        name: row.name,
        createdAt: new Date(row.created_at),
        identities: [],
      },
    ]),
  );
  for (const row of identities) {
    contacts.get(`${row.workspace_id} ${row.contact_id}`)!.identities.push({
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
      name: contact.name,
      created_at: contact.createdAt,
      updated_at: now,
    }));
    const columns = { ...CONTACT_ID, name: 'text', created_at: 'timestamptz', updated_at: 'timestamptz' } as const;
    await sql`
      insert into contact (workspace_id, id, name, created_at, updated_at) select * from ${unnest('input', columns, rows)}
    `.execute(tx.sql);
  }
  if (renamed.length > 0) {
    const rows = renamed.map(({ workspaceId, id, name }) => ({ workspace_id: workspaceId, id, name }));
    await sql`
      update contact set name = input.name, updated_at = ${now}
      from ${unnest('input', { ...CONTACT_ID, name: 'text' }, rows)}
      where contact.workspace_id = input.workspace_id and contact.id = input.id
    `.execute(tx.sql);
  }
  if (newAliases.length > 0) {
    const rows = newAliases.map((alias) => ({
      workspace_id: alias.workspaceId,
      id: alias.id,
      contact_id: alias.contactId,
      created_at: alias.createdAt,
    }));
    const columns = { ...CONTACT_ID, contact_id: 'uuid', created_at: 'timestamptz' } as const;
    await sql`
      insert into contact_alias (workspace_id, id, contact_id, created_at) select * from ${unnest('input', columns, rows)}
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
      contact_id: contact.id,
      channel_id: identity.channelId,
      kind: identity.kind,
      value: identity.value,
      valid_from: identity.validFrom,
      valid_to: identity.validTo,
    }));
    const columns = {
      ...CONTACT_ID,
      contact_id: 'uuid',
      channel_id: 'uuid',
      kind: 'text',
      value: 'text',
      valid_from: 'timestamptz',
      valid_to: 'timestamptz',
    } as const;
    await sql`
      insert into contact_identity (workspace_id, id, contact_id, channel_id, kind, value, valid_from, valid_to)
      select * from ${unnest('input', columns, rows)}
    `.execute(tx.sql);
  }
}
