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

export async function startRetentionTask(tx: Tx, workspaceId: string, order: RetentionRunOrdered): Promise<void> {
  const { runId, isDryRun, rules, heldContactIds, expiresAt } = order;
  await sql`
    insert into retention_task (workspace_id, run_id, is_dry_run, expires_at, rules, held_contact_ids)
    values (${workspaceId}, ${runId}, ${isDryRun}, ${expiresAt}, ${JSON.stringify(rules)}::jsonb,
      ${array('uuid', heldContactIds)})
    on conflict do nothing
  `.execute(tx.sql);
}

/** Waits for the batch that is under way; after it nothing more is removed. */
export async function stopRetentionTask(tx: Tx, workspaceId: string, runId: string): Promise<void> {
  await sql`
    update retention_task set is_stopped = true where workspace_id = ${workspaceId} and run_id = ${runId}
  `.execute(tx.sql);
}

/** The first, but for these runs, that no other process works on. */
export async function lockRetentionTask(db: Sql, passOver: readonly string[]): Promise<RetentionTask | undefined> {
  const { rows } = await sql<RetentionTask>`
    select workspace_id as "workspaceId", run_id as "runId", is_dry_run as "isDryRun", is_stopped as "isStopped",
      expires_at as "expiresAt", rules, held_contact_ids as "heldContactIds", steps_done as "stepsDone", position, counts
    from retention_task where run_id <> all(${array('uuid', passOver)})
    order by run_id limit 1 for update skip locked
  `.execute(db);
  const [task] = rows;
  return task && { ...task, expiresAt: new Date(task.expiresAt) };
}

export async function saveRetentionTask(
  tx: Tx,
  { workspaceId, runId, stepsDone, position, counts }: RetentionTask,
): Promise<void> {
  await sql`
    update retention_task set steps_done = ${stepsDone}, position = ${position}, counts = ${JSON.stringify(counts)}::jsonb
    where workspace_id = ${workspaceId} and run_id = ${runId}
  `.execute(tx.sql);
}

export async function endRetentionTask(tx: Tx, { workspaceId, runId }: RetentionTask): Promise<void> {
  await sql`delete from retention_task where workspace_id = ${workspaceId} and run_id = ${runId}`.execute(tx.sql);
}
