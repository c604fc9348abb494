/**
 * An async generator that waits for its next event cannot be ended from outside: `return()` queues behind the
 * wait. This gives it a signal that aborts when its consumer goes.
 */
export function cancellable<T>(
  start: (signal: AbortSignal) => AsyncGenerator<T, void>,
): AsyncIterableIterator<T, void> {
  const gone = new AbortController();
  const events = start(gone.signal);
  return {
    next: () => events.next(),
    async return() {
      gone.abort();
      return events.return();
    },
    async throw(error) {
      gone.abort();
      return events.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
