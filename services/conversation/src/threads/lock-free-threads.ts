import { sql, unnest, type Tx } from '@fenster/database';
import type { Timer, TimerCause } from '../timers/timer.js';

export interface FreeTimer extends Timer {
  threadId: string;
  /** Of the thread. */
  windowExpiresAt: Date | null;
}

interface Row {
  workspace_id: string;
  subject_id: string;
  due_at: Date;
  cause: TimerCause | null;
  thread_id: string;
  is_free: boolean;
  window_expires_at: Date | null;
}

/**
 * Whose threads nobody works on at the moment: these are locked now, as everything in a thread asks for. The others are
 * busy, see `TimerDefinition`: whoever holds a thread may be waiting for one of its timers. What is gone is neither.
 */
export async function lockFreeThreads(
  tx: Tx,
  due: readonly Timer[],
  subject: 'conversation' | 'thread' = 'conversation',
): Promise<{ free: FreeTimer[]; busy: Timer[] }> {
  const threadId = sql.raw(subject === 'conversation' ? 'thread_id' : 'id');
  const { rows } = await sql<Row>`
    select input.*, subject.thread_id, thread.id is not null as is_free, thread.window_expires_at
    from ${unnest(
      'input',
      { workspace_id: 'uuid', subject_id: 'uuid', due_at: 'timestamptz', cause: 'jsonb' },
      due.map(({ workspaceId, subjectId, dueAt, cause = null }) => ({
        workspace_id: workspaceId,
        subject_id: subjectId,
        due_at: dueAt,
        cause,
      })),
    )}
    cross join lateral (
      select ${threadId} as thread_id from ${sql.table(subject)}
      where workspace_id = input.workspace_id and id = input.subject_id offset 0
    ) subject
    left join lateral (
      select id, window_expires_at from thread
      where workspace_id = input.workspace_id and id = subject.thread_id for update skip locked
    ) thread on true
    order by input.due_at, input.subject_id
  `.execute(tx.sql);
  const timers = rows.map((row) => ({
    workspaceId: row.workspace_id,
    subjectId: row.subject_id,
    dueAt: row.due_at,
    cause: row.cause,
    threadId: row.thread_id,
    windowExpiresAt: row.window_expires_at,
  }));
  return {
    free: timers.filter((_, index) => rows[index]!.is_free),
    busy: timers.filter((_, index) => !rows[index]!.is_free),
  };
}
