import {
  messageEchoed,
  messageEdited,
  messageQueued,
  messageReceived,
  messageRevoked,
  type Envelope,
  type MessageEchoed,
  type MessageEdited,
  type MessageQueued,
  type MessageReceived,
} from '@fenster/contracts';
import { defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';
import { forgetWords, indexWords } from './index-words.js';

/**
 * Messages become searchable behind the transaction that stores them, which would otherwise pay for the index: as soon
 * as this consumer has read their events, a moment later, and later the more there is to do.
 */
export const messageWordsConsumer = defineConsumer({
  name: 'conversation-message-words',
  filter: 'conversation.message.>',
  paceMs: 200,
  subscriptions: [
    on(messageReceived, indexMessages),
    on(messageQueued, indexMessages),
    on(messageEchoed, indexMessages),
    // By what the messages say now: of what was taken back nothing, and that is forgotten.
    on(messageEdited, indexMessages),
    on(messageRevoked, indexMessages),
  ],
});

type Told = Envelope<MessageReceived | MessageQueued | MessageEchoed | MessageEdited>;

interface MessageTextRow {
  workspace_id: string;
  id: string;
  conversation_id: string;
  channel_id: string;
  sent_at: Date;
  text: string | null;
}

async function indexMessages(tx: Tx, events: readonly Told[]): Promise<void> {
  const messages = new Map(events.map(({ workspaceId, data }) => [data.messageId, workspaceId]));
  const ids = [...messages].map(([id, workspaceId]) => ({ workspace_id: workspaceId, id }));
  const { rows } = await sql<MessageTextRow>`
    select m.workspace_id, m.id, m.conversation_id, m.channel_id, m.sent_at, m.text
    from ${unnest('told', { workspace_id: 'uuid', id: 'uuid' }, ids)}
    join message m using (workspace_id, id)
  `.execute(tx.sql);
  await indexWords(
    tx,
    rows.flatMap((row) =>
      row.text === null
        ? []
        : {
            workspaceId: row.workspace_id,
            kind: 'MESSAGE' as const,
            id: row.id,
            conversationId: row.conversation_id,
            channelId: row.channel_id,
            occurredAt: new Date(row.sent_at),
            text: row.text,
          },
    ),
  );
  await forgetWords(
    tx,
    'MESSAGE',
    rows.filter(({ text }) => text === null).map((row) => ({ workspaceId: row.workspace_id, id: row.id })),
  );
  await indexNewNames(tx, events);
}

interface NameRow {
  workspace_id: string;
  id: string;
  channel_id: string;
  opened_at: Date;
  name: string;
}

/** A conversation is found by the name of its contact from its first message on. */
async function indexNewNames(tx: Tx, events: readonly Told[]): Promise<void> {
  const conversations = new Map(events.map(({ workspaceId, data }) => [data.conversationId, workspaceId]));
  const ids = [...conversations].map(([id, workspaceId]) => ({ workspace_id: workspaceId, id }));
  const { rows } = await sql<NameRow>`
    select c.workspace_id, c.id, c.channel_id, c.opened_at, coalesce(nullif(n.name, ''), t.profile_name) as name
    from ${unnest('told', { workspace_id: 'uuid', id: 'uuid' }, ids)}
    join conversation c using (workspace_id, id)
    join thread t on t.workspace_id = c.workspace_id and t.id = c.thread_id
    left join contact_name n on n.workspace_id = c.workspace_id and n.contact_id = c.contact_id
    where coalesce(nullif(n.name, ''), t.profile_name) is not null and not exists (
      select from search_entry e where e.workspace_id = c.workspace_id and e.kind = 'CONTACT' and e.id = c.id
    )
  `.execute(tx.sql);
  await indexWords(tx, rows.map(toNameText));
}

export function toNameText(row: NameRow) {
  return {
    workspaceId: row.workspace_id,
    kind: 'CONTACT' as const,
    id: row.id,
    conversationId: row.id,
    channelId: row.channel_id,
    occurredAt: new Date(row.opened_at),
    text: row.name,
  };
}
