/**
 * Maps up to `concurrency` items at a time and yields the results in the order of the items.
 * An error of the source comes after the results of all items before it.
 */
export async function* mapInOrder<T, R>(
  source: AsyncIterable<T>,
  concurrency: number,
  map: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  type Step = { value: R } | { done: true } | { error: unknown };
  const iterator = source[Symbol.asyncIterator]();
  const steps: Promise<Step>[] = [];
  let isReading = false;
  let hasEnded = false;
  let wake = Promise.withResolvers<void>();

  const read = async () => {
    if (isReading || hasEnded) return;
    isReading = true;
    while (!hasEnded && steps.length < concurrency) {
      let step: Promise<Step>;
      try {
        const { done, value } = await iterator.next();
        if (done) hasEnded = true;
        step = done
          ? Promise.resolve({ done: true })
          : map(value).then(
              (mapped) => ({ value: mapped }),
              (error: unknown) => ({ error }),
            );
      } catch (error) {
        hasEnded = true;
        step = Promise.resolve({ error });
      }
      steps.push(step);
      wake.resolve();
    }
    isReading = false;
  };

  try {
    for (;;) {
      void read();
      if (steps.length === 0) {
        wake = Promise.withResolvers();
        await wake.promise;
      }
      const step = await steps[0]!;
      void steps.shift();
      if ('done' in step) return;
      if ('error' in step) throw step.error;
      yield step.value;
    }
  } finally {
    hasEnded = true;
    await iterator.return?.();
  }
}
