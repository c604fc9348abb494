import { describe, expect, it } from 'vitest';
import { mapInOrder } from './map-in-order.js';

async function* from<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

describe('mapInOrder', () => {
  it('keeps the order though later items are ready first', async () => {
    const ready = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
    const mapped = collect(
      mapInOrder(from(0, 1, 2, 3), 4, async (item) => {
        await ready[item]!.promise;
        return item;
      }),
    );
    for (const { resolve } of ready.toReversed()) resolve();
    expect(await mapped).toEqual([0, 1, 2, 3]);
  });

  it('has no more in flight than allowed', async () => {
    let inFlight = 0;
    let most = 0;
    const mapped = mapInOrder(from(...Array.from({ length: 50 }, (_, index) => index)), 4, async (item) => {
      most = Math.max(most, ++inFlight);
      await new Promise((resolve) => setImmediate(resolve));
      inFlight--;
      return item;
    });
    expect(await collect(mapped)).toHaveLength(50);
    expect(most).toBe(4);
  });

  it('gives what came before an error of the source, then the error', async () => {
    const source = async function* () {
      yield 1;
      yield 2;
      throw new Error('broken');
    };
    const seen: number[] = [];
    await expect(async () => {
      for await (const item of mapInOrder(source(), 4, async (each) => each)) seen.push(item);
    }).rejects.toThrow('broken');
    expect(seen).toEqual([1, 2]);
  });

  it('ends with an error of the mapping, and ends the source', async () => {
    let hasEnded = false;
    const source = async function* () {
      try {
        for (let item = 0; ; item++) yield item;
      } finally {
        hasEnded = true;
      }
    };
    const mapped = mapInOrder(source(), 2, async (item) => {
      if (item === 3) throw new Error('cannot');
      return item;
    });
    await expect(collect(mapped)).rejects.toThrow('cannot');
    expect(hasEnded).toBe(true);
  });

  it('ends the source when its reader stops', async () => {
    let hasEnded = false;
    const source = async function* () {
      try {
        for (let item = 0; ; item++) yield item;
      } finally {
        hasEnded = true;
      }
    };
    for await (const item of mapInOrder(source(), 2, async (each) => each)) if (item === 5) break;
    expect(hasEnded).toBe(true);
  });
});
