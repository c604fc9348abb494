import type { Envelope } from '@fenster/contracts';
import type { NatsConnection } from '@fenster/messaging';
import { createPace, type Logger } from '@fenster/runtime';
import type { Database } from './database.js';
import { lastSeqs, logBounds, parseEnvelope, readLog } from './event-log.js';
import { waitForAbort } from './wait.js';

export type LogItem =
  /** One or more that are there already, in order: whoever reads rows for them can do so once. */
  | { kind: 'events'; envelopes: readonly Envelope[] }
  /** Everything up to `seq` has been handed over; what follows is live. */
  | { kind: 'live'; seq: number }
  /** The log no longer reaches back to the position asked for: load a fresh snapshot and go on from `seq`. */
  | { kind: 'gap'; seq: number };

export interface LiveLog {
  /** A workspace's events after `after`, then live ones; without `after`, live ones only. Ends when `signal` aborts. */
  follow(workspaceId: string, after: number | undefined, signal: AbortSignal): AsyncGenerator<LogItem, void>;
  start(): void;
  stop(): Promise<void>;
}

const RECENT = 1_000;
const READ_CHUNK = 500;
/** What a follower gets at once; less than it could, so that it passes the first of it on soon. */
const MAX_AT_ONCE = 200;
const CHECK_MS = 1_000;
/** The least time from one handing over of live events to the next: reading rows for two costs what it costs for one. */
const PACE_MS = 20;

/**
 * Follows a service's own log. NATS says what is new at once but may lose it; PostgreSQL never does. Because `seq`
 * has no holes, a lost message shows as one and is read from the log, and a check every second finds a lost last
 * one. Followers pull at their own pace from the shared recent events or the log: a slow one holds no memory.
 */
export function createLiveLog(options: { database: Database; connection: NatsConnection; log: Logger }): LiveLog {
  const { database, connection, log } = options;
  const tails = new Map<string, Tail>();
  const stopped = new AbortController();
  let checking: Promise<void> | undefined;

  async function tailOf(workspaceId: string): Promise<Tail> {
    const known = tails.get(workspaceId);
    const tail = known ?? new Tail(workspaceId, database, connection, log);
    if (!known) {
      tails.set(workspaceId, tail);
      tail.opened = tail.open();
      tail.opened.catch(() => tails.delete(workspaceId));
    }
    tail.followers += 1;
    try {
      await tail.opened;
    } catch (error) {
      release(tail);
      throw error;
    }
    return tail;
  }

  function release(tail: Tail): void {
    tail.followers -= 1;
    if (tail.followers > 0) return;
    tail.close();
    if (tails.get(tail.workspaceId) === tail) tails.delete(tail.workspaceId);
  }

  async function check(): Promise<void> {
    while (!stopped.signal.aborted) {
      await waitForAbort(stopped.signal, CHECK_MS);
      if (stopped.signal.aborted || tails.size === 0) continue;
      try {
        const seqs = await lastSeqs(database.system(), [...tails.keys()]);
        for (const [workspaceId, seq] of seqs) await tails.get(workspaceId)?.reachUpTo(seq);
      } catch (error) {
        log.warn({ err: error }, 'cannot check the log; will try again');
      }
    }
  }

  return {
    async *follow(workspaceId, after, signal) {
      const tail = await tailOf(workspaceId);
      try {
        let at = after ?? tail.head;
        const { first, last } =
          after === undefined ? { first: 0, last: at } : await logBounds(database.forTenant(workspaceId));
        // Older than the log, or newer than it (a cursor of a database that was restored from a backup since).
        const isPruned = at < last && (first === 0 || at < first - 1);
        if (at > last || isPruned) {
          at = last;
          yield { kind: 'gap', seq: at };
        }
        const replayTo = Math.max(tail.head, last);
        let isLive = false;
        const pace = createPace(PACE_MS);
        while (!signal.aborted) {
          if (!isLive && at >= replayTo) {
            isLive = true;
            yield { kind: 'live', seq: at };
          }
          const events = tail.recentAfter(at) ?? (await readLog(database.forTenant(workspaceId), at, MAX_AT_ONCE));
          // Pruned under a follower that fell a whole retention behind.
          if (at < tail.head && events[0]?.seq !== at + 1) {
            at = tail.head;
            yield { kind: 'gap', seq: at };
            continue;
          }
          if (events.length === 0) {
            await tail.beyond(at, signal);
            await pace();
            continue;
          }
          // The marker comes right after what was missed.
          const envelopes = events.slice(0, isLive ? MAX_AT_ONCE : Math.min(MAX_AT_ONCE, replayTo - at));
          at = envelopes.at(-1)!.seq;
          yield { kind: 'events', envelopes };
        }
      } finally {
        release(tail);
      }
    },
    start() {
      checking ??= check();
    },
    async stop() {
      stopped.abort();
      await checking;
      for (const tail of tails.values()) tail.close();
    },
  };
}

class Tail {
  followers = 0;
  /** The highest position known to be in the log. */
  head = 0;
  opened: Promise<void> | undefined;
  readonly workspaceId: string;
  readonly #database: Database;
  readonly #connection: NatsConnection;
  readonly #log: Logger;
  /** Contiguous, ending at `head`. */
  #recent: Envelope[] = [];
  #waiting = new Set<() => void>();
  #close = () => {};
  #filling: Promise<void> | undefined;
  #isOpen = false;
  /** The highest position heard of before the tail was open. */
  #announced = 0;

  constructor(workspaceId: string, database: Database, connection: NatsConnection, log: Logger) {
    this.workspaceId = workspaceId;
    this.#database = database;
    this.#connection = connection;
    this.#log = log;
  }

  async open(): Promise<void> {
    const subscription = this.#connection.subscribe(`${this.#database.service}.*.*.*.${this.workspaceId}`, {
      callback: (error, message) => {
        if (error) this.#log.warn({ err: error }, 'live subscription failed');
        else this.#receive(message.string());
      },
    });
    this.#close = () => subscription.unsubscribe();
    // The server must know the subscription before the head is read, or an event could fall in between.
    await this.#connection.flush();
    const { last } = await logBounds(this.#database.forTenant(this.workspaceId));
    this.head = last;
    this.#isOpen = true;
    await this.reachUpTo(this.#announced);
  }

  close(): void {
    this.#close();
  }

  /** Events after `seq`, if the recent ones reach back that far. */
  recentAfter(seq: number): readonly Envelope[] | undefined {
    if (seq >= this.head) return [];
    const floor = this.head - this.#recent.length;
    return seq < floor ? undefined : this.#recent.slice(seq - floor);
  }

  /** Resolves when there is something after `seq`. */
  async beyond(seq: number, signal: AbortSignal): Promise<void> {
    if (this.head > seq || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const finish = () => {
        this.#waiting.delete(finish);
        signal.removeEventListener('abort', finish);
        resolve();
      };
      this.#waiting.add(finish);
      signal.addEventListener('abort', finish, { once: true });
    });
  }

  /** The log is known to reach `seq`: reads what is missing. */
  async reachUpTo(seq: number): Promise<void> {
    if (seq <= this.head || !this.#isOpen) return;
    this.#filling ??= this.#fill().finally(() => (this.#filling = undefined));
    await this.#filling;
  }

  async #fill(): Promise<void> {
    for (;;) {
      const from = this.head;
      const missing = await readLog(this.#database.forTenant(this.workspaceId), from, READ_CHUNK);
      const next = missing.filter((envelope) => envelope.seq > this.head);
      if (next.length > 0) this.#advance(next);
      if (missing.length < READ_CHUNK) return;
    }
  }

  #receive(text: string): void {
    let envelopes: Envelope[];
    try {
      const elements = JSON.parse(text) as unknown[];
      envelopes = elements.map((element) => parseEnvelope(element));
    } catch (error) {
      this.#log.error({ err: error }, 'a live message is not a list of envelopes; reading the log instead');
      return;
    }
    const last = envelopes.at(-1)!.seq;
    this.#announced = Math.max(this.#announced, last);
    const next = envelopes.filter((envelope) => envelope.seq > this.head);
    if (next.length === 0 || !this.#isOpen) return;
    if (next[0]!.seq === this.head + 1) this.#advance(next);
    else
      void this.reachUpTo(last).catch((error: unknown) =>
        this.#log.warn({ err: error }, 'cannot fill a hole; will try again'),
      );
  }

  #advance(next: readonly Envelope[]): void {
    this.#recent.push(...next);
    if (this.#recent.length > 2 * RECENT) this.#recent = this.#recent.slice(-RECENT);
    this.head = next.at(-1)!.seq;
    for (const wake of Array.from(this.#waiting)) wake();
  }
}
