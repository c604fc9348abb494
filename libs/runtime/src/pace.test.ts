import { describe, expect, it } from 'vitest';
import { createPace } from './pace.js';

describe('a pace', () => {
  it('lets the first step begin at once, the next ones so far apart, and one after a rest at once again', async () => {
    let now = 1_000;
    const waits: number[] = [];
    const sleep = async (ms: number) => {
      waits.push(ms);
      now += ms;
    };
    const pace = createPace(10, () => now, sleep);
    await pace();
    now += 4;
    await pace();
    await pace();
    now += 10;
    await pace();
    expect(waits).toEqual([6, 10]);
  });
});
