import { serviceWindowClosed, serviceWindowClosing } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';
import { setTimers, type Timer, type TimerDefinition } from '../timers/timer.js';
import { lockFreeThreads } from './lock-free-threads.js';
import type { ThreadState } from './resolve-threads.js';
import { DEFAULT_CLOSING_NOTICE_MINUTES, lookAtWindow, type WindowKind } from './service-window.js';

/** A window's timer is set when it opens, not at each extension, and has the id of the thread. */
export const serviceWindowTimer: TimerDefinition = {
  kind: 'service-window',
  handle: (tx, due) => tellOfWindows(tx, 'CUSTOMER_SERVICE', serviceWindowTimer, due),
};

export const freeEntryPointTimer: TimerDefinition = {
  kind: 'free-entry-point',
  handle: (tx, due) => tellOfWindows(tx, 'FREE_ENTRY_POINT', freeEntryPointTimer, due),
};

export type OpenedWindow = Pick<ThreadState, 'workspaceId' | 'id' | 'channelId' | 'window'>;

/** The statement that sets the timers of windows that customer messages opened. */
export function windowTimerInserts(opened: readonly OpenedWindow[]) {
  return sql`
    insert into timer (workspace_id, kind, subject_id, due_at)
    select input.workspace_id, ${serviceWindowTimer.kind}, input.thread_id,
      input.expires_at - make_interval(mins => coalesce(closing_notice_minutes, ${DEFAULT_CLOSING_NOTICE_MINUTES}))
    from ${unnest(
      'input',
      { workspace_id: 'uuid', channel_id: 'uuid', thread_id: 'uuid', expires_at: 'timestamptz' },
      opened.map(({ workspaceId, channelId, id, window }) => ({
        workspace_id: workspaceId,
        channel_id: channelId,
        thread_id: id,
        expires_at: window.expiresAt,
      })),
    )}
    left join channel_setting using (workspace_id, channel_id)
    on conflict (workspace_id, kind, subject_id) do update set due_at = excluded.due_at`;
}

interface WindowRow {
  workspace_id: string;
  id: string;
  expires_at: Date | null;
  conversation_id: string;
  notice_minutes: number;
}

async function tellOfWindows(tx: Tx, kind: WindowKind, timer: TimerDefinition, due: readonly Timer[]) {
  const column = sql.raw(kind === 'CUSTOMER_SERVICE' ? 'window_expires_at' : 'free_entry_expires_at');
  // Locked, so that no customer message extends a window while it is told to be closed.
  const { free, busy } = await lockFreeThreads(tx, due, 'thread');
  const { rows } = await sql<WindowRow>`
    select thread.workspace_id, thread.id, thread.${column} as expires_at, last.conversation_id,
      coalesce(closing_notice_minutes, ${DEFAULT_CLOSING_NOTICE_MINUTES}) as notice_minutes
    from ${unnest(
      'due',
      { workspace_id: 'uuid', id: 'uuid' },
      free.map(({ workspaceId, subjectId }) => ({ workspace_id: workspaceId, id: subjectId })),
    )}
    join thread using (workspace_id, id)
    left join channel_setting on channel_setting.workspace_id = due.workspace_id
      and channel_setting.channel_id = thread.channel_id
    cross join lateral (
      select conversation_id from message where message.workspace_id = due.workspace_id and message.thread_id = due.id
      order by seq desc limit 1
    ) last
    order by thread.id
  `.execute(tx.sql);
  const lookAgain: Timer[] = [];
  for (const row of rows) {
    const { workspace_id: workspaceId, id: threadId, conversation_id: conversationId, expires_at: expiresAt } = row;
    const { tell, lookAgainAt } = lookAtWindow(expiresAt, row.notice_minutes, tx.now());
    if (lookAgainAt) lookAgain.push({ workspaceId, subjectId: threadId, dueAt: lookAgainAt });
    if (!tell || !expiresAt) continue;
    tx.emit(tell === 'closing' ? serviceWindowClosing : serviceWindowClosed, {
      entityId: threadId,
      workspaceId,
      ...(tell === 'closed' && { occurredAt: expiresAt }),
      data: { threadId, conversationId, kind, expiresAt: expiresAt.toISOString() },
    });
  }
  await setTimers(tx, timer, lookAgain);
  return { busy };
}
