import { createPoller, type Clock, type Logger, type Poller } from '@fenster/runtime';
import { sql, type Database } from './database.js';

const EVERY_MS = 10 * 60_000;
const CHUNK = 5_000;

/**
 * How long the event path remembers, in days. The log must outlast the longest absence that `after: Cursor` can
 * bridge; the inbox must outlast the log, or a rebuilt stream would have its effects twice.
 */
export const RETENTION_DAYS = { outbox: 30, inbox: 45, idempotencyKey: 3 } as const;

/** Deletes in small chunks, so that pruning never holds up live traffic. */
export async function prune(database: Database, now: Date, deadLetterDays: number): Promise<void> {
  const em = database.system();
  const before = (days: number) => new Date(now.getTime() - days * 86_400_000);
  const targets = [
    { table: 'outbox', column: 'recorded_at', days: RETENTION_DAYS.outbox },
    { table: 'inbox', column: 'handled_at', days: RETENTION_DAYS.inbox },
    { table: 'idempotency_key', column: 'created_at', days: RETENTION_DAYS.idempotencyKey },
    { table: 'dead_letter', column: 'occurred_at', days: deadLetterDays },
  ];
  for (const { table, column, days } of targets) {
    for (let deleted = CHUNK; deleted === CHUNK;) {
      const result = await sql`
        delete from ${sql.table(table)} where ctid = any(array(
          select ctid from ${sql.table(table)} where ${sql.ref(column)} < ${before(days)} limit ${CHUNK}
        ))
      `.execute(em.getKysely());
      deleted = Number(result.numAffectedRows ?? 0);
    }
  }
}

export function createPruning(options: {
  database: Database;
  deadLetterDays: number;
  now: Clock;
  log: Logger;
}): Poller {
  const { database, deadLetterDays, now, log } = options;
  return createPoller({ work: () => prune(database, now(), deadLetterDays), everyMs: EVERY_MS, name: 'pruning', log });
}
