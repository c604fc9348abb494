import type { Clock, Logger } from '@fenster/runtime';
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
  let waiting: Read[] = [];
  let timer: NodeJS.Timeout | undefined;
  let storing: Promise<boolean> | undefined;

  function collect(ms: number): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void storeWaiting();
    }, ms);
  }

  function storeWaiting(): Promise<boolean> {
    storing ??= storeAll().finally(() => (storing = undefined));
    return storing;
  }

  async function storeAll(): Promise<boolean> {
    while (waiting.length > 0) {
      const reads = waiting;
      waiting = [];
      try {
        await transact(ctx, async (tx) => reads.forEach((read) => appendRead(tx, database.service, read)));
      } catch (error) {
        waiting = [...reads, ...waiting];
        log.warn({ err: error, waiting: waiting.length }, 'reads will be audited later');
        collect(RETRY_MS);
        return false;
      }
    }
    return true;
  }

  return {
    async store(notes) {
      if (notes.isEmpty) return;
      while (waiting.length >= MAX_WAITING) {
        if (!(await storeWaiting())) throw new Error('Reads cannot be audited at present.');
      }
      waiting.push(...notes.reads);
      collect(COLLECT_MS);
    },
    async stop() {
      clearTimeout(timer);
      await storing;
      if (!(await storeWaiting())) log.error({ lost: waiting.length }, 'reads were not audited');
      clearTimeout(timer);
    },
  };
}
