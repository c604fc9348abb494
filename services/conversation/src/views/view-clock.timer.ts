import { viewClockTicked } from '@fenster/contracts';
import { sql, transact } from '@fenster/database';
import type { ConversationContext } from '../context.js';
import type { TimerDefinition } from '../timers/timer.js';

/**
 * Time moves conversations in and out of views although nothing happens. An event gives that a place in the log, so that
 * subscriptions can be resumed there: one for all views of a workspace, and only when somebody follows one that time moves.
 */
export const viewClockTimer: TimerDefinition = {
  kind: 'view-clock',
  async handle(tx, due) {
    for (const { workspaceId } of due) {
      tx.emit(viewClockTicked, { entityId: workspaceId, workspaceId, data: {} });
    }
  },
};

/** What changes within so long is told together. */
const STEP_MS = 5_000;

/** Lets the clock of the workspace tick when something is due, or earlier if somebody asked for that. */
export async function askForTick(ctx: ConversationContext, dueAt: Date): Promise<void> {
  const { workspaceId } = ctx.requireActor();
  const at = new Date(Math.ceil(dueAt.getTime() / STEP_MS) * STEP_MS);
  await transact(ctx, (tx) =>
    sql`
      insert into timer (workspace_id, kind, subject_id, due_at)
      values (${workspaceId}, ${viewClockTimer.kind}, ${workspaceId}, ${at})
      on conflict (workspace_id, kind, subject_id) do update set due_at = excluded.due_at
      where timer.due_at > excluded.due_at
    `.execute(tx.sql),
  );
}
