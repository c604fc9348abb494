import { messagesImported, type ChannelMessageImported, type Envelope } from '@fenster/contracts';
import { array, causedBy, sql, unnest, type Origin, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { announceIdentity } from '../threads/announce-identity.js';
import {
  nameInserts,
  resolveThreads,
  threadInserts,
  threadUpdates,
  type ThreadState,
} from '../threads/resolve-threads.js';
import { placesOf } from './imported-places.rule.js';
import type { MessageStatus } from './message.status.js';
import { MESSAGE_COLUMNS } from './receive-messages.js';
import { applyParkedChanges } from './record-changes.js';

type Imported = Envelope<ChannelMessageImported>;

/**
 * What was written before the number was connected becomes a conversation of its own in each thread, which is resolved:
 * nobody has to answer it, it opens no window and costs nothing. Its messages stand before all others in the order of
 * time, whatever order they come in. Set-based, and without effect on what is there already.
 */
export async function importMessages(tx: Tx, imported: readonly Imported[], consumer: string): Promise<void> {
  const events = withContent(imported);
  // First, because it locks the threads: what is known is read under their locks.
  const threads = await resolveThreads(tx, events);
  const known = await knownMessages(tx, events);
  const fresh = events.filter((event) => !known.has(keyOf(event)));
  const filled = events.flatMap((event) => {
    const message = known.get(keyOf(event));
    return message?.is_lacking && !event.data.isPlaceholder ? [{ event, message }] : [];
  });
  const touched = Map.groupBy(fresh, (event) => threads.of.get(event)!);
  await storeThreads(tx, [...touched.keys()], threads);
  const conversations = await storeConversations(tx, touched);
  for (const [thread, its] of touched) announceIdentity(tx, thread, causedBy(its[0]!, consumer));
  await insertMessages(tx, touched, conversations);
  await fillIn(tx, filled);
  const told = Map.groupBy([...fresh, ...filled.map(({ event }) => event)], (event) => threads.of.get(event)!);
  for (const [thread, its] of told) {
    const conversationId = conversations.get(thread) ?? known.get(keyOf(its[0]!))!.conversation_id;
    announce(tx, thread, { conversationId, events: its, origin: causedBy(its[0]!, consumer) });
  }
  if (fresh.length === 0) return;
  await applyParkedChanges(
    tx,
    fresh.map((event) => ({
      target: { ...event.data, workspaceId: event.workspaceId },
      origin: causedBy(event, consumer),
    })),
  );
}

const keyOf = ({ workspaceId, data }: Imported) => `${workspaceId} ${data.channelId} ${data.providerMessageId}`;

/** Of each message one event: the one that has most of it. */
function withContent(events: readonly Imported[]): Imported[] {
  const best = new Map<string, Imported>();
  for (const event of events) {
    const key = keyOf(event);
    const other = best.get(key);
    if (!other || (other.data.isPlaceholder && !event.data.isPlaceholder)) best.set(key, event);
  }
  return [...best.values()];
}

interface KnownMessage {
  workspace_id: string;
  id: string;
  conversation_id: string;
  /** It was imported without its content. */
  is_lacking: boolean;
}

async function knownMessages(tx: Tx, events: readonly Imported[]): Promise<Map<string, KnownMessage>> {
  const { rows } = await sql<KnownMessage & { channel_id: string; provider_message_id: string }>`
    select m.workspace_id, m.id, m.conversation_id, m.channel_id, m.provider_message_id,
      m.is_imported and m.type = 'unsupported' and m.edited_at is null and m.revoked_at is null
        and m.content_removed_at is null as is_lacking
    from ${unnest(
      'input',
      { workspace_id: 'uuid', channel_id: 'uuid', provider_message_id: 'text' },
      events.map(({ workspaceId, data }) => ({
        workspace_id: workspaceId,
        channel_id: data.channelId,
        provider_message_id: data.providerMessageId,
      })),
    )}
    cross join lateral (
      select * from message where message.workspace_id = input.workspace_id and message.channel_id = input.channel_id
        and message.provider_message_id = input.provider_message_id offset 0
    ) m
  `.execute(tx.sql);
  return new Map(
    rows.map((row) => [`${row.workspace_id} ${row.channel_id} ${row.provider_message_id}`, row as KnownMessage]),
  );
}

type Touched = ReadonlyMap<ThreadState, readonly Imported[]>;

async function storeThreads(
  tx: Tx,
  threads: readonly ThreadState[],
  { changedNames }: Pick<Awaited<ReturnType<typeof resolveThreads>>, 'changedNames'>,
): Promise<void> {
  if (threads.some(({ isNew }) => isNew)) await threadInserts(threads, tx.now()).execute(tx.sql);
  if (threads.some(({ isNew }) => !isNew)) await threadUpdates(threads).execute(tx.sql);
  for (const [, insert] of nameInserts(changedNames)) await insert.execute(tx.sql);
}

/** The one conversation of each thread that is all of its past. */
async function storeConversations(tx: Tx, touched: Touched): Promise<Map<ThreadState, string>> {
  if (touched.size === 0) return new Map();
  const { rows } = await sql<{ thread_id: string; id: string }>`
    insert into conversation (workspace_id, id, thread_id, channel_id, contact_id, opened_at, last_message_at,
      resolved_at, last_seq, status, is_imported)
    select *, last_message_at, 0, 'RESOLVED', true from ${unnest(
      'input',
      {
        workspace_id: 'uuid',
        id: 'uuid',
        thread_id: 'uuid',
        channel_id: 'uuid',
        contact_id: 'uuid',
        opened_at: 'timestamptz',
        last_message_at: 'timestamptz',
      },
      [...touched].map(([thread, events]) => {
        const [oldest, newest] = spanOf(events);
        return {
          workspace_id: thread.workspaceId,
          id: newId(),
          thread_id: thread.id,
          channel_id: thread.channelId,
          contact_id: thread.contactId,
          opened_at: oldest,
          last_message_at: newest,
        };
      }),
    )}
    on conflict (workspace_id, thread_id) where is_imported do update set
      opened_at = least(conversation.opened_at, excluded.opened_at),
      last_message_at = greatest(conversation.last_message_at, excluded.last_message_at),
      messages_removed_up_to = null,
      -- Unless somebody made it work.
      resolved_at = case when conversation.last_seq = 0 and conversation.resolved_at = conversation.last_message_at
        then greatest(conversation.resolved_at, excluded.resolved_at) else conversation.resolved_at end
    returning thread_id, id
  `.execute(tx.sql);
  const ids = new Map(rows.map(({ thread_id: threadId, id }) => [threadId, id]));
  return new Map([...touched.keys()].map((thread) => [thread, ids.get(thread.id)!]));
}

function spanOf(events: readonly Imported[]): [oldest: string, newest: string] {
  const times = events.map(({ data }) => data.sentAt).toSorted();
  return [times[0]!, times.at(-1)!];
}

interface PlacedRow {
  id: string;
  thread_id: string;
  provider_message_id: string;
  sent_at: Date;
  seq: number;
}

/** Beyond all places: two messages of a thread never have the same one, not even while they move. */
const ASIDE = 1_000_000_000;

async function insertMessages(
  tx: Tx,
  touched: Touched,
  conversations: ReadonlyMap<ThreadState, string>,
): Promise<void> {
  if (touched.size === 0) return;
  const threads = [...touched.keys()];
  const { rows: there } = await sql<PlacedRow>`
    select m.id, m.thread_id, m.provider_message_id, m.sent_at, m.seq from message m
    join unnest(${array('uuid', threads, ({ workspaceId }) => workspaceId)}, ${array('uuid', threads, ({ id }) => id)})
      as thread(workspace_id, id) on thread.workspace_id = m.workspace_id and thread.id = m.thread_id
    where m.seq <= 0
  `.execute(tx.sql);
  const byThread = Map.groupBy(there, (row) => row.thread_id);
  const moved: { workspace_id: string; id: string; seq: number }[] = [];
  const inserted = threads.flatMap((thread) => {
    const before = byThread.get(thread.id) ?? [];
    const events = touched.get(thread)!;
    const places = placesOf([
      ...before.map((row) => ({ providerMessageId: row.provider_message_id, sentAt: row.sent_at })),
      ...events.map(({ data }) => ({ providerMessageId: data.providerMessageId, sentAt: new Date(data.sentAt) })),
    ]);
    for (const { id, seq, provider_message_id: name } of before) {
      const place = places.get(name)!;
      if (place !== seq) moved.push({ workspace_id: thread.workspaceId, id, seq: place });
    }
    return events.map(({ workspaceId, data }) => ({
      workspace_id: workspaceId,
      id: newId(),
      thread_id: thread.id,
      conversation_id: conversations.get(thread)!,
      channel_id: data.channelId,
      seq: places.get(data.providerMessageId)!,
      type: data.type,
      text: data.text,
      payload: data.payload,
      provider_message_id: data.providerMessageId,
      context_provider_message_id: data.contextProviderMessageId,
      referral: data.referral,
      direction: data.by === 'business' ? 'OUTBOUND' : 'INBOUND',
      status: statusOf(data),
      sent_at: data.sentAt,
      created_at: tx.now(),
    }));
  });
  await moveAside(tx, moved);
  await sql`
    insert into message (workspace_id, id, thread_id, conversation_id, channel_id, seq, type, text, payload,
      provider_message_id, context_provider_message_id, referral, direction, sent_at, created_at, status, is_echo,
      is_imported)
    select *, direction = 'OUTBOUND', true from ${unnest('input', { ...MESSAGE_COLUMNS, status: 'text' }, inserted)}
  `.execute(tx.sql);
}

/** Gives messages other places, two of which may be those of each other. */
async function moveAside(tx: Tx, moved: readonly { workspace_id: string; id: string; seq: number }[]): Promise<void> {
  if (moved.length === 0) return;
  for (const aside of [ASIDE, 0]) {
    await sql`
      update message set seq = input.seq - ${aside}::int
      from ${unnest('input', { workspace_id: 'uuid', id: 'uuid', seq: 'int' }, moved)}
      where message.workspace_id = input.workspace_id and message.id = input.id
    `.execute(tx.sql);
  }
}

function statusOf({ by, status }: ChannelMessageImported): MessageStatus {
  if (by === 'customer') return 'RECEIVED';
  return (status ?? 'sent').toUpperCase() as MessageStatus;
}

async function fillIn(tx: Tx, filled: readonly { event: Imported; message: KnownMessage }[]): Promise<void> {
  if (filled.length === 0) return;
  await sql`
    update message set type = input.type, text = input.text, payload = input.payload
    from ${unnest(
      'input',
      { workspace_id: 'uuid', id: 'uuid', type: 'text', text: 'text', payload: 'jsonb' },
      filled.map(({ event: { data }, message }) => ({
        workspace_id: message.workspace_id,
        id: message.id,
        type: data.type,
        text: data.text,
        payload: data.payload,
      })),
    )}
    where message.workspace_id = input.workspace_id and message.id = input.id
  `.execute(tx.sql);
}

function announce(
  tx: Tx,
  { workspaceId, id: threadId, channelId, contactId }: ThreadState,
  { conversationId, events, origin }: { conversationId: string; events: readonly Imported[]; origin: Origin },
): void {
  const [oldestAt, newestAt] = spanOf(events);
  tx.emit(messagesImported, {
    entityId: conversationId,
    workspaceId,
    origin,
    data: { conversationId, threadId, channelId, contactId, count: events.length, oldestAt, newestAt },
  });
}
