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
  /** How often the leader looks for what nobody told it of. */
  pollMs?: number;
  /** Reaches the leader in another process; without it, its next look does. */
  nudge?: RelayNudge;
}

export interface RelayNudge {
  send(): void;
  /** Returns how to stop listening. */
  listen(heard: () => void): () => void;
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
/** How many published rows may still be in the queue before they are removed without waiting for the next look. */
const MAX_PUBLISHED = 1_000;
/** Ends of workspaces' logs that are kept in mind; whoever is forgotten is read once more. */
const MAX_WORKSPACES = 20_000;
const RETRY_MS = 100;

/**
 * Publishes what commands emitted, one relay per database: an advisory lock decides which, and another process
 * takes over when it goes. Woken in process after each commit and polling besides; LISTEN/NOTIFY would take a
 * database-wide lock at every commit (performance.md §0.6).
 *
 * `outbox_pending` says what is to be published. What this process committed itself it publishes from memory, if it is
 * what comes next in its workspace's log: `seq` has no holes, so that is known without asking. It removes these rows
 * some time later, many at once. A crash leaves rows of events that were published; they are published again, and
 * consumers know them by their ids. If the stream is made anew meanwhile, it refuses what does not follow on the last
 * message that this relay knows of, and the relay begins with what `rebuildStream` queued.
 */
export function createRelay({ database, url, publisher, log, pollMs = 100, nudge }: RelayOptions): Relay {
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
      remembered = [];
      await waitForAbort(stopped.signal, RETRY_MS);
    }
  }

  function lookNow(): void {
    readAt = 0;
    waker.wake();
  }

  async function lead(lost: AbortSignal): Promise<void> {
    const stopListening = nudge?.listen(lookNow) ?? (() => {});
    const progress = new Progress();
    isLeader = true;
    readAt = 0;
    try {
      while (!stopped.signal.aborted && !lost.aborted) {
        const untilRead = readAt - performance.now();
        if (untilRead <= 0 || progress.published.length >= MAX_PUBLISHED) await look(progress);
        else if (remembered.length === 0) await waker.rest(untilRead);
        else if (publisher.knowsEnd) await publishOwn(progress);
        else readAt = 0;
      }
    } finally {
      isLeader = false;
      stopListening();
      if (!lost.aborted) await tidyUp(database, progress.published).catch(() => undefined);
    }
  }

  async function publishOwn(progress: Progress): Promise<void> {
    const { next, others } = progress.inOrder(remembered);
    remembered = others;
    // Something older is missing here: another process emitted it, or it comes with the next turn.
    if (others.length > 0) readAt = 0;
    if (next.length === 0) return;
    await publisher.publish(toPublications(next.flatMap(toLoggedEvents)));
    progress.enter(next);
  }

  async function look(progress: Progress): Promise<void> {
    const known = [...remembered];
    readAt = performance.now() + pollMs;
    const isMore = await tidyUp(database, progress.published.splice(0));
    if (isMore) {
      const { count, ends } = await publishStored(database, publisher);
      progress.advance(ends);
      if (count >= BATCH) {
        readAt = 0;
        return;
      }
    }
    // All that was committed by then is read. What was not there has been published by another relay.
    progress.advance(known.map(({ events, firstSeq }) => [events[0]!.workspaceId, firstSeq + events.length - 1]));
    remembered = remembered.filter((appended) => !progress.has(appended));
  }

  return {
    start() {
      running ??= run();
    },
    wake(appended) {
      if (!isLeader) nudge?.send();
      else if (appended && remembered.length < MAX_REMEMBERED) remembered.push(...appended);
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

/** How far each workspace's log has been published, as far as this relay knows. */
export class Progress {
  /** Rows of the queue whose events are published. */
  readonly published: number[] = [];
  readonly #ends = new Map<string, number>();

  /** `next` continues what is published, without a hole; `others` do not, or nothing is known of their workspace. */
  inOrder(remembered: readonly Appended[]): { next: Appended[]; others: Appended[] } {
    const [next, others]: [Appended[], Appended[]] = [[], []];
    const ends = new Map<string, number>();
    for (const appended of remembered.toSorted((one, other) => one.firstSeq - other.firstSeq)) {
      const workspaceId = appended.events[0]!.workspaceId;
      const end = ends.get(workspaceId) ?? this.#ends.get(workspaceId);
      const isFirst = end === undefined && appended.firstSeq === 1;
      if (isFirst || end === appended.firstSeq - 1) {
        next.push(appended);
        ends.set(workspaceId, appended.firstSeq + appended.events.length - 1);
      } else others.push(appended);
    }
    return { next, others };
  }

  enter(published: readonly Appended[]): void {
    this.published.push(...published.map(({ position }) => position));
    this.advance(published.map(({ events, firstSeq }) => [events[0]!.workspaceId, firstSeq + events.length - 1]));
  }

  advance(ends: Iterable<readonly [workspaceId: string, seq: number]>): void {
    if (this.#ends.size > MAX_WORKSPACES) this.#ends.clear();
    for (const [workspaceId, seq] of ends) {
      this.#ends.set(workspaceId, Math.max(seq, this.#ends.get(workspaceId) ?? 0));
    }
  }

  has({ events, firstSeq }: Appended): boolean {
    return (this.#ends.get(events[0]!.workspaceId) ?? 0) >= firstSeq;
  }
}

/**
 * Removes rows whose events are published, and returns whether there are others. It does not wait for the disk: if the
 * rows come back with a crash, their events are published once more.
 */
export async function tidyUp(database: Database, published: readonly number[]): Promise<boolean> {
  const { rows } = await sql<{ is_more: boolean }>`/* prepared */
    with removed as (delete from outbox_pending where position = any(${array('bigint', published)}) returning position)
    select exists (select from outbox_pending offset (select count(*) from removed)) as is_more,
      set_config('synchronous_commit', 'off', true)
  `.execute(database.system().getKysely());
  return rows[0]!.is_more;
}

/**
 * Returns how many events it published, in the order in which their transactions appended them, and the last `seq` of
 * each workspace. Claiming and publishing share a transaction: two relays cannot publish the same rows at the same time, rows
 * come back when publishing fails, and `rebuildStream` can wait for the batch to end.
 */
export async function publishStored(
  database: Database,
  publisher: Publisher,
): Promise<{ count: number; ends: Map<string, number> }> {
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
    if (rows.length === 0) return { count: 0, ends: new Map() };
    const events = rows.map((row) => ({ ...row, seq: Number(row.seq) }));
    await publisher.publish(toPublications(events));
    return { count: rows.length, ends: new Map(events.map(({ workspaceId, seq }) => [workspaceId, seq])) };
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
