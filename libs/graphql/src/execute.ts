import { createSourceEventStream, execute, type ExecutionArgs, type ExecutionResult } from 'graphql';

/**
 * Like graphql-js' `subscribe`, but each event gets a context of its own: loaders must not answer one event with
 * rows that they read for an earlier one. Events are executed in order, one at a time.
 */
export async function subscribeWithFreshContext(
  args: ExecutionArgs,
  newContext: () => unknown,
): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
  const source = await createSourceEventStream(args);
  if (!(Symbol.asyncIterator in source)) return source;
  const events = source[Symbol.asyncIterator]();
  // Not a generator: `return` must reach the source at once, also while it waits for an event.
  const results: AsyncIterableIterator<ExecutionResult> = {
    async next() {
      const { done, value } = await events.next();
      if (done) return { done, value: undefined };
      return { done: false, value: await execute({ ...args, rootValue: value, contextValue: newContext() }) };
    },
    async return() {
      await events.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return results;
    },
  };
  return results;
}
