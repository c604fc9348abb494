export interface EventQueueOptions {
  /** How many unread items are enough. */
  limit: number;
  onFull: () => void;
  onEmpty: () => void;
  /** The reader stopped early. */
  onReturn: () => void;
}

export interface EventQueue<T> {
  push(item: T): void;
  /** What was pushed before is read first; then `next()` rejects. */
  fail(error: Error): void;
  end(): void;
  readonly iterator: AsyncIterableIterator<T>;
}

/** From pushed items to an async iterator, telling the source when to pause. */
export function createEventQueue<T>({ limit, onFull, onEmpty, onReturn }: EventQueueOptions): EventQueue<T> {
  const items: T[] = [];
  let waiting: PromiseWithResolvers<IteratorResult<T>> | undefined;
  let outcome: { error?: Error } | undefined;
  let isFull = false;

  const finish = (result: { error?: Error }) => {
    if (outcome) return;
    outcome = result;
    if (!waiting) return;
    if (result.error) waiting.reject(result.error);
    else waiting.resolve({ done: true, value: undefined });
    waiting = undefined;
  };

  return {
    push(item) {
      if (outcome) return;
      if (waiting) {
        waiting.resolve({ done: false, value: item });
        waiting = undefined;
        return;
      }
      items.push(item);
      if (items.length >= limit && !isFull) {
        isFull = true;
        onFull();
      }
    },
    fail: (error) => finish({ error }),
    end: () => finish({}),
    iterator: {
      [Symbol.asyncIterator]() {
        return this;
      },
      next() {
        const item = items.shift();
        if (isFull && items.length === 0) {
          isFull = false;
          onEmpty();
        }
        if (item !== undefined) return Promise.resolve({ done: false, value: item });
        if (outcome?.error) {
          const { error } = outcome;
          outcome = {};
          return Promise.reject(error);
        }
        if (outcome) return Promise.resolve({ done: true, value: undefined });
        waiting = Promise.withResolvers();
        return waiting.promise;
      },
      return() {
        items.length = 0;
        finish({});
        onReturn();
        return Promise.resolve({ done: true, value: undefined });
      },
    },
  };
}
