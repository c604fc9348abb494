/**
 * The source of a subscription: lists of events that are there together. An async generator that waits for its next
 * list cannot be ended from outside: `return()` queues behind the wait. This gives it a signal that aborts when its
 * consumer goes.
 */
export function cancellable<T>(
  start: (signal: AbortSignal) => AsyncGenerator<readonly T[], void>,
): AsyncIterableIterator<readonly T[], void> {
  const gone = new AbortController();
  const batches = start(gone.signal);
  return {
    next: () => batches.next(),
    async return() {
      gone.abort();
      return batches.return();
    },
    async throw(error) {
      gone.abort();
      return batches.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
