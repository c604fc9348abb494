import { describe, expect, it } from 'vitest';
import { inBatches } from './batches.js';

async function* from<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}

async function collect<T>(batches: AsyncIterable<T[]>): Promise<T[][]> {
  const collected: T[][] = [];
  for await (const batch of batches) collected.push(batch);
  return collected;
}

describe('taking in batches', () => {
  it('takes what is ready, and never more than allowed', async () => {
    expect(await collect(inBatches(from(1, 2, 3, 4, 5), 2))).toEqual([[1, 2], [3, 4], [5]]);
    expect(await collect(inBatches(from(), 2))).toEqual([]);
  });

  it('does not wait for more once it has something', async () => {
    const second = Promise.withResolvers<number>();
    async function* slow() {
      yield 1;
      yield await second.promise;
    }
    const batches = inBatches(slow(), 10);
    expect(await batches.next()).toEqual({ done: false, value: [1] });
    second.resolve(2);
    expect(await batches.next()).toEqual({ done: false, value: [2] });
    expect(await batches.next()).toEqual({ done: true, value: undefined });
  });

  it('hands over what came before an error, then the error', async () => {
    async function* failing() {
      yield 1;
      yield 2;
      throw new Error('gone');
    }
    const batches = inBatches(failing(), 10);
    expect(await batches.next()).toEqual({ done: false, value: [1, 2] });
    await expect(batches.next()).rejects.toThrow('gone');
  });

  it('ends its source when it is ended, also while the source has nothing', async () => {
    let isEnded = false;
    const never: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => {
        let count = 0;
        return {
          next: () => (count++ === 0 ? Promise.resolve({ done: false, value: 1 }) : new Promise<never>(() => {})),
          return: () => {
            isEnded = true;
            return new Promise<never>(() => {});
          },
        };
      },
    };
    for await (const batch of inBatches(never, 10)) {
      expect(batch).toEqual([1]);
      break;
    }
    expect(isEnded).toBe(true);
  });
});
