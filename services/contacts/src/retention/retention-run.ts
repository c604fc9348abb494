import { createHash } from 'node:crypto';
import {
  RETAINING_SERVICES,
  retentionRunOrdered,
  retentionRunStopped,
  type RetainingService,
  type RetentionReported,
} from '@fenster/contracts';
import { canonicalJson, sql, startRetentionTask, stopRetentionTask, type Origin, type Tx } from '@fenster/database';
import { heldIds } from '../legal-holds/holds-in-force.js';
import { RetentionRule, RetentionRun, type RetentionRunState, type StoredRetentionReport } from './retention.entity.js';
import { cutoffOf } from './retention-rule.rule.js';

/** A service that was down for longer does not know what is held now: the next run will do it. */
export const VALID_MS = 3_600_000;

/** Rules, holds, pauses and runs of a workspace change one after the other. After the locks of contacts. */
export async function lockRetention(tx: Tx, workspaceId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`retention ${workspaceId}`}, 0))`.execute(tx.sql);
}

/** Tells every service what goes, and whose data stay. Under the lock. */
export async function orderRun(
  tx: Tx,
  workspaceId: string,
  { runId, isDryRun, wake }: { runId: string; isDryRun: boolean; wake: () => void },
): Promise<void> {
  const now = tx.now();
  const rules = await tx.em.find(RetentionRule, { workspaceId }, { orderBy: { retentionClass: 'asc' } });
  const cutoffs = rules.map((rule) => cutoffOf(rule, now));
  const heldContactIds = await heldIds(tx, { workspaceId });
  const { actor } = tx.origin;
  tx.em.create(RetentionRun, {
    id: runId,
    workspaceId,
    isDryRun,
    state: 'RUNNING',
    rules: cutoffs,
    heldIds: heldContactIds.length,
    startedAt: now,
    startedByKind: actor.kind,
    startedById: actor.id ?? null,
  });
  await tx.em.flush();
  const order = {
    runId,
    isDryRun,
    rules: cutoffs.map(({ retentionClass, before }) => ({ retentionClass, before })),
    heldContactIds,
    expiresAt: new Date(now.getTime() + VALID_MS).toISOString(),
  };
  tx.emit(retentionRunOrdered, { entityId: runId, workspaceId, data: order });
  tx.audit({
    action: 'retention_run.start',
    object: { type: 'retention_run', id: runId },
    after: { isDryRun, rules: cutoffs.map(({ retentionClass, months }) => `${retentionClass}:${months}`) },
    workspaceId,
  });
  await startRetentionTask(tx, workspaceId, order);
  tx.afterCommit(wake);
}

/**
 * What a run that is under way was ordered by holds no longer. Here nothing more is removed when this returns; in other
 * services, as soon as they hear of it. Under the lock.
 */
export async function stopRuns(tx: Tx, workspaceId: string): Promise<void> {
  const underWay = { workspaceId, isDryRun: false, state: 'RUNNING' } as const;
  const running = await tx.em.find(RetentionRun, underWay);
  for (const { id: runId } of running) {
    // Before the run's own row, as its report does.
    await stopRetentionTask(tx, workspaceId, runId);
    const { rows } = await sql`
      update retention_run set state = 'STOPPING'
      where workspace_id = ${workspaceId} and id = ${runId} and state = 'RUNNING' returning id
    `.execute(tx.sql);
    if (rows.length === 0) continue;
    tx.emit(retentionRunStopped, { entityId: runId, workspaceId, data: { runId } });
    tx.audit({ action: 'retention_run.stop', object: { type: 'retention_run', id: runId }, workspaceId });
  }
}

/**
 * Runs of before then, of which a service has not said that they are over: their orders have expired long ago. What the
 * others did is proven now; what this one says later, then.
 */
export async function giveUpRuns(tx: Tx, workspaceId: string, before: Date): Promise<void> {
  const { rows } = await sql<{ id: string; isDryRun: boolean }>`
    select id, is_dry_run as "isDryRun" from retention_run
    where workspace_id = ${workspaceId} and state in ('RUNNING', 'STOPPING') and started_at <= ${before}
    order by id for update
  `.execute(tx.sql);
  for (const { id: runId, isDryRun } of rows) {
    await endRun(tx, {
      workspaceId,
      runId,
      isDryRun,
      reports: await readReports(tx, workspaceId, runId),
      origin: tx.origin,
    });
  }
}

/**
 * Takes in what a service did. With the last one the run is over, and its proof goes into the audit log. What is told of a
 * run that was given up is proven as well.
 */
export async function takeRetentionReport(
  tx: Tx,
  { workspaceId, service, origin = tx.origin }: { workspaceId: string; service: RetainingService; origin?: Origin },
  { runId, outcome, counts }: RetentionReported,
): Promise<void> {
  // Two services may report at once; the second one sees what the first has said.
  const { rows } = await sql<{ state: RetentionRunState; isDryRun: boolean }>`
    select state, is_dry_run as "isDryRun" from retention_run
    where workspace_id = ${workspaceId} and id = ${runId} for update
  `.execute(tx.sql);
  const [run] = rows;
  if (!run) return;
  const { rows: added } = await sql`
    insert into retention_report (workspace_id, run_id, service, outcome, counts)
    values (${workspaceId}, ${runId}, ${service}, ${outcome}, ${JSON.stringify(counts)}::jsonb)
    on conflict do nothing returning service
  `.execute(tx.sql);
  if (added.length === 0) return;
  const reports = await readReports(tx, workspaceId, runId);
  const isUnderWay = run.state === 'RUNNING' || run.state === 'STOPPING';
  if (isUnderWay && missing(reports).length > 0) return;
  await endRun(tx, { workspaceId, runId, isDryRun: run.isDryRun, reports, origin });
}

async function readReports(tx: Tx, workspaceId: string, runId: string): Promise<StoredRetentionReport[]> {
  const { rows } = await sql<StoredRetentionReport>`
    select service, outcome, counts from retention_report
    where workspace_id = ${workspaceId} and run_id = ${runId} order by service
  `.execute(tx.sql);
  return rows;
}

const missing = (reports: readonly StoredRetentionReport[]) =>
  RETAINING_SERVICES.filter((each) => !reports.some((report) => report.service === each));

interface Ended {
  workspaceId: string;
  runId: string;
  isDryRun: boolean;
  reports: readonly StoredRetentionReport[];
  origin: Origin;
}

/** The proof has all that was reported until now, and who has not. */
async function endRun(tx: Tx, { workspaceId, runId, isDryRun, reports, origin }: Ended): Promise<void> {
  const silent = missing(reports);
  const isDone = silent.length === 0 && reports.every((report) => report.outcome === 'DONE');
  const state: RetentionRunState = isDone ? 'COMPLETED' : 'STOPPED';
  const digest = digestOf(reports);
  await sql`
    update retention_run set state = ${state}, ended_at = coalesce(ended_at, ${tx.now()}), digest = ${digest}
    where workspace_id = ${workspaceId} and id = ${runId}
  `.execute(tx.sql);
  tx.audit({
    action: 'retention_run.complete',
    object: { type: 'retention_run', id: runId },
    after: {
      isDryRun,
      outcome: state,
      removed: reports.flatMap((report) =>
        report.counts.map(({ retentionClass, what, count }) => `${report.service}:${retentionClass}:${what}:${count}`),
      ),
      ...(silent.length > 0 && { notReported: silent }),
      digest,
    },
    workspaceId,
    origin,
  });
}

/** SHA-256 over the reports as canonical JSON, in the order of services. */
function digestOf(reports: readonly StoredRetentionReport[]): string {
  return createHash('sha256').update(canonicalJson(reports)).digest('hex');
}
