import {
  conversationOpened,
  messageReceived,
  threadIdentityChanged,
  threadOpened,
  type ChannelMessageReceived,
  type Envelope,
} from '@fenster/contracts';
import { causedBy, sql, unnest, type Origin, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { extendWindow } from '../threads/service-window.js';
import {
  nameInserts,
  resolveThreads,
  threadInserts,
  threadUpdates,
  type ThreadState,
} from '../threads/resolve-threads.js';

type Received = Envelope<ChannelMessageReceived>;

interface TouchedConversation {
  workspace_id: string;
  id: string;
  last_seq: number;
  last_message_at: Date;
}

interface NewConversation extends TouchedConversation {
  thread_id: string;
  channel_id: string;
  contact_id: string;
  opened_at: Date;
}

/**
 * Customer messages find their place: thread, open conversation, next `seq`, service window. A batch costs the
 * same few statements whatever its size. Duplicates have no effect, not even on `seq`.
 */
export async function receiveMessages(tx: Tx, received: readonly Received[], consumer: string): Promise<void> {
  const events = await withoutKnown(tx, received);
  if (events.length === 0) return;
  const threads = await resolveThreads(tx, events);
  const opened = new Map<string, NewConversation>();
  const touched = new Map<string, TouchedConversation>();
  const now = tx.now();

  const messages = events.map((event) => {
    const thread = threads.of.get(event)!;
    const { data } = event;
    const sentAt = new Date(data.sentAt);
    const origin = causedBy(event, consumer);
    announceIdentity(tx, thread, origin);
    thread.lastSeq += 1;
    thread.window = extendWindow(thread.window, { sentAt, opensWindow: data.opensWindow });
    if (thread.openConversationId === null) {
      const conversation = openConversation(thread, now);
      opened.set(conversation.id, conversation);
      thread.openConversationId = conversation.id;
      tx.emit(conversationOpened, {
        entityId: conversation.id,
        workspaceId: thread.workspaceId,
        origin,
        data: {
          conversationId: conversation.id,
          threadId: thread.id,
          channelId: thread.channelId,
          contactId: thread.contactId,
        },
      });
    }
    const conversationId = thread.openConversationId;
    const conversation = opened.get(conversationId);
    if (conversation) conversation.last_seq = thread.lastSeq;
    else {
      touched.set(conversationId, {
        workspace_id: thread.workspaceId,
        id: conversationId,
        last_seq: thread.lastSeq,
        last_message_at: now,
      });
    }
    const id = newId();
    tx.emit(messageReceived, {
      entityId: id,
      workspaceId: thread.workspaceId,
      occurredAt: sentAt,
      origin,
      data: {
        messageId: id,
        threadId: thread.id,
        conversationId,
        channelId: thread.channelId,
        seq: thread.lastSeq,
        type: data.type,
        windowExpiresAt: thread.window.expiresAt?.toISOString() ?? null,
      },
    });
    return {
      workspace_id: thread.workspaceId,
      id,
      thread_id: thread.id,
      conversation_id: conversationId,
      channel_id: thread.channelId,
      seq: thread.lastSeq,
      type: data.type,
      text: data.text,
      payload: data.payload,
      provider_message_id: data.providerMessageId,
      sent_at: sentAt,
      created_at: now,
    };
  });

  const states = [...new Set(threads.of.values())];
  // One statement: the consumer waits for an answer to each.
  await sql`
    with new_thread as (${threadInserts(states, now)}),
      known_thread as (${threadUpdates(states)}),
      new_name as (${nameInserts(threads.newNames)}),
      new_conversation as (${conversationInserts([...opened.values()])}),
      new_message as (${messageInserts(messages)})
    update conversation set last_seq = input.last_seq, last_message_at = input.last_message_at
    from ${unnest('input', { workspace_id: 'uuid', id: 'uuid', last_seq: 'int', last_message_at: 'timestamptz' }, [...touched.values()])}
    where conversation.workspace_id = input.workspace_id and conversation.id = input.id
  `.execute(tx.sql);
}

/** The provider's message id decides what a duplicate is, for ever; within the batch the first one counts. */
async function withoutKnown(tx: Tx, received: readonly Received[]): Promise<Received[]> {
  const { rows } = await sql<{ workspace_id: string; channel_id: string; provider_message_id: string }>`
    select input.workspace_id, input.channel_id, input.provider_message_id
    from ${unnest(
      'input',
      { workspace_id: 'uuid', channel_id: 'uuid', provider_message_id: 'text' },
      received.map(({ workspaceId, data }) => ({
        workspace_id: workspaceId,
        channel_id: data.channelId,
        provider_message_id: data.providerMessageId,
      })),
    )}
    cross join lateral (
      select from message where message.workspace_id = input.workspace_id and message.channel_id = input.channel_id
        and message.provider_message_id = input.provider_message_id offset 0
    ) known
  `.execute(tx.sql);
  const seen = new Set(rows.map((row) => `${row.workspace_id} ${row.channel_id} ${row.provider_message_id}`));
  return received.filter(({ workspaceId, data }) => {
    const key = `${workspaceId} ${data.channelId} ${data.providerMessageId}`;
    return seen.has(key) ? false : seen.add(key);
  });
}

function announceIdentity(tx: Tx, thread: ThreadState, origin: Origin): void {
  const isFirst = thread.isNew && thread.lastSeq === 0;
  if (!isFirst && !thread.identityChanged) return;
  thread.identityChanged = false;
  tx.emit(isFirst ? threadOpened : threadIdentityChanged, {
    entityId: thread.id,
    workspaceId: thread.workspaceId,
    origin,
    data: { threadId: thread.id, contactId: thread.contactId, channelId: thread.channelId, identity: thread.identity },
  });
}

function openConversation(thread: ThreadState, now: Date): NewConversation {
  return {
    workspace_id: thread.workspaceId,
    id: newId(),
    thread_id: thread.id,
    channel_id: thread.channelId,
    contact_id: thread.contactId,
    last_seq: thread.lastSeq,
    last_message_at: now,
    opened_at: now,
  };
}

function conversationInserts(conversations: readonly NewConversation[]) {
  return sql`
    insert into conversation (workspace_id, id, thread_id, channel_id, contact_id, last_seq, last_message_at, opened_at, status)
    select *, 'OPEN' from ${unnest(
      'input',
      {
        workspace_id: 'uuid',
        id: 'uuid',
        thread_id: 'uuid',
        channel_id: 'uuid',
        contact_id: 'uuid',
        last_seq: 'int',
        last_message_at: 'timestamptz',
        opened_at: 'timestamptz',
      },
      conversations,
    )}`;
}

const MESSAGE_COLUMNS = {
  workspace_id: 'uuid',
  id: 'uuid',
  thread_id: 'uuid',
  conversation_id: 'uuid',
  channel_id: 'uuid',
  seq: 'int',
  type: 'text',
  text: 'text',
  payload: 'jsonb',
  provider_message_id: 'text',
  sent_at: 'timestamptz',
  created_at: 'timestamptz',
} as const;

function messageInserts(messages: readonly Record<keyof typeof MESSAGE_COLUMNS, unknown>[]) {
  return sql`
    insert into message (workspace_id, id, thread_id, conversation_id, channel_id, seq, type, text, payload,
      provider_message_id, sent_at, created_at, direction, status)
    select *, 'INBOUND', 'RECEIVED' from ${unnest('input', MESSAGE_COLUMNS, messages)}`;
}
