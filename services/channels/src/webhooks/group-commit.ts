/** Thrown to those who come while too much waits already: nothing of theirs was stored. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';
}

/** The store took too long. What was handed over may still become durable, so it must be repeatable. */
export class OverdueError extends Error {
  override readonly name = 'OverdueError';
}

export interface GroupCommitOptions<T> {
  /** Makes a whole group durable, or nothing of it. */
  commit(group: readonly T[]): Promise<void>;
  /** Makes a single element durable that `commit` refused on its own. A rejection goes to whoever added it. */
  commitPoison(element: T, error: unknown): Promise<void>;
  /** Whether the fault lies with the store and not with an element: then nobody is tried alone. */
  isTransient(error: unknown): boolean;
  maxGroup: number;
  maxGroupBytes: number;
  maxWaiting: number;
  maxWaitingBytes: number;
  /**
   * Between two commits others may come along: three times as long as the first took, counted from its beginning, but at
   * most so many milliseconds, and no longer once so many wait. By default nobody waits.
   */
  gather?: { maxMs: number; enough: number };
  /** After this many milliseconds a commit is no longer waited for. */
  overdueMs: number;
}

export interface GroupCommit<T> {
  /**
   * Resolves when the element is durable.
   * @throws OverloadedError, OverdueError, or what the store threw.
   */
  add(element: T, bytes: number): Promise<void>;
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>;
}

const GATHER_FACTOR = 3;

interface Waiting<T> {
  element: T;
  bytes: number;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * One commit for everybody who comes at the same time: a flush to disk costs the same for one row as for two
 * hundred. When the store is idle, and was so for a moment, a commit begins at the end of this turn of the event
 * loop; whoever comes while it is under way makes up the next group. Order of arrival is order of commit.
 */
export function createGroupCommit<T>(options: GroupCommitOptions<T>): GroupCommit<T> {
  const { commit, commitPoison, isTransient } = options;
  let waiting: Waiting<T>[] = [];
  let waitingBytes = 0;
  let running: Promise<void> | undefined;
  let mayBeginAt = Number.NEGATIVE_INFINITY;
  let haveEnough = () => {};

  /** What a commit sets off further on costs nearly the same for one as for many: under load fewer are faster. */
  async function gather({ enough }: { enough: number }): Promise<void> {
    const ms = mayBeginAt - performance.now();
    if (ms <= 0 || waiting.length >= enough) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      haveEnough = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    haveEnough = () => {};
  }

  function takeGroup(): Waiting<T>[] {
    let count = 0;
    let bytes = 0;
    for (const each of waiting) {
      if (count === options.maxGroup || (count > 0 && bytes + each.bytes > options.maxGroupBytes)) break;
      count += 1;
      bytes += each.bytes;
    }
    waitingBytes -= bytes;
    return waiting.splice(0, count);
  }

  async function run(): Promise<void> {
    await new Promise(setImmediate);
    while (waiting.length > 0) {
      if (options.gather) await gather(options.gather);
      const group = takeGroup();
      const beganAt = performance.now();
      try {
        await inTime(commitGroup(group));
      } catch (error) {
        // What waits behind a store that does not answer would be answered too late.
        const left = waiting;
        waiting = [];
        waitingBytes = 0;
        for (const each of [...group, ...left]) each.reject(error);
      }
      const tookMs = performance.now() - beganAt;
      mayBeginAt = beganAt + Math.min(GATHER_FACTOR * tookMs, options.gather?.maxMs ?? 0);
    }
    running = undefined;
  }

  /** Rejects only if it takes too long. */
  async function inTime(work: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const overdue = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new OverdueError('The store does not answer in time.')), options.overdueMs);
    });
    try {
      await Promise.race([work, overdue]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Never rejects: it settles each element. */
  async function commitGroup(group: readonly Waiting<T>[]): Promise<void> {
    try {
      await commit(group.map((each) => each.element));
      for (const each of group) each.resolve();
    } catch (error) {
      if (isTransient(error)) for (const each of group) each.reject(error);
      else if (group.length === 1) await settle(group[0]!, () => commitPoison(group[0]!.element, error));
      else for (const each of group) await commitGroup([each]);
    }
  }

  async function settle(each: Waiting<T>, work: () => Promise<void>): Promise<void> {
    await work().then(each.resolve, each.reject);
  }

  return {
    add(element, bytes) {
      if (waiting.length >= options.maxWaiting || waitingBytes + bytes > options.maxWaitingBytes) {
        return Promise.reject(new OverloadedError('Too much waits to be stored.'));
      }
      return new Promise((resolve, reject) => {
        waiting.push({ element, bytes, resolve, reject });
        waitingBytes += bytes;
        running ??= run();
        if (waiting.length === options.gather?.enough) haveEnough();
      });
    },
    async idle() {
      await running;
    },
  };
}
