import { createSourceEventStream, execute, type ExecutionArgs, type ExecutionResult } from 'graphql';

/**
 * Like graphql-js' `subscribe`, for sources that hand over lists: events that are there together. Each list gets a
 * context of its own: loaders must not answer an event with rows that they read before it happened. Events are
 * executed in order, one at a time.
 */
export async function subscribeToBatches(
  args: ExecutionArgs,
  newContext: () => unknown,
): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
  const source = await createSourceEventStream(args);
  if (!(Symbol.asyncIterator in source)) return source;
  const batches = source[Symbol.asyncIterator]() as AsyncIterator<readonly unknown[], void>;
  let events: ArrayIterator<unknown> = [].values();
  let contextValue: unknown;
  // Not a generator: `return` must reach the source at once, also while it waits for an event.
  const results: AsyncIterableIterator<ExecutionResult> = {
    async next() {
      for (;;) {
        const event = events.next();
        if (!event.done)
          return { done: false, value: await execute({ ...args, rootValue: event.value, contextValue }) };
        const batch = await batches.next();
        if (batch.done) return { done: true, value: undefined };
        events = batch.value.values();
        contextValue = newContext();
      }
    },
    async return() {
      events = [].values();
      await batches.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return results;
    },
  };
  return results;
}
