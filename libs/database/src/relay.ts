import { subjectOf } from '@fenster/contracts';
import type { Publication, Publisher } from '@fenster/messaging';
import { createWaker, type Logger } from '@fenster/runtime';
import pg from 'pg';
import { array } from './array-parameter.js';
import { sql, type Database } from './database.js';
import { completeEnvelope, type Appended } from './outbox.js';
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
  /** There may be something to publish; `appended` is what a transaction of this process has just committed. */
  wake(appended?: readonly Appended[]): void;
  stop(): Promise<void>;
}

/** An event in the log. */
export interface LoggedEvent {
  workspaceId: string;
  seq: number;
  id: string;
  name: string;
  version: number;
  envelope: string;
}

const BATCH = 1_000;
/** Consecutive events of one subject share a message, up to this size. */
const MAX_MESSAGE_BYTES = 128 * 1024;
const MAX_MESSAGE_EVENTS = 64;
/** What waits while NATS is away is read again later. */
const MAX_REMEMBERED = 1_000;

/**
 * Publishes what commands emitted, one relay per database: an advisory lock decides which, and another process
 * takes over when it goes. Woken in process after each commit and polling besides; LISTEN/NOTIFY would take a
 * database-wide lock at every commit (performance.md §0.6).
 *
 * `outbox_pending` says what is to be published, in which order. What this process committed itself it need not read
 * from there: it claims these rows as they are, and reads only if they are not exactly what comes next.
 */
export function createRelay({ database, url, publisher, log, pollMs = 100 }: RelayOptions): Relay {
  const stopped = new AbortController();
  const waker = createWaker();
  let running: Promise<void> | undefined;
  let isLeader = false;
  let remembered: Appended[] = [];
  /** When to look for what other processes emitted, or for what is not remembered. */
  let readAt = 0;

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        await holdingLock(url, database.service, stopped.signal, lead);
      } catch (error) {
        if (!stopped.signal.aborted) log.warn({ err: error }, 'relay will try again');
      }
      isLeader = false;
      remembered = [];
      await waitForAbort(stopped.signal, pollMs);
    }
  }

  async function lead(lost: AbortSignal): Promise<void> {
    isLeader = true;
    readAt = 0;
    while (!stopped.signal.aborted && !lost.aborted) {
      const untilRead = readAt - performance.now();
      if (remembered.length > 0 && untilRead > 0) {
        const appended = remembered;
        remembered = [];
        if (!(await publishRemembered(database, publisher, appended))) readAt = 0;
      } else if (untilRead > 0) {
        await waker.rest(untilRead);
      } else {
        const { count, last } = await publishStored(database, publisher);
        remembered = remembered.filter(({ position }) => position > last);
        readAt = count < BATCH ? performance.now() + pollMs : 0;
      }
    }
  }

  return {
    start() {
      running ??= run();
    },
    wake(appended) {
      if (appended && isLeader && remembered.length < MAX_REMEMBERED) remembered.push(...appended);
      else readAt = 0;
      waker.wake();
    },
    async stop() {
      stopped.abort();
      waker.wake();
      await running;
    },
  };
}

/**
 * Returns how many events it published, in the order in which their transactions appended them, and the position of
 * the last. Claiming and publishing share a transaction: two relays cannot publish the same rows at the same time, rows
 * come back when publishing fails, and `rebuildStream` can wait for the batch to end.
 */
export async function publishStored(
  database: Database,
  publisher: Publisher,
): Promise<{ count: number; last: number }> {
  return database.system().transactional(async (em) => {
    // `offset 0` keeps the planner from a join of its own choice: its statistics of a table whose rows come and go
    // are wrong most of the time, and then it reads the whole log for one event.
    const { rows } = await sql<Omit<LoggedEvent, 'seq'> & { position: string; seq: string }>`/* prepared */
      with oldest as (
        select position, last_seq - first_seq + 1 as events from outbox_pending order by position limit ${BATCH}
      ), batch as (
        select position, sum(events) over (order by position) - events as events_before from oldest
      ), claimed as (
        delete from outbox_pending
        where position = any(array(select position from batch where events_before < ${BATCH}))
        returning *
      )
      select c.position, o.workspace_id as "workspaceId", o.seq, o.id, o.name, o.version, o.envelope
      from claimed c cross join lateral (
        select * from outbox
        where outbox.workspace_id = c.workspace_id and outbox.seq between c.first_seq and c.last_seq offset 0
      ) o
      order by c.position, o.seq
    `.execute(em.getKysely());
    if (rows.length === 0) return { count: 0, last: 0 };
    await publisher.publish(toPublications(rows.map((row) => ({ ...row, seq: Number(row.seq) }))));
    return { count: rows.length, last: Number(rows.at(-1)!.position) };
  });
}

/**
 * Publishes what is known without reading it, if it is exactly what comes next: nothing older is pending, of whatever
 * process, and none of it has been published or queued anew meanwhile. Returns whether that was so.
 */
export async function publishRemembered(
  database: Database,
  publisher: Publisher,
  appended: readonly Appended[],
): Promise<boolean> {
  const inOrder = appended.toSorted((one, other) => one.position - other.position);
  const positions = array('bigint', inOrder, ({ position }) => position);
  return database.system().transactional(async (em) => {
    const { numAffectedRows } = await sql`/* prepared */
      delete from outbox_pending where position = any(${positions}) and ${positions} = array(
        select position from outbox_pending order by position limit ${inOrder.length}
      )
    `.execute(em.getKysely());
    const claimed = Number(numAffectedRows);
    if (claimed === 0) return false;
    if (claimed < inOrder.length) throw new Error('Another relay claimed some of these events.');
    await publisher.publish(toPublications(inOrder.flatMap(toLoggedEvents)));
    return true;
  });
}

function toLoggedEvents({ firstSeq, events }: Appended): LoggedEvent[] {
  return events.map((event, index) => ({ ...event, seq: firstSeq + index }));
}

/**
 * Packs events into messages. Order matters within a workspace only, so each workspace's events are taken
 * together, and runs of one subject among them share a message: publishing costs per message, not per event.
 */
export function toPublications(events: readonly LoggedEvent[]): Publication[] {
  const publications: Publication[] = [];
  for (const ofWorkspace of Map.groupBy(events, (event) => event.workspaceId).values()) {
    let run: { subject: string; ids: string[]; envelopes: string[]; bytes: number } | undefined;
    const finish = () => {
      if (!run) return;
      const id = run.ids.length === 1 ? run.ids[0]! : `${run.ids[0]}+${run.ids.length}+${run.ids.at(-1)}`;
      publications.push({ id, subject: run.subject, data: Buffer.from(`[${run.envelopes.join(',')}]`) });
    };
    for (const event of ofWorkspace) {
      const subject = subjectOf(event, event.workspaceId);
      const envelope = completeEnvelope(event.envelope, event.seq);
      const fits =
        run?.subject === subject &&
        run.ids.length < MAX_MESSAGE_EVENTS &&
        run.bytes + envelope.length <= MAX_MESSAGE_BYTES;
      if (!fits) {
        finish();
        run = { subject, ids: [], envelopes: [], bytes: 0 };
      }
      run!.ids.push(event.id);
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
