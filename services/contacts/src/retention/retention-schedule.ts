import { sql, transact, type Ctx } from '@fenster/database';
import { createPoller, newId, type Poller } from '@fenster/runtime';
import { giveUpRuns, lockRetention, orderRun } from './retention-run.js';

const CHECK_MS = 60_000;
const DAY_MS = 86_400_000;

/** A run a day of every workspace that has a rule; sooner after one that was stopped. */
export function createRetentionSchedule(ctx: Ctx, wake: () => void): Poller {
  return createPoller({
    name: 'ordering runs of retention',
    everyMs: CHECK_MS,
    log: ctx.log,
    async work(isStopped) {
      for (const workspaceId of await dueWorkspaces(ctx)) {
        if (isStopped()) return;
        await orderDueRun({ ...ctx, workspaceId }, workspaceId, wake);
      }
    },
  });
}

/** Another process may have been faster, or somebody paused it: what is due is looked at again under the lock. */
export async function orderDueRun(ctx: Ctx, workspaceId: string, wake: () => void): Promise<void> {
  await transact(ctx, async (tx) => {
    await lockRetention(tx, workspaceId);
    const { rows } = await isDueStatement(ctx.now(), sql`rule.workspace_id = ${workspaceId}`).execute(tx.sql);
    if (rows.length === 0) return;
    await giveUpRuns(tx, workspaceId, dayBefore(ctx.now()));
    await orderRun(tx, workspaceId, { runId: newId(), isDryRun: false, wake });
  });
}

async function dueWorkspaces(ctx: Ctx): Promise<string[]> {
  const { rows } = await isDueStatement(ctx.now(), sql`true`).execute(ctx.database.system().getKysely());
  return rows.map(({ workspaceId }) => workspaceId);
}

const dayBefore = (now: Date) => new Date(now.getTime() - DAY_MS);

function isDueStatement(now: Date, where: ReturnType<typeof sql>) {
  return sql<{ workspaceId: string }>`
    select distinct rule.workspace_id as "workspaceId" from retention_rule rule
    where ${where}
      and not exists (select from retention_pause pause where pause.workspace_id = rule.workspace_id)
      and not exists (
        select from retention_run run where run.workspace_id = rule.workspace_id and not run.is_dry_run
          and run.state <> 'STOPPED' and run.started_at > ${dayBefore(now)}
      )
  `;
}
