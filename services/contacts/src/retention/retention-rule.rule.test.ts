import { retentionClass } from '@fenster/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutoffOf, isWithinBounds, RETENTION_BOUNDS } from './retention-rule.rule.js';

describe('a rule of retention', () => {
  it.each([
    ['MESSAGES', 1, true],
    ['MESSAGES', 36, true],
    ['MESSAGES', 0, false],
    ['MESSAGES', 37, false],
    ['MESSAGES', 1.5, false],
    ['AUDIT_LOG', 23, false],
    ['AUDIT_LOG', 24, true],
    ['AUDIT_LOG', 25, false],
  ] as const)('given %s and %d months, may be set: %s', (of, months, expected) => {
    expect(isWithinBounds(of, months)).toBe(expected);
  });

  it.each([
    ['2026-11-22T12:00:00.000Z', 1, '2026-10-22T12:00:00.000Z'],
    ['2026-03-31T12:00:00.000Z', 1, '2026-02-28T12:00:00.000Z'],
    ['2028-02-29T12:00:00.000Z', 24, '2026-02-28T12:00:00.000Z'],
  ])('on %s and after %d months, lets go what is older than %s', (now, months, before) => {
    expect(cutoffOf({ retentionClass: 'MESSAGES', months }, new Date(now))).toEqual({
      retentionClass: 'MESSAGES',
      months,
      before,
    });
  });

  it('never lets go what is younger than 28 days for each month', () => {
    const arbitraryRule = fc.constantFrom(...retentionClass.options).chain((of) => {
      const { minMonths: min, maxMonths: max } = RETENTION_BOUNDS[of];
      return fc.record({ retentionClass: fc.constant(of), months: fc.integer({ min, max }) });
    });
    const arbitraryNow = fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(arbitraryRule, arbitraryNow, (rule, now) => {
        const age = now.getTime() - Date.parse(cutoffOf(rule, now).before);
        expect(age).toBeGreaterThanOrEqual(rule.months * 28 * 86_400_000);
      }),
    );
  });
});
