import { personLogErased, type ErasingService, type ErasureReport } from '@fenster/contracts';
import type { NatsConnection } from '@fenster/messaging';
import { createPoller, tryParseJson, type PersonMark, type Poller } from '@fenster/runtime';
import { array } from '../array-parameter.js';
import { sql, type Database } from '../database.js';
import { transact, type Ctx, type Tx } from '../transact.js';
import { eraseFromOutbox, eraseFromStream, type LogErasure } from './erase-log.js';
import { countCleaned, moveErasureTask, readCleaned, readErasureTasks, type ErasureTask } from './erasure-task.js';
import { createPersonKeys } from './person-keys.js';

export interface ErasureCleanerOptions {
  service: ErasingService;
  ctx: Ctx;
  connection: NatsConnection;
  /** Where people are known by what they are called. */
  markOf?: PersonMark;
  /** What else a service has that is no event, with `countCleaned`. Returns whether it is over, or has to be looked at again. */
  cleanUp?(task: ErasureTask): Promise<boolean>;
  /** Instead of telling contacts, which is who is told. */
  report?(tx: Tx, task: ErasureTask, report: ErasureReport): Promise<void>;
}

const EVERY_MS = 5_000;
/** Where something else has to be over first. */
const AGAIN_MS = 250;

/**
 * The last step of an erasure in a service: log, stream, dead letters. Begun again after a crash, it ends the same: what is
 * erased already is passed over, and that it is done is told once.
 */
export function createErasureCleaner(options: ErasureCleanerOptions): Poller {
  const { ctx, service } = options;
  return createPoller({
    name: `erasing from the log of ${service}`,
    everyMs: EVERY_MS,
    log: ctx.log,
    async work(isStopped) {
      const tasks = await readErasureTasks(ctx.database.system().getKysely(), sql`state = 'CLEANING'`);
      let isOver = true;
      for (const task of tasks) {
        if (isStopped()) return undefined;
        isOver = (await clean(task, options)) && isOver;
      }
      return isOver ? undefined : AGAIN_MS;
    },
  });
}

/** Returns whether it is over. */
async function clean(task: ErasureTask, options: ErasureCleanerOptions): Promise<boolean> {
  const { ctx, service, connection, markOf, cleanUp } = options;
  const { workspaceId, erasureId, upTo } = task;
  const isAbout = createPersonKeys(task, markOf && ((name) => markOf(workspaceId, name)));
  const erasure: LogErasure = { service, workspaceId, erasureId, isAbout, upTo };
  await eraseFromOutbox(ctx.database, erasure);
  await eraseFromStream(ctx.database, connection, erasure);
  await eraseDeadLetters(ctx.database, erasure);
  if (cleanUp && !(await cleanUp(task))) return false;
  await transact(ctx, async (tx) => {
    // Another process may have been faster.
    if (!(await moveErasureTask(tx, task, { from: ['CLEANING'], to: 'DONE' }))) return;
    const report: ErasureReport = { erased: await readCleaned(tx.sql, task), kept: [] };
    if (options.report) await options.report(tx, task, report);
    else tx.emit(personLogErased.get(service)!, { entityId: erasureId, workspaceId, data: { erasureId, report } });
  });
  return true;
}

async function eraseDeadLetters(database: Database, erasure: LogErasure): Promise<void> {
  const { workspaceId, isAbout, upTo } = erasure;
  const db = database.system().getKysely();
  const { rows } = await sql<{ id: string; payload: string }>`
    select id, payload from dead_letter
    where workspace_id = ${workspaceId} and (${upTo}::timestamptz is null or occurred_at <= ${upTo})
  `.execute(db);
  const ids = rows.filter(({ payload }) => isAbout(tryParseJson(payload) ?? payload)).map(({ id }) => id);
  await sql`
    with changed as (delete from dead_letter where id = any(${array('uuid', ids)}) returning id)
    ${countCleaned(erasure, 'dead_letters')}
  `.execute(db);
}
