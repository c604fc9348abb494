import type { RetentionClass, RetentionCount, RetentionRunOrdered } from '@fenster/contracts';
import { array } from '../array-parameter.js';
import { sql, type Sql } from '../database.js';
import { tenantTable } from '../row-level-security.js';
import type { Tx } from '../transact.js';

/** What a service has to do of a run until it has reported it. Its row is locked by each batch, and by whoever stops it. */
export interface RetentionTask {
  workspaceId: string;
  runId: string;
  isDryRun: boolean;
  isStopped: boolean;
  expiresAt: Date;
  rules: { retentionClass: RetentionClass; before: string }[];
  heldContactIds: string[];
  /** How many of the service's steps are over, and where the next one goes on. */
  stepsDone: number;
  position: string | null;
  counts: RetentionCount[];
}

export function retentionStatements(service: string): string[] {
  return [
    `create table retention_task (
       workspace_id uuid not null,
       run_id uuid not null,
       is_dry_run boolean not null,
       is_stopped boolean not null default false,
       expires_at timestamptz not null,
       rules jsonb not null,
       held_contact_ids uuid[] not null,
       steps_done int not null default 0,
       position text,
       counts jsonb not null default '[]',
       primary key (workspace_id, run_id)
     )`,
    ...tenantTable(service, 'retention_task'),
  ];
}

/** What was found out since the first installation: a stop before its order, and parts that fail. */
export function retentionRepairStatements(): string[] {
  return [
    `alter table retention_task
       add column is_ordered boolean not null default true,
       add column failures int not null default 0,
       add column retry_at timestamptz,
       add column worked_at timestamptz`,
  ];
}

/** Begins as stopped if it was taken back before it was told. */
export async function startRetentionTask(tx: Tx, workspaceId: string, order: RetentionRunOrdered): Promise<void> {
  const { runId, isDryRun, rules, heldContactIds, expiresAt } = order;
  await sql`
    insert into retention_task (workspace_id, run_id, is_dry_run, expires_at, rules, held_contact_ids)
    values (${workspaceId}, ${runId}, ${isDryRun}, ${expiresAt}, ${JSON.stringify(rules)}::jsonb,
      ${array('uuid', heldContactIds)})
    on conflict (workspace_id, run_id) do update set is_ordered = true, is_dry_run = excluded.is_dry_run,
      expires_at = excluded.expires_at, rules = excluded.rules, held_contact_ids = excluded.held_contact_ids
      where not retention_task.is_ordered
  `.execute(tx.sql);
}

/** An order that is told later than that after its stop has expired long since. */
const REMEMBER_STOP_MS = 86_400_000;

/** Waits for the batch that is under way; after it nothing more is removed, whenever the order comes. */
export async function stopRetentionTask(tx: Tx, workspaceId: string, runId: string): Promise<void> {
  await sql`
    insert into retention_task (workspace_id, run_id, is_ordered, is_dry_run, is_stopped, expires_at, rules, held_contact_ids)
    values (${workspaceId}, ${runId}, false, false, true, ${new Date(tx.now().getTime() + REMEMBER_STOP_MS)}, '[]', '{}')
    on conflict (workspace_id, run_id) do update set is_stopped = true
  `.execute(tx.sql);
}

/**
 * The one that has waited longest and that no other process works on: large runs keep nobody waiting. What failed waits
 * for its time, unless it is over. Stops of which no order came are forgotten.
 */
export async function lockRetentionTask(db: Sql, now: Date): Promise<RetentionTask | undefined> {
  await sql`delete from retention_task where not is_ordered and expires_at <= ${now}`.execute(db);
  const { rows } = await sql<RetentionTask>`
    select workspace_id as "workspaceId", run_id as "runId", is_dry_run as "isDryRun", is_stopped as "isStopped",
      expires_at as "expiresAt", rules, held_contact_ids as "heldContactIds", steps_done as "stepsDone", position, counts
    from retention_task
    where is_ordered and (retry_at is null or retry_at <= ${now} or is_stopped or expires_at <= ${now})
    order by worked_at nulls first, run_id limit 1 for update skip locked
  `.execute(db);
  const [task] = rows;
  return task && { ...task, expiresAt: new Date(task.expiresAt) };
}

export async function saveRetentionTask(
  tx: Tx,
  { workspaceId, runId, stepsDone, position, counts }: RetentionTask,
): Promise<void> {
  await sql`
    update retention_task set steps_done = ${stepsDone}, position = ${position}, counts = ${JSON.stringify(counts)}::jsonb,
      failures = 0, retry_at = null, worked_at = clock_timestamp()
    where workspace_id = ${workspaceId} and run_id = ${runId}
  `.execute(tx.sql);
}

/** A part failed: longer each time, up to ten minutes, until the order expires. */
export async function postponeRetentionTask(tx: Tx, { workspaceId, runId }: TaskKey): Promise<void> {
  await sql`
    update retention_task set failures = failures + 1, worked_at = clock_timestamp(),
      retry_at = ${tx.now()}::timestamptz + least(interval '10 minutes', interval '5 seconds' * power(2, least(failures, 10)))
    where workspace_id = ${workspaceId} and run_id = ${runId}
  `.execute(tx.sql);
}

export type TaskKey = Pick<RetentionTask, 'workspaceId' | 'runId'>;

export async function endRetentionTask(tx: Tx, { workspaceId, runId }: RetentionTask): Promise<void> {
  await sql`delete from retention_task where workspace_id = ${workspaceId} and run_id = ${runId}`.execute(tx.sql);
}
