import {
  conversationCostChanged,
  conversationOpened,
  isEvent,
  messageQueued,
  messageReceived,
  messageStatusChanged,
  type Envelope,
} from '@fenster/contracts';
import { sql, unnest, type Ctx, type Database } from '@fenster/database';
import { encodeCursor } from '@fenster/graphql';
import type { Conversation } from '../conversations/conversation.entity.js';
import type { Message } from '../messages/message.entity.js';
import type { MessageStatus } from '../messages/message.status.js';
import {
  ConversationCostChanged,
  ConversationOpened,
  type InboxEvent,
  MessageAdded,
  MessageStatusChanged,
} from './inbox-event.types.js';

/** An event of the log as the inbox tells it, whoever may see it. */
export interface InboxEntry {
  /** The rights to it are the rights to its conversation. */
  conversation: Conversation;
  event: InboxEvent;
}

interface Reading {
  at: number;
  entries: Promise<ReadonlyMap<Envelope, InboxEntry>>;
}

const readings = new WeakMap<Envelope, Reading>();
/** Who comes later is judged by what the conversation is then. */
const SHARED_FOR_MS = 1_000;

/**
 * Without events that are not part of the inbox, or not of this conversation. One query however many they are, and
 * none for events that another subscription has just read: rows are read after their event, so they are never older
 * than it.
 */
export async function readInboxEntries(
  { database, now }: Pick<Ctx, 'database' | 'now'>,
  workspaceId: string,
  envelopes: readonly Envelope[],
  conversationId?: string,
): Promise<InboxEntry[]> {
  const wanted = envelopes.filter(
    (envelope) => conversationId === undefined || subjectOf(envelope)?.conversationId === conversationId,
  );
  const at = now().getTime();
  const unread = wanted.filter((envelope) => at - (readings.get(envelope)?.at ?? 0) >= SHARED_FOR_MS);
  if (unread.length > 0) {
    const reading = { at, entries: readRows(database, workspaceId, unread) };
    for (const envelope of unread) readings.set(envelope, reading);
    reading.entries.catch(() => unread.forEach((envelope) => readings.delete(envelope)));
  }
  const entries: InboxEntry[] = [];
  for (const envelope of wanted) {
    const entry = (await readings.get(envelope)?.entries)?.get(envelope);
    if (entry) entries.push(entry);
  }
  return entries;
}

interface Row {
  place: number;
  conversation_id: string;
  workspace_id: string;
  thread_id: string;
  channel_id: string;
  contact_id: string;
  team_id: string | null;
  assignee_id: string | null;
  conversation_status: Conversation['status'];
  last_seq: number;
  last_message_at: Date;
  opened_at: Date;
  message_id: string | null;
  seq: number;
  direction: Message['direction'];
  type: Message['type'];
  text: string | null;
  status: MessageStatus;
  error_code: number | null;
  error_title: string | null;
  author_id: string | null;
  api_key_id: string | null;
  sent_at: Date;
  created_at: Date;
}

async function readRows(
  database: Database,
  workspaceId: string,
  envelopes: readonly Envelope[],
): Promise<ReadonlyMap<Envelope, InboxEntry>> {
  const subjects = envelopes.flatMap((envelope, place) => {
    const subject = subjectOf(envelope);
    return subject ? [{ ...subject, place }] : [];
  });
  if (subjects.length === 0) return new Map();
  const rows = await database.readForTenant(
    workspaceId,
    sql<Row>`
      select subject.place, c.id as conversation_id, c.workspace_id, c.thread_id, c.channel_id, c.contact_id, c.team_id, c.assignee_id,
        c.status as conversation_status, c.last_seq, c.last_message_at, c.opened_at, m.id as message_id, m.seq,
        m.direction, m.type, m.text, m.status, m.error_code, m.error_title, m.author_id, m.api_key_id, m.sent_at,
        m.created_at
      from ${unnest(
        'subject',
        { place: 'int', conversation_id: 'uuid', message_id: 'uuid' },
        subjects.map(({ place, conversationId, messageId }) => ({
          place,
          conversation_id: conversationId,
          message_id: messageId,
        })),
      )}
      cross join lateral (
        select * from conversation where workspace_id = ${workspaceId} and id = subject.conversation_id offset 0
      ) c
      left join lateral (
        select * from message where workspace_id = ${workspaceId} and id = subject.message_id offset 0
      ) m on true
    `,
  );
  const rowOf = new Map(rows.map((row) => [row.place, row]));
  return new Map(
    subjects.flatMap((subject): [Envelope, InboxEntry][] => {
      const row = rowOf.get(subject.place);
      const envelope = envelopes[subject.place]!;
      const entry = row && toEntry(subject, row, encodeCursor(envelope.seq));
      return entry ? [[envelope, entry]] : [];
    }),
  );
}

function toEntry({ type, messageId, status }: Subject, row: Row, cursor: string): InboxEntry | undefined {
  const conversation: Conversation = {
    id: row.conversation_id,
    workspaceId: row.workspace_id,
    threadId: row.thread_id,
    channelId: row.channel_id,
    contactId: row.contact_id,
    teamId: row.team_id,
    assigneeId: row.assignee_id,
    status: row.conversation_status,
    lastSeq: row.last_seq,
    lastMessageAt: row.last_message_at,
    openedAt: row.opened_at,
  };
  if (messageId === undefined) return { conversation, event: Object.assign(new type(), { cursor, conversation }) };
  if (row.message_id === null) return undefined;
  const message: Omit<Message, 'payload' | 'providerMessageId'> & { conversation: Conversation } = {
    id: row.message_id,
    workspaceId: row.workspace_id,
    threadId: row.thread_id,
    conversationId: row.conversation_id,
    channelId: row.channel_id,
    seq: row.seq,
    direction: row.direction,
    type: row.type,
    text: row.text,
    // The row may have moved on since; subscribers see each step.
    status: status ?? row.status,
    errorCode: row.error_code,
    errorTitle: row.error_title,
    authorId: row.author_id,
    apiKeyId: row.api_key_id,
    sentAt: row.sent_at,
    createdAt: row.created_at,
    conversation,
  };
  return { conversation, event: Object.assign(new type(), { cursor, message }) };
}

interface Subject {
  type: new () => InboxEvent;
  conversationId: string;
  messageId?: string;
  status?: MessageStatus;
}

function subjectOf(envelope: Envelope): Subject | undefined {
  if (isEvent(envelope, messageReceived) || isEvent(envelope, messageQueued))
    return { ...envelope.data, type: MessageAdded };
  if (isEvent(envelope, messageStatusChanged)) return { ...envelope.data, type: MessageStatusChanged };
  if (isEvent(envelope, conversationOpened)) return { ...envelope.data, type: ConversationOpened };
  if (isEvent(envelope, conversationCostChanged)) return { ...envelope.data, type: ConversationCostChanged };
  return undefined;
}
