import { describe, expect, it } from 'vitest';
import { deadlineOf, isOverdue } from './deadline.rule.js';

describe('the deadline of a copy', () => {
  it.each([
    ['2026-11-22T13:00:00Z', false, '2026-12-22T13:00:00.000Z'],
    ['2026-11-22T13:00:00Z', true, '2027-02-22T13:00:00.000Z'],
    ['2027-01-31T13:00:00Z', false, '2027-02-28T13:00:00.000Z'],
    ['2028-01-31T13:00:00Z', false, '2028-02-29T13:00:00.000Z'],
    ['2026-11-30T13:00:00Z', true, '2027-02-28T13:00:00.000Z'],
    ['2026-12-31T23:59:59Z', false, '2027-01-31T23:59:59.000Z'],
  ])('given %s, extended %s, is %s', (receivedAt, isExtended, due) => {
    expect(deadlineOf(new Date(receivedAt), { isExtended }).toISOString()).toBe(due);
  });

  it('is missed by whoever answered later, or has not yet', () => {
    const dueAt = new Date('2026-12-22T13:00:00Z');
    const early = new Date('2026-12-22T13:00:00Z');
    const late = new Date('2026-12-22T13:00:01Z');
    expect(isOverdue({ dueAt, answeredAt: null, refusedAt: null }, early)).toBe(false);
    expect(isOverdue({ dueAt, answeredAt: null, refusedAt: null }, late)).toBe(true);
    expect(isOverdue({ dueAt, answeredAt: early, refusedAt: null }, late)).toBe(false);
    expect(isOverdue({ dueAt, answeredAt: null, refusedAt: early }, late)).toBe(false);
    expect(isOverdue({ dueAt, answeredAt: late, refusedAt: null }, late)).toBe(true);
  });
});
