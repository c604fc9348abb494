import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WHATSAPP_LIMITS } from '../providers/whatsapp-cloud/capabilities.js';
import {
  afterTaking,
  emptyUntil,
  messagesPerSecond,
  nextTokenAt,
  numberRule,
  peoplePerDay,
  tokensLeft,
  type BucketRule,
} from './token-bucket.rule.js';

const T = Date.UTC(2026, 10, 22, 12);
const PAIR = WHATSAPP_LIMITS.pair!;
const SECOND = 1_000;

/** Somebody who takes whatever there is, each time after some pause; returns when each token was taken. */
function takeGreedily(rule: BucketRule, pauses: readonly number[], wanted: readonly number[] = []): number[] {
  const taken: number[] = [];
  let fullAt = 0;
  let now = T;
  for (const [index, pause] of pauses.entries()) {
    now += pause;
    const count = Math.min(tokensLeft(rule, fullAt, now), wanted[index] ?? Infinity);
    fullAt = afterTaking(rule, fullAt, now, count);
    taken.push(...Array.from({ length: count }, () => now));
  }
  return taken;
}

describe('what one person gets', () => {
  it('given nothing was sent lately, may be 45 messages at once, and no more', () => {
    expect(tokensLeft(PAIR, 0, T)).toBe(45);
    const fullAt = afterTaking(PAIR, 0, T, 45);
    expect(tokensLeft(PAIR, fullAt, T)).toBe(0);
  });

  it('given the credit is used up, is one message in six seconds', () => {
    const fullAt = afterTaking(PAIR, 0, T, 45);
    expect(nextTokenAt(PAIR, fullAt)).toBe(T + 6 * SECOND);
    expect(tokensLeft(PAIR, fullAt, T + 6 * SECOND - 1)).toBe(0);
    expect(tokensLeft(PAIR, fullAt, T + 6 * SECOND)).toBe(1);
    expect(tokensLeft(PAIR, fullAt, T + 60 * SECOND)).toBe(10);
  });

  it('given the credit is used up, is full again after the time that its messages would have taken', () => {
    const fullAt = afterTaking(PAIR, 0, T, 45);
    expect(tokensLeft(PAIR, fullAt, T + 44 * 6 * SECOND)).toBe(44);
    expect(tokensLeft(PAIR, fullAt, T + 45 * 6 * SECOND)).toBe(45);
    expect(tokensLeft(PAIR, fullAt, T + 450 * 6 * SECOND)).toBe(45);
  });

  it('when the provider says that it is too much, is nothing until then, and one in six seconds afterwards', () => {
    const until = T + 16 * SECOND;
    const fullAt = emptyUntil(PAIR, afterTaking(PAIR, 0, T, 3), until);
    expect(tokensLeft(PAIR, fullAt, until - 1)).toBe(0);
    expect(tokensLeft(PAIR, fullAt, until)).toBe(1);
    const next = afterTaking(PAIR, fullAt, until, 1);
    expect(nextTokenAt(PAIR, next)).toBe(until + 6 * SECOND);
  });

  it('when the provider says less than we know, stays as it is', () => {
    const fullAt = afterTaking(PAIR, 0, T, 45) + 600 * SECOND;
    expect(emptyUntil(PAIR, fullAt, T + SECOND)).toBe(fullAt);
  });
});

describe('what a number sends', () => {
  it.each([1, 2, 10, 20, 80, 1_000])(
    'is never more than %i messages in any second, and nearly as many',
    (perSecond) => {
      fc.assert(
        fc.property(
          fc.array(fc.double({ min: 0, max: 400, noNaN: true }), { minLength: 1, maxLength: 60 }),
          fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 60 }),
          (pauses, wanted) => {
            const taken = takeGreedily(numberRule(perSecond), pauses, wanted);
            for (const [index, at] of taken.entries()) {
              const after = taken[index + perSecond];
              expect(after === undefined || after - at > SECOND - 0.01).toBe(true);
            }
          },
        ),
      );
      const tenSeconds = takeGreedily(
        numberRule(perSecond),
        Array.from({ length: 20_000 }, () => 0.5),
      );
      expect(tenSeconds.length).toBeGreaterThanOrEqual(perSecond * 9);
      expect(tenSeconds.length).toBeLessThanOrEqual(perSecond * 10 + 1);
    },
  );

  it('is what somebody set, else what its level allows', () => {
    expect(messagesPerSecond(WHATSAPP_LIMITS, null, null)).toBe(80);
    expect(messagesPerSecond(WHATSAPP_LIMITS, null, 'STANDARD')).toBe(80);
    expect(messagesPerSecond(WHATSAPP_LIMITS, null, 'HIGH')).toBe(1_000);
    expect(messagesPerSecond(WHATSAPP_LIMITS, 20, 'HIGH')).toBe(20);
    expect(messagesPerSecond({ messagesPerSecond: 1 }, null, 'HIGH')).toBe(1);
  });
});

describe('a bucket', () => {
  const rule = fc.record({
    intervalMs: fc.double({ min: 0.5, max: 10_000, noNaN: true }),
    capacity: fc.integer({ min: 1, max: 100 }),
  });
  const times = fc.array(fc.double({ min: 0, max: 20_000, noNaN: true }), { maxLength: 40 });

  it('gives in any stretch of time its capacity and what comes back in it, and no more', () => {
    fc.assert(
      fc.property(rule, times, (bucket, pauses) => {
        const taken = takeGreedily(bucket, pauses);
        for (let from = 0; from < taken.length; from += 7) {
          for (let to = from; to < taken.length; to += 5) {
            const allowed = bucket.capacity + (taken[to]! - taken[from]! + 0.01) / bucket.intervalMs;
            expect(to - from + 1).toBeLessThanOrEqual(allowed);
          }
        }
      }),
    );
  });

  it('has a token exactly from when it says on', () => {
    fc.assert(
      fc.property(rule, fc.integer({ min: 1, max: 100 }), (bucket, count) => {
        const fullAt = afterTaking(bucket, 0, T, Math.min(count, bucket.capacity));
        const next = Math.max(T, nextTokenAt(bucket, fullAt));
        expect(tokensLeft(bucket, fullAt, next)).toBeGreaterThanOrEqual(1);
        expect(next > T && tokensLeft(bucket, fullAt, next - 0.1) > 0).toBe(false);
      }),
    );
  });

  it('is the same whether tokens are taken together or one by one', () => {
    fc.assert(
      fc.property(rule, fc.integer({ min: 1, max: 50 }), (bucket, count) => {
        let one = 0;
        for (let index = 0; index < count; index += 1) one = afterTaking(bucket, one, T, 1);
        expect(one).toBeCloseTo(afterTaking(bucket, 0, T, count), 0);
      }),
    );
  });
});

describe('how many persons may be written to', () => {
  it.each([
    ['TIER_250', 250],
    ['TIER_2K', 2_000],
    ['TIER_100K', 100_000],
    ['TIER_UNLIMITED', undefined],
    ['TIER_NOT_SET', undefined],
    [null, undefined],
  ])('is what %s says', (tier, count) => {
    expect(peoplePerDay(tier)).toBe(count);
  });
});
