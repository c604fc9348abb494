import { serviceWindowChanged, type ChannelStatusReceived, type Envelope } from '@fenster/contracts';
import { causedBy, sql, unnest, type Tx } from '@fenster/database';
import { setTimers } from '../timers/timer.js';
import type { WindowChange } from './service-window.js';
import { freeEntryPointTimer } from './service-window.timers.js';

/**
 * What a report of the provider does to a free entry point. Reports come late, twice and unordered: the latest end
 * counts, and what is over by then opens nothing.
 */
export function extendFreeEntryPoint(known: Date | null, told: Date, now: Date): WindowChange | null {
  if (told <= now || (known && told <= known)) return null;
  return known && known > now ? 'extended' : 'opened';
}

interface ThreadRow {
  workspace_id: string;
  message_id: string;
  thread_id: string;
  conversation_id: string;
}

interface KnownRow {
  id: string;
  free_entry_expires_at: Date | null;
}

/** Notes the ends of free entry points that statuses of our replies tell. Costs nothing where none does. */
export async function noteFreeEntryPoints(
  tx: Tx,
  events: readonly Envelope<ChannelStatusReceived>[],
  consumer: string,
): Promise<void> {
  // Channels knows our id whenever the provider echoes it, which it does for all that we send.
  const telling = events.filter(({ data }) => data.freeEntryPointExpiresAt && data.messageId);
  if (telling.length === 0) return;
  const { rows: messages } = await sql<ThreadRow>`
    select message.workspace_id, message.id as message_id, message.thread_id, message.conversation_id
    from message join ${unnest(
      'input',
      { workspace_id: 'uuid', id: 'uuid', channel_id: 'uuid' },
      telling.map(({ workspaceId, data }) => ({
        workspace_id: workspaceId,
        id: data.messageId,
        channel_id: data.channelId,
      })),
    )} using (workspace_id, id, channel_id)
    where message.direction = 'OUTBOUND'
  `.execute(tx.sql);
  const { rows: known } = await sql<KnownRow>`
    select id, free_entry_expires_at from thread join ${unnest(
      'input',
      { workspace_id: 'uuid', id: 'uuid' },
      messages.map((message) => ({ workspace_id: message.workspace_id, id: message.thread_id })),
    )} using (workspace_id, id)
    order by id for update of thread
  `.execute(tx.sql);
  const ends = new Map(known.map((row) => [row.id, row.free_entry_expires_at]));
  const opened: { workspaceId: string; subjectId: string; dueAt: Date }[] = [];
  for (const event of telling) {
    const message = messages.find(
      (each) => each.message_id === event.data.messageId && each.workspace_id === event.workspaceId,
    );
    if (!message) continue;
    const expiresAt = new Date(event.data.freeEntryPointExpiresAt!);
    const change = extendFreeEntryPoint(ends.get(message.thread_id) ?? null, expiresAt, tx.now());
    if (!change) continue;
    ends.set(message.thread_id, expiresAt);
    const { workspace_id: workspaceId, thread_id: threadId, conversation_id: conversationId } = message;
    const isNew = change === 'opened';
    await sql`
      update thread set free_entry_expires_at = ${expiresAt},
        free_entry_opened_at = case when ${isNew} then ${new Date(event.data.occurredAt)} else free_entry_opened_at end,
        free_entry_opened_by = case when ${isNew} then ${message.message_id}::uuid else free_entry_opened_by end
      where workspace_id = ${workspaceId} and id = ${threadId}
    `.execute(tx.sql);
    // Due at once: the timer itself finds out when to tell.
    if (isNew) opened.push({ workspaceId, subjectId: threadId, dueAt: tx.now() });
    tx.emit(serviceWindowChanged, {
      entityId: threadId,
      workspaceId,
      origin: causedBy(event, consumer),
      data: { threadId, conversationId, kind: 'FREE_ENTRY_POINT', expiresAt: expiresAt.toISOString(), change },
    });
  }
  await setTimers(tx, freeEntryPointTimer, opened);
}
