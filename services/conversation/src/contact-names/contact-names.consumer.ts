import { contactChanged, type ContactChanged, type Envelope } from '@fenster/contracts';
import { defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';
import { withoutErased } from '../erasures/erased-contacts.js';
import { indexWords } from '../search/index-words.js';
import { toNameText } from '../search/message-words.consumer.js';

/** What people are called, as contacts tells it: to be found by it, and for texts that address them. */
export const contactNamesConsumer = defineConsumer({
  name: 'conversation-contact-names',
  filter: 'contacts.contact.>',
  subscriptions: [on(contactChanged, storeNames)],
});

async function storeNames(tx: Tx, told: readonly Envelope<ContactChanged>[]): Promise<void> {
  const events = await withoutErased(tx, told);
  // Each event says all of its subject, so only the last one of a batch counts.
  const latest = [...new Map(events.map((event) => [`${event.workspaceId} ${event.data.contactId}`, event])).values()];
  const rows = latest.map(({ workspaceId, data }) => ({
    workspace_id: workspaceId,
    contact_id: data.contactId,
    name: data.name,
  }));
  const columns = { workspace_id: 'uuid', contact_id: 'uuid', name: 'text' } as const;
  // Names are told again every few days: only those that are new here are work for the index.
  const { rows: changed } = await sql<(typeof rows)[number]>`
    insert into contact_name (workspace_id, contact_id, name) select * from ${unnest('input', columns, rows)}
    on conflict (workspace_id, contact_id) do update set name = excluded.name where contact_name.name <> excluded.name
    returning workspace_id, contact_id, name
  `.execute(tx.sql);
  if (changed.length === 0) return;
  const { rows: conversations } = await sql<Parameters<typeof toNameText>[0]>`
    select c.workspace_id, c.id, c.channel_id, c.opened_at, changed.name
    from ${unnest('changed', columns, changed)}
    join conversation c on c.workspace_id = changed.workspace_id and c.contact_id = changed.contact_id
  `.execute(tx.sql);
  await indexWords(tx, conversations.map(toNameText));
}
