export interface CollectorOptions<T> {
  /** How long the first waits for others to come along, in milliseconds. */
  collectMs: number;
  /** After a failure, in milliseconds. */
  retryMs: number;
  store(items: readonly T[]): Promise<void>;
  /** What is kept of all that waits when storing failed, e.g. the latest of them. */
  onFailure(error: unknown, waiting: readonly T[]): readonly T[];
}

/** Stores many things at once that come one at a time, soon and not at once: storing each would cost more than what they are about. */
export interface Collector<T> {
  readonly size: number;
  add(...items: T[]): void;
  /** Stores what is there. False if that failed: it will be tried again. */
  flush(): Promise<boolean>;
  /** The last try. False if something is lost. */
  stop(): Promise<boolean>;
}

export function createCollector<T>({ collectMs, retryMs, store, onFailure }: CollectorOptions<T>): Collector<T> {
  let waiting: T[] = [];
  let timer: NodeJS.Timeout | undefined;
  let storing: Promise<boolean> | undefined;

  function collect(ms: number): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void flush();
    }, ms);
  }

  function flush(): Promise<boolean> {
    storing ??= storeAll().finally(() => (storing = undefined));
    return storing;
  }

  async function storeAll(): Promise<boolean> {
    while (waiting.length > 0) {
      const items = waiting;
      waiting = [];
      try {
        await store(items);
      } catch (error) {
        waiting = [...onFailure(error, [...items, ...waiting])];
        collect(retryMs);
        return false;
      }
    }
    return true;
  }

  return {
    get size() {
      return waiting.length;
    },
    add(...items) {
      waiting.push(...items);
      collect(collectMs);
    },
    flush,
    async stop() {
      clearTimeout(timer);
      await storing;
      const isStored = await flush();
      clearTimeout(timer);
      return isStored;
    },
  };
}
