import { describe, expect, it } from 'vitest';
import { isReviewDay, isReviewDue } from './legal-hold.rule.js';

const NOW = new Date('2026-11-22T17:00:00Z');

describe('the day of a review', () => {
  it.each([
    ['2026-11-23', true],
    ['2028-02-29', true],
    ['2028-11-22', true],
    ['2026-11-22', false],
    ['2020-01-01', false],
    ['2027-02-29', false],
    ['2029-11-22', false],
    ['23.11.2026', false],
    ['', false],
  ])('given %j, may be chosen: %s', (day, expected) => {
    expect(isReviewDay(day, NOW)).toBe(expected);
  });

  it('is due from that day on, for what is still in force', () => {
    expect(isReviewDue({ releasedAt: null, reviewOn: '2026-11-22' }, NOW)).toBe(true);
    expect(isReviewDue({ releasedAt: null, reviewOn: '2026-11-23' }, NOW)).toBe(false);
    expect(isReviewDue({ releasedAt: NOW, reviewOn: '2026-11-01' }, NOW)).toBe(false);
  });
});
