import { array, isTransient, sql, transact, type Ctx, type RawBuilder, type Tx } from '@fenster/database';
import { createPoller, newId, type Poller } from '@fenster/runtime';
import { setTimers, type Timer, type TimerCause, type TimerDefinition } from './timer.js';

interface DueRow {
  workspace_id: string;
  subject_id: string;
  due_at: Date;
  cause: TimerCause | null;
}

const POLL_MS = 250;
/** Of each kind. */
const MAX_AT_ONCE = 500;

/** Lets timers take effect when they are due. Any number of processes may do so at once: each takes what no other has. */
export function createTimerRunner(ctx: Omit<Ctx, 'origin'>, definitions: readonly TimerDefinition[]): Poller {
  return createPoller({
    async work(isStopped) {
      while (!isStopped() && (await runDueTimers(ctx, definitions)) >= MAX_AT_ONCE);
    },
    everyMs: POLL_MS,
    name: 'timers',
    log: ctx.log,
  });
}

/**
 * Lets what is due now take effect, of each kind the oldest first, and returns how much that was. What cannot be handled
 * becomes a dead letter, so that it stops nothing else.
 */
export async function runDueTimers(ctx: Omit<Ctx, 'origin'>, definitions: readonly TimerDefinition[]): Promise<number> {
  let count = 0;
  for (const definition of await definitionsDue(ctx, definitions)) count += await runDue(ctx, definition);
  return count;
}

/** Kinds that only a later version knows are its affair. */
async function definitionsDue(
  { database, now }: Omit<Ctx, 'origin'>,
  definitions: readonly TimerDefinition[],
): Promise<TimerDefinition[]> {
  const { rows } = await sql<{ kind: string }>`
    select kind from unnest(${array('text', definitions, ({ kind }) => kind)}) as known (kind)
    cross join lateral (
      select due_at from timer where timer.kind = known.kind and due_at <= ${now()} order by due_at limit 1
    ) first
    order by due_at
  `.execute(database.system().getKysely());
  return rows.flatMap(({ kind }) => definitions.filter((each) => each.kind === kind));
}

async function runDue(ctx: Omit<Ctx, 'origin'>, definition: TimerDefinition): Promise<number> {
  let due: readonly Timer[] = [];
  try {
    return await inTransaction(ctx, async (tx) => {
      due = await takeDue(tx, definition, sql`true`);
      return handle(tx, definition, due);
    });
  } catch (error) {
    if (isTransient(error) || due.length === 0) throw error;
  }
  // One of them is at fault: one transaction each finds it.
  for (const timer of due) {
    const isIt = sql<boolean>`workspace_id = ${timer.workspaceId} and subject_id = ${timer.subjectId}`;
    try {
      await inTransaction(ctx, async (tx) => handle(tx, definition, await takeDue(tx, definition, isIt)));
    } catch (error) {
      if (isTransient(error)) throw error;
      await inTransaction(ctx, async (tx) => {
        // None if another process has it, or somebody set it anew meanwhile.
        for (const guilty of await takeDue(tx, definition, isIt)) await bury(tx, definition, guilty, error);
      });
    }
  }
  return due.length;
}

function inTransaction<T>(ctx: Omit<Ctx, 'origin'>, work: (tx: Tx) => Promise<T>): Promise<T> {
  const id = 'conversation-timers';
  return transact({ ...ctx, origin: { actor: { kind: 'system', id }, correlationId: newId() } }, work);
}

async function handle(tx: Tx, definition: TimerDefinition, due: readonly Timer[]): Promise<number> {
  if (due.length === 0) return 0;
  const { busy } = (await definition.handle(tx, due)) ?? { busy: [] };
  await setTimers(tx, definition, busy);
  return due.length - busy.length;
}

async function takeDue(tx: Tx, { kind }: TimerDefinition, isMeant: RawBuilder<unknown>): Promise<Timer[]> {
  const { rows } = await sql<DueRow>`
    with due as (
      select workspace_id, kind, subject_id from timer where kind = ${kind} and due_at <= ${tx.now()} and ${isMeant}
      order by due_at limit ${MAX_AT_ONCE} for update skip locked
    )
    delete from timer using due
    where timer.workspace_id = due.workspace_id and timer.kind = due.kind and timer.subject_id = due.subject_id
    returning timer.workspace_id, timer.subject_id, timer.due_at, timer.cause
  `.execute(tx.sql);
  return rows
    .map((row) => ({ workspaceId: row.workspace_id, subjectId: row.subject_id, dueAt: row.due_at, cause: row.cause }))
    .toSorted((one, other) => one.dueAt.getTime() - other.dueAt.getTime());
}

async function bury(
  tx: Tx,
  { kind }: TimerDefinition,
  { workspaceId, subjectId }: Timer,
  error: unknown,
): Promise<void> {
  tx.log.error({ err: error, kind, workspaceId, subjectId }, 'timer goes to the dead letters');
  await sql`
    insert into dead_letter (id, workspace_id, source, payload, reason)
    values (${newId()}, ${workspaceId}, ${`timer ${kind}`}, ${JSON.stringify({ kind, workspaceId, subjectId })},
      ${error instanceof Error ? error.name : 'unknown'})
  `.execute(tx.sql);
}
