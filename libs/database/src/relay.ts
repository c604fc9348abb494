import { subjectOf } from '@fenster/contracts';
import type { Publication, Publisher } from '@fenster/messaging';
import { createWaker, type Logger } from '@fenster/runtime';
import pg from 'pg';
import { array } from './array-parameter.js';
import { sql, type Database } from './database.js';
import { completeEnvelope } from './outbox.js';
import { waitForAbort } from './wait.js';

export interface RelayOptions {
  database: Database;
  /** The database's login, for the connection that holds the lock: it must not go through a transaction pooler. */
  url: string;
  publisher: Publisher;
  log: Logger;
  pollMs?: number;
}

export interface Relay {
  start(): void;
  /** There may be something to publish. */
  wake(): void;
  stop(): Promise<void>;
}

interface PendingRow {
  position: string;
  workspace_id: string;
  seq: string;
  id: string;
  name: string;
  version: number;
  envelope: string;
}

const BATCH = 1_000;
/** Consecutive events of one subject share a message, up to this size. */
const MAX_MESSAGE_BYTES = 128 * 1024;
const MAX_MESSAGE_EVENTS = 64;

/**
 * Publishes what commands emitted, one relay per database: an advisory lock decides which, and another process
 * takes over when it goes. Woken in process after each commit and polling besides; LISTEN/NOTIFY would take a
 * database-wide lock at every commit (performance.md §0.6).
 */
export function createRelay({ database, url, publisher, log, pollMs = 100 }: RelayOptions): Relay {
  const stopped = new AbortController();
  const waker = createWaker();
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        await holdingLock(url, database.service, stopped.signal, async (lost) => {
          while (!stopped.signal.aborted && !lost.aborted) {
            if ((await publishBatch(database, publisher)) < BATCH) await waker.rest(pollMs);
          }
        });
      } catch (error) {
        if (!stopped.signal.aborted) log.warn({ err: error }, 'relay will try again');
      }
      await waitForAbort(stopped.signal, pollMs);
    }
  }

  return {
    start() {
      running ??= run();
    },
    wake: waker.wake,
    async stop() {
      stopped.abort();
      waker.wake();
      await running;
    },
  };
}

/**
 * Returns how many events it published, in the order in which their transactions appended them. Reading and
 * deleting share a transaction, so that `rebuildStream` can wait for the batch to end.
 */
export async function publishBatch(database: Database, publisher: Publisher): Promise<number> {
  return database.system().transactional(async (em) => {
    // `offset 0` keeps the planner from a join of its own choice: its statistics of a table whose rows come and go
    // are wrong most of the time, and then it reads the whole log for one event.
    const { rows } = await sql<PendingRow>`
      select p.position, o.workspace_id, o.seq, o.id, o.name, o.version, o.envelope
      from (select * from outbox_pending order by position limit ${BATCH}) p
      cross join lateral (
        select * from outbox where outbox.workspace_id = p.workspace_id and outbox.seq = p.seq offset 0
      ) o
      order by p.position
    `.execute(em.getKysely());
    if (rows.length === 0) return 0;
    await publisher.publish(toPublications(rows));
    await sql`delete from outbox_pending where position = any(${array('bigint', rows, (row) => row.position)})`.execute(
      em.getKysely(),
    );
    return rows.length;
  });
}

/**
 * Packs events into messages. Order matters within a workspace only, so each workspace's events are taken
 * together, and runs of one subject among them share a message: publishing costs per message, not per event.
 */
export function toPublications(rows: readonly Omit<PendingRow, 'position'>[]): Publication[] {
  const publications: Publication[] = [];
  for (const ofWorkspace of Map.groupBy(rows, (row) => row.workspace_id).values()) {
    let run: { subject: string; ids: string[]; envelopes: string[]; bytes: number } | undefined;
    const finish = () => {
      if (!run) return;
      const id = run.ids.length === 1 ? run.ids[0]! : `${run.ids[0]}+${run.ids.length}+${run.ids.at(-1)}`;
      publications.push({ id, subject: run.subject, data: Buffer.from(`[${run.envelopes.join(',')}]`) });
    };
    for (const row of ofWorkspace) {
      const subject = subjectOf(row, row.workspace_id);
      const envelope = completeEnvelope(row.envelope, Number(row.seq));
      const fits =
        run?.subject === subject &&
        run.ids.length < MAX_MESSAGE_EVENTS &&
        run.bytes + envelope.length <= MAX_MESSAGE_BYTES;
      if (!fits) {
        finish();
        run = { subject, ids: [], envelopes: [], bytes: 0 };
      }
      run!.ids.push(row.id);
      run!.envelopes.push(envelope);
      run!.bytes += envelope.length;
    }
    finish();
  }
  return publications;
}

/** Runs `work` while this session holds the service's relay lock. The signal aborts when the session is lost. */
async function holdingLock(
  url: string,
  service: string,
  stopped: AbortSignal,
  work: (lost: AbortSignal) => Promise<void>,
): Promise<void> {
  const lost = new AbortController();
  const client = new pg.Client({
    connectionString: url,
    application_name: `fenster ${service} relay lock`,
    keepAlive: true,
  });
  client.on('error', () => lost.abort());
  client.on('end', () => lost.abort());
  await client.connect();
  try {
    const { rows } = await client.query<{ held: boolean }>(
      `select pg_try_advisory_lock(hashtext('fenster relay')) as held`,
    );
    if (rows[0]?.held && !stopped.aborted) await work(lost.signal);
  } finally {
    await client.end().catch(() => undefined);
  }
}
