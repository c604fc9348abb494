import { setTimeout as wait } from 'node:timers/promises';
import type { Database, LiveLog } from '@fenster/database';
import { createWaker, type Clock, type Logger, type Waker } from '@fenster/runtime';
import type { ReachOptions } from './reach.js';
import { Segment } from './segment.entity.js';
import { countFilter, type Counted } from './segment.queries.js';
import type { SegmentFilter } from './segment-filter.js';

export interface WatchedSegment {
  workspaceId: string;
  segmentId: string;
  /** For what and from where it is counted who can be reached. */
  reach: ReachOptions | undefined;
}

export interface LiveCount extends Counted {
  /** By which it was counted: whoever may not see what it asks about may not see the count. */
  filter: SegmentFilter;
  countedAt: Date;
}

export interface SegmentCounts {
  /** How many there are now, then whenever that is another number. Ends with the signal, and when the segment is deleted. */
  follow(segment: WatchedSegment, signal: AbortSignal): AsyncGenerator<LiveCount, void>;
}

export interface SegmentCountsOptions {
  database: Database;
  liveLog: Pick<LiveLog, 'follow'>;
  now: Clock;
  log: Logger;
  /** In milliseconds: time moves people too, and what is said in threads is not told in contacts' own log. */
  againMs: number;
}

/** What happens meanwhile is counted together. */
const COLLECT_MS = 1_000;
/** After a count of two seconds nothing is counted for twenty. */
const REST_FACTOR = 10;
const TIMEOUT_MS = 30_000;

/** Whoever counts does so alone in this process, and rests before the next one may. */
type Turn = (count: () => Promise<void>) => Promise<void>;

function createTurns(): Turn {
  let rested = Promise.resolve();
  return async (count) => {
    const before = rested;
    const { promise, resolve } = Promise.withResolvers<void>();
    rested = promise;
    await before;
    const startedAt = performance.now();
    try {
      await count();
    } finally {
      const restMs = REST_FACTOR * (performance.now() - startedAt);
      void wait(restMs, undefined, { ref: false }).then(resolve);
    }
  };
}

/**
 * Live counts. However many follow a segment, a process counts it once: at first, as soon as something has happened in
 * the workspace's contacts, and now and then. What nobody follows is not counted. All of them together take a connection,
 * and a tenth of the time.
 */
export function createSegmentCounts(options: SegmentCountsOptions): SegmentCounts {
  const watches = new Map<string, Watch>();
  const turn = createTurns();
  return {
    async *follow(segment, signal) {
      const key = JSON.stringify(segment);
      const watch = watches.get(key) ?? new Watch(options, segment, turn);
      watches.set(key, watch);
      try {
        yield* watch.follow(signal);
      } finally {
        if (watch.isIdle) {
          watch.stop();
          if (watches.get(key) === watch) watches.delete(key);
        }
      }
    },
  };
}

/** One segment that somebody follows. */
class Watch {
  readonly #options: SegmentCountsOptions;
  readonly #segment: WatchedSegment;
  readonly #turn: Turn;
  readonly #stopped = new AbortController();
  readonly #followers = new Set<Waker>();
  readonly #waker = createWaker();
  #latest: LiveCount | undefined;
  #isOver = false;

  constructor(options: SegmentCountsOptions, segment: WatchedSegment, turn: Turn) {
    this.#options = options;
    this.#segment = segment;
    this.#turn = turn;
    void this.#listen();
    void this.#run();
  }

  get isIdle(): boolean {
    return this.#followers.size === 0;
  }

  stop(): void {
    this.#stopped.abort();
    this.#waker.wake();
  }

  async *follow(signal: AbortSignal): AsyncGenerator<LiveCount, void> {
    const waker = createWaker();
    this.#followers.add(waker);
    signal.addEventListener('abort', waker.wake, { once: true });
    let told: LiveCount | undefined;
    try {
      while (!signal.aborted && !this.#isOver) {
        if (this.#latest && this.#latest !== told) {
          told = this.#latest;
          yield told;
        } else await waker.rest(this.#options.againMs);
      }
    } finally {
      signal.removeEventListener('abort', waker.wake);
      this.#followers.delete(waker);
    }
  }

  async #listen(): Promise<void> {
    const { liveLog, log } = this.#options;
    try {
      for await (const { kind } of liveLog.follow(this.#segment.workspaceId, undefined, this.#stopped.signal)) {
        if (kind !== 'live') this.#waker.wake();
      }
    } catch (error) {
      log.warn({ err: error }, 'a segment is counted now and then only');
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted && !this.#isOver) {
      try {
        await this.#turn(() => this.#count());
      } catch (error) {
        this.#options.log.warn({ err: error }, 'a segment could not be counted, and will be tried again');
      }
      await wait(COLLECT_MS, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await this.#waker.rest(this.#options.againMs);
    }
  }

  async #count(): Promise<void> {
    const { database, now } = this.#options;
    const { workspaceId, segmentId, reach } = this.#segment;
    // It waited for its turn.
    if (this.#stopped.signal.aborted) return;
    const segment = await database.forTenant(workspaceId).findOne(Segment, { id: segmentId });
    if (segment) {
      const { filter } = segment;
      const countedAt = now();
      const counted = await countFilter({ database, now }, { workspaceId, filter, reach, timeoutMs: TIMEOUT_MS });
      const said = (live: Partial<LiveCount> | undefined) => JSON.stringify({ ...live, countedAt: null });
      const latest = { ...counted, filter, countedAt };
      if (said(latest) !== said(this.#latest)) this.#latest = latest;
    } else this.#isOver = true;
    for (const follower of this.#followers) follower.wake();
  }
}
