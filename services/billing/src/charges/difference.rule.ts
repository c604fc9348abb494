import type { Standing } from './standing.js';

/** What we expected of a message by our own figures, and what the provider said. */
export interface Difference {
  kind: 'CATEGORY' | 'ALLOWANCE' | 'WINDOW' | 'AMOUNT';
  expected: { category: string; freeReason: string | null; amountMicros: number };
  actual: { category: string; freeReason: string | null; amountMicros: number };
  currency: string;
}

/**
 * Where the provider's word differs from ours: a template has another category, an allowance is used up that has some
 * left by our count, a window is not open. The greatest cause is told, once for each message.
 */
export function differenceOf(before: readonly Standing[], after: readonly Standing[]): Difference | undefined {
  const ours = before.find(({ line, state }) => line === 'MESSAGE' && state === 'QUOTED');
  const theirs = after.find(({ line, state }) => line === 'MESSAGE' && state !== 'QUOTED');
  if (!ours || !theirs) return undefined;
  const expected = figures(ours);
  const actual = figures(theirs);
  const kind = kindOf(expected, actual);
  return kind && { kind, expected, actual, currency: theirs.currency };
}

function kindOf(expected: Difference['expected'], actual: Difference['actual']): Difference['kind'] | undefined {
  if (expected.freeReason !== actual.freeReason) {
    const reasons = [expected.freeReason, actual.freeReason];
    if (expected.category !== actual.category && actual.freeReason !== 'FREE_ENTRY_POINT') return 'CATEGORY';
    return reasons.includes('FREE_ENTRY_POINT') || !reasons.includes('SERVICE_ALLOWANCE') ? 'WINDOW' : 'ALLOWANCE';
  }
  if (expected.category !== actual.category) return actual.freeReason === 'FREE_ENTRY_POINT' ? undefined : 'CATEGORY';
  return expected.amountMicros === actual.amountMicros ? undefined : 'AMOUNT';
}

function figures({ category, freeReason, amountMicros, expectedMicros }: Standing): Difference['expected'] {
  return { category, freeReason, amountMicros: amountMicros + expectedMicros };
}
