import { createCollector, type Clock, type Logger } from '@fenster/runtime';
import { appendRead, type Read, type ReadNotes } from './audit.js';
import type { Database } from './database.js';
import { transact, type Ctx } from './transact.js';

export interface ReadAudit {
  /** Resolves at once while there is room, so that an answer need not wait; else when there is room again. */
  store(notes: ReadNotes): Promise<void>;
  /** Stores what is there. */
  stop(): Promise<void>;
}

const COLLECT_MS = 100;
const RETRY_MS = 500;
const MAX_WAITING = 5_000;

/**
 * Stores reads of many requests in one transaction: a commit for each would cost more than the reads themselves, and
 * make them wait for the workspace's log. What waits is bounded: when it is full, answers wait for the database.
 * So a read is lost in one case only: the process is killed in the tenth of a second before it is stored.
 */
export function createReadAudit({
  database,
  now,
  log,
  wakeRelay,
}: {
  database: Database;
  now: Clock;
  log: Logger;
  wakeRelay: Ctx['wakeRelay'];
}): ReadAudit {
  const ctx: Ctx = {
    database,
    now,
    log,
    wakeRelay,
    origin: { actor: { kind: 'system', id: database.service }, correlationId: 'read audit' },
  };
  const reads = createCollector<Read>({
    collectMs: COLLECT_MS,
    retryMs: RETRY_MS,
    store: (batch) =>
      transact(ctx, async (tx) => {
        for (const read of batch) appendRead(tx, database.service, read);
      }),
    onFailure(error, waiting) {
      log.warn({ err: error, waiting: waiting.length }, 'reads will be audited later');
      return waiting;
    },
  });

  return {
    async store(notes) {
      if (notes.isEmpty) return;
      while (reads.size >= MAX_WAITING) {
        if (!(await reads.flush())) throw new Error('Reads cannot be audited at present.');
      }
      reads.add(...notes.reads);
    },
    async stop() {
      if (!(await reads.stop())) log.error({ lost: reads.size }, 'reads were not audited');
    },
  };
}
