import { sql, unnest, type Tx } from '@fenster/database';

/** Something that is to happen to one subject at a time. Setting it again moves it. */
export interface Timer {
  workspaceId: string;
  subjectId: string;
  dueAt: Date;
  /** The message on which it was set, if what happens then has to prove where that came from. */
  cause?: TimerCause | null;
}

export interface TimerCause {
  messageId: string;
  /** Of the webhook that brought it. */
  correlationId: string;
}

export interface TimerDefinition {
  /** Kebab-case; what happens, such as `snooze-end`. Part of the key: each subject has at most one timer of a kind. */
  readonly kind: string;
  /**
   * What happens to all that are due, in one transaction with their removal: each takes effect exactly once. Other kinds
   * have transactions of their own. A timer may have been set for what is no longer so: look again, and set it anew if
   * the time has moved.
   *
   * It must not wait for who may be setting such a timer: they may be waiting for the one that it has taken. Whatever is
   * busy it leaves alone and returns: that stays due.
   */
  readonly handle: (tx: Tx, due: readonly Timer[]) => Promise<{ busy: readonly Timer[] } | void>;
}

/** Sets a timer for each, or moves it. */
export async function setTimers(
  tx: Tx,
  { kind }: Pick<TimerDefinition, 'kind'>,
  timers: readonly Timer[],
): Promise<void> {
  if (timers.length === 0) return;
  await sql`
    insert into timer (workspace_id, kind, subject_id, due_at, cause)
    select workspace_id, ${kind}, subject_id, due_at, cause from ${unnest(
      'input',
      { workspace_id: 'uuid', subject_id: 'uuid', due_at: 'timestamptz', cause: 'jsonb' },
      timers.map(({ workspaceId, subjectId, dueAt, cause = null }) => ({
        workspace_id: workspaceId,
        subject_id: subjectId,
        due_at: dueAt,
        cause,
      })),
    )}
    on conflict (workspace_id, kind, subject_id) do update set due_at = excluded.due_at, cause = excluded.cause
  `.execute(tx.sql);
}

/** Takes back timers that have not come due. */
export async function clearTimers(
  tx: Tx,
  { kind }: Pick<TimerDefinition, 'kind'>,
  subjects: readonly Pick<Timer, 'workspaceId' | 'subjectId'>[],
): Promise<void> {
  if (subjects.length === 0) return;
  await sql`
    delete from timer using ${unnest(
      'input',
      { workspace_id: 'uuid', subject_id: 'uuid' },
      subjects.map(({ workspaceId, subjectId }) => ({ workspace_id: workspaceId, subject_id: subjectId })),
    )}
    where timer.workspace_id = input.workspace_id and timer.kind = ${kind} and timer.subject_id = input.subject_id
  `.execute(tx.sql);
}
