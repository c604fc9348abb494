import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createCollector } from './collector.js';

const stored: number[][] = [];
let fails = false;
const failures: number[] = [];

function collector() {
  return createCollector<number>({
    collectMs: 100,
    retryMs: 1_000,
    async store(items) {
      if (fails) throw new Error('away');
      stored.push([...items]);
    },
    onFailure(_error, waiting) {
      failures.push(waiting.length);
      return waiting.slice(-3);
    },
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  stored.length = 0;
  failures.length = 0;
  fails = false;
  return () => void vi.useRealTimers();
});

describe('What comes one at a time', () => {
  it('is stored together after a while', async () => {
    const numbers = collector();
    numbers.add(1);
    numbers.add(2, 3);
    await vi.advanceTimersByTimeAsync(99);
    expect(stored).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(stored).toEqual([[1, 2, 3]]);
    expect(numbers.size).toBe(0);
  });

  it('is stored at once when that is asked for, and not again later', async () => {
    const numbers = collector();
    numbers.add(1);
    expect(await numbers.flush()).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(stored).toEqual([[1]]);
  });

  it('waits after a failure, as far as there is room, and comes first then', async () => {
    const numbers = collector();
    fails = true;
    numbers.add(1, 2, 3, 4);
    await vi.advanceTimersByTimeAsync(100);
    expect(failures).toEqual([4]);
    expect(numbers.size).toBe(3);
    numbers.add(5);
    fails = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(stored).toEqual([[2, 3, 4, 5]]);
  });

  it('is stored when it stops; what cannot be is lost, and that is said', async () => {
    const [good, bad] = [collector(), collector()];
    good.add(1);
    expect(await good.stop()).toBe(true);
    fails = true;
    bad.add(2);
    expect(await bad.stop()).toBe(false);
    fails = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(stored).toEqual([[1]]);
  });
});
