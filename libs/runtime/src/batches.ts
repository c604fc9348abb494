/**
 * Takes together what a source has ready, at most `max` items, and waits only when it has nothing. An error of the
 * source comes after the items before it.
 */
export async function* inBatches<T>(source: AsyncIterable<T>, max: number): AsyncGenerator<T[], void> {
  const iterator = source[Symbol.asyncIterator]();
  let pending: Promise<IteratorResult<T>> | undefined;
  try {
    for (;;) {
      const first = await (pending ?? iterator.next());
      pending = undefined;
      if (first.done) return;
      const batch = [first.value];
      while (batch.length < max) {
        pending = iterator.next();
        // A rejection stays in `pending` and comes up at the next turn.
        const next = await Promise.race([pending, endOfTurn()]).catch((): typeof NOTHING_YET => NOTHING_YET);
        if (next === NOTHING_YET || next.done) break;
        batch.push(next.value);
        pending = undefined;
      }
      yield batch;
    }
  } finally {
    const ended = iterator.return?.();
    // While a source waits for its next item, its end waits as well.
    if (pending) ended?.catch(() => undefined);
    else await ended;
  }
}

const NOTHING_YET: unique symbol = Symbol('nothing yet');

function endOfTurn(): Promise<typeof NOTHING_YET> {
  return new Promise((resolve) => setImmediate(resolve, NOTHING_YET));
}
