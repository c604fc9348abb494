import type { ErasureReport, PersonTraced } from '@fenster/contracts';
import { sql, type Sql } from '../database.js';
import { systemTable } from '../row-level-security.js';
import type { Tx } from '../transact.js';
import { array } from '../array-parameter.js';
import type { Person } from './person-keys.js';

/** What a service has to know of an erasure until it is done, and to do it again after a restore. No names, no numbers. */
export interface ErasureTask extends Person {
  workspaceId: string;
  erasureId: string;
  /** Of one that is done again: what is younger is of somebody else. */
  upTo: Date | null;
}

/** `PLANNED`: counted. `BEGUN`: confirmed. `ERASED`: the rows are gone. `CLEANING`: the log is next. */
export type ErasureTaskState = 'PLANNED' | 'BEGUN' | 'ERASED' | 'CLEANING' | 'DONE';

export function erasureStatements(service: string): string[] {
  return [
    `create table erasure_task (
       workspace_id uuid not null,
       erasure_id uuid not null,
       state text not null check (state in ('PLANNED', 'BEGUN', 'ERASED', 'CLEANING', 'DONE')),
       contact_ids uuid[] not null,
       person_marks text[] not null,
       thread_ids uuid[] not null default '{}',
       media_ids uuid[] not null default '{}',
       message_keys text[] not null default '{}',
       up_to timestamptz,
       erased_at timestamptz,
       -- How much was cleaned, by what it is.
       cleaned jsonb not null default '{}',
       primary key (workspace_id, erasure_id)
     )`,
    `create index erasure_task_cleaning on erasure_task (workspace_id) where state = 'CLEANING'`,
    ...systemTable(service, 'erasure_task'),
  ];
}

type NewTask = Pick<ErasureTask, 'workspaceId' | 'erasureId' | 'contactIds' | 'personMarks'> & {
  upTo?: string | undefined;
};

/** Begins an erasure, or a plan of one, or does it once more: what was known of it stays known. */
export async function startErasureTask(
  tx: Tx,
  state: 'PLANNED' | 'BEGUN',
  { workspaceId, erasureId, contactIds, personMarks, upTo }: NewTask,
): Promise<void> {
  await sql`
    insert into erasure_task (workspace_id, erasure_id, state, contact_ids, person_marks, up_to)
    values (${workspaceId}, ${erasureId}, ${state}, ${array('uuid', contactIds)}, ${array('text', personMarks)}, ${upTo ?? null})
    on conflict (workspace_id, erasure_id) do update set state = excluded.state, contact_ids = excluded.contact_ids,
      person_marks = excluded.person_marks, up_to = excluded.up_to
  `.execute(tx.sql);
}

/** Takes in a part of what conversation traced. Returns all of it with the last part. */
export async function traceErasureTask(
  tx: Tx,
  workspaceId: string,
  { purpose, isFirst, isLast, ...part }: PersonTraced,
): Promise<ErasureTask | undefined> {
  const { erasureId, threadIds, mediaIds, messageKeys } = part;
  if (isFirst) await startErasureTask(tx, purpose === 'PLAN' ? 'PLANNED' : 'BEGUN', { ...part, workspaceId });
  await sql`
    update erasure_task set
      thread_ids = array(select unnest(thread_ids) union select unnest(${array('uuid', threadIds)})),
      media_ids = array(select unnest(media_ids) union select unnest(${array('uuid', mediaIds)})),
      message_keys = array(select unnest(message_keys) union select unnest(${array('text', messageKeys)}))
    where workspace_id = ${workspaceId} and erasure_id = ${erasureId}
  `.execute(tx.sql);
  return isLast ? readErasureTask(tx.sql, { workspaceId, erasureId }) : undefined;
}

export interface ErasureKey {
  workspaceId: string;
  erasureId: string;
}

export async function readErasureTask(
  db: Sql,
  { workspaceId, erasureId }: ErasureKey,
): Promise<ErasureTask | undefined> {
  const tasks = await readErasureTasks(db, sql`workspace_id = ${workspaceId} and erasure_id = ${erasureId}`);
  return tasks[0];
}

export async function readErasureTasks(db: Sql, condition: ReturnType<typeof sql>): Promise<ErasureTask[]> {
  const { rows } = await sql<ErasureTask>`
    select workspace_id as "workspaceId", erasure_id as "erasureId", contact_ids as "contactIds",
      person_marks as "personMarks", thread_ids as "threadIds", media_ids as "mediaIds",
      message_keys as "messageKeys", up_to as "upTo"
    from erasure_task where ${condition}
  `.execute(db);
  return rows.map((row) => ({ ...row, upTo: row.upTo && new Date(row.upTo) }));
}

/** Returns whether it was there to be moved. */
export async function moveErasureTask(
  tx: Tx,
  { workspaceId, erasureId }: ErasureKey,
  { from, to }: { from: readonly ErasureTaskState[]; to: ErasureTaskState },
): Promise<boolean> {
  const { rows } = await sql`
    update erasure_task set state = ${to},
      erased_at = case when ${to} = 'ERASED' then ${tx.now()}::timestamptz else erased_at end
    where workspace_id = ${workspaceId} and erasure_id = ${erasureId} and state = any(${array('text', from)})
    returning erasure_id
  `.execute(tx.sql);
  return rows.length > 0;
}

/**
 * Ends a statement whose part `changed` is what was cleaned: the count commits with it, so that a crash loses none of it.
 */
export function countCleaned({ workspaceId, erasureId }: ErasureKey, what: string) {
  return sql`
    update erasure_task set cleaned = cleaned ||
      jsonb_build_object(${what}::text, coalesce((cleaned ->> ${what})::int, 0) + (select count(*) from changed))
    where workspace_id = ${workspaceId} and erasure_id = ${erasureId}
  `;
}

export async function readCleaned(db: Sql, { workspaceId, erasureId }: ErasureKey): Promise<ErasureReport['erased']> {
  const { rows } = await sql<{ what: string; count: number }>`
    select what, count::int from erasure_task cross join lateral jsonb_each_text(cleaned) as each(what, count)
    where workspace_id = ${workspaceId} and erasure_id = ${erasureId} and count::int > 0
  `.execute(db);
  return rows;
}
