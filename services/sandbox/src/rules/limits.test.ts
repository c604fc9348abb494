import { describe, expect, it } from 'vitest';
import { admit, numberRate, PAIR_RATE, type Rate } from './limits.js';

/** How many of `count` messages at `nowMs` pass, and the state after them. */
function send(count: number, nowMs: number, rate: Rate, from = 0): { passed: number; dueAt: number } {
  let dueAt = from;
  let passed = 0;
  for (let i = 0; i < count; i++) {
    const next = admit(dueAt, nowMs, rate);
    if (next === undefined) continue;
    dueAt = next;
    passed++;
  }
  return { passed, dueAt };
}

describe('the limit of a pair', () => {
  it('takes 45 messages at once, then one in six seconds', () => {
    const first = send(60, 1_000_000, PAIR_RATE);
    expect(first.passed).toBe(45);
    expect(send(9, 1_005_999, PAIR_RATE, first.dueAt).passed).toBe(0);
    const second = send(9, 1_006_000, PAIR_RATE, first.dueAt);
    expect(second.passed).toBe(1);
    expect(send(60, 1_006_000 + 45 * 6_000, PAIR_RATE, second.dueAt).passed).toBe(45);
  });
});

describe('the throughput of a number', () => {
  it.each([80, 1_000])('is %i a second', (perSecond) => {
    const rate = numberRate(perSecond);
    const first = send(2 * perSecond, 5_000, rate);
    expect(first.passed).toBe(perSecond);
    expect(send(2 * perSecond, 5_500, rate, first.dueAt).passed).toBe(perSecond / 2);
  });

  it('does not close the number when the clock is moved back', () => {
    const { dueAt } = send(80, Date.UTC(2026, 10, 21), numberRate(80));
    expect(admit(dueAt, Date.UTC(2024, 10, 21), numberRate(80))).toBe(Date.UTC(2024, 10, 21) + 12.5);
  });
});
