import { describe, expect, it } from 'vitest';
import {
  ACCOUNT_LIMIT,
  ADDRESS_LIMIT,
  countAttempt,
  takeBack,
  waitOf,
  type AttemptLimit,
  type AttemptRecord,
} from './attempt-limit.js';

const START = new Date('2026-11-21T10:00:00Z');
const LIMIT: AttemptLimit = { free: 3, forgetsOneAfterMs: 60_000, firstDelayMs: 1_000, maxDelayMs: 10_000 };
const NEVER: AttemptRecord = { level: 0, countedAt: START, blockedUntil: null };
const after = (ms: number) => new Date(START.getTime() + ms);

/** Tries as soon as it may, so many times: the waits between the attempts. */
function guess(times: number, limit = LIMIT): { record: AttemptRecord; waits: number[]; now: Date } {
  let record = NEVER;
  let now = START;
  const waits: number[] = [];
  for (let each = 0; each < times; each += 1) {
    const wait = waitOf(record, now);
    waits.push(wait);
    now = new Date(now.getTime() + wait);
    record = countAttempt(record, limit, now);
  }
  return { record, waits, now };
}

describe('an attempt limit', () => {
  it('given few attempts, then there is no delay', () => {
    expect(guess(3).waits).toEqual([0, 0, 0]);
    expect(waitOf(guess(3).record, START)).toBe(0);
  });

  it('given more, then each doubles the delay, up to the longest', () => {
    expect(guess(9).waits).toEqual([0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000, 10_000]);
  });

  it('given time without attempts, then it forgets one after another', () => {
    const { record, now } = guess(4);
    const later = new Date(now.getTime() + 60_000);
    expect(countAttempt(record, LIMIT, later).level).toBe(4);
    expect(countAttempt(record, LIMIT, after(3_600_000))).toEqual({
      level: 1,
      countedAt: after(3_600_000),
      blockedUntil: null,
    });
  });

  it('given a clock that was set back, then nothing is forgotten', () => {
    expect(countAttempt({ ...NEVER, level: 2 }, LIMIT, after(-3_600_000)).level).toBe(3);
  });

  it('given an attempt that succeeded, then it alone does not count', () => {
    const { record } = guess(3);
    const succeeded = takeBack(countAttempt(record, LIMIT, START), LIMIT);
    expect(succeeded.level).toBe(record.level);
    expect(waitOf(succeeded, START)).toBe(0);
    expect(takeBack(NEVER, LIMIT).level).toBe(0);
  });

  it('given a success beyond the free attempts, then the delay of those that failed stays', () => {
    const { record, now } = guess(7);
    expect(waitOf(takeBack(record, LIMIT), now)).toBe(8_000);
  });

  it.each([
    ['an account', ACCOUNT_LIMIT, 160],
    ['an address', ADDRESS_LIMIT, 2_950],
  ])('leaves for %s so many guesses in a day', (_what, limit, most) => {
    let record = NEVER;
    let now = START;
    let guesses = 0;
    for (; now < after(86_400_000); now = new Date(now.getTime() + waitOf(record, now))) {
      record = countAttempt(record, limit, now);
      guesses += 1;
    }
    expect(guesses).toBeLessThan(most);
  });
});
