import type { PriceBook, Rate } from './price-book.js';

export const DIFFERENCE_KINDS = ['ADDED', 'REMOVED', 'CHANGED'] as const;

/** What another price book says otherwise of one model, market, category, currency, tier and beginning. */
export interface RateDifference {
  kind: (typeof DIFFERENCE_KINDS)[number];
  /** Names what it is about, and its place among the differences. */
  key: string;
  before: Rate | undefined;
  after: Rate | undefined;
}

/** All differences, in an order that depends on nothing but what they are about. */
export function comparePriceBooks(before: PriceBook, after: PriceBook): RateDifference[] {
  const known = new Map(before.rates.map((rate) => [keyOf(rate), rate]));
  const differences: RateDifference[] = [];
  for (const rate of after.rates) {
    const key = keyOf(rate);
    const former = known.get(key);
    known.delete(key);
    if (!former) differences.push({ kind: 'ADDED', key, before: undefined, after: rate });
    else if (!saysTheSame(former, rate)) differences.push({ kind: 'CHANGED', key, before: former, after: rate });
  }
  for (const [key, rate] of known) differences.push({ kind: 'REMOVED', key, before: rate, after: undefined });
  return differences.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** The first day on which the books have another price for something; undefined where all prices are the same. */
export function firstChangedDay(differences: readonly RateDifference[]): string | undefined {
  const days = differences.flatMap(({ before, after }) => {
    if (before && after && before.rateMicros === after.rateMicros && before.volumeTo === after.volumeTo) {
      // Only the end has moved: nothing is another price before the earlier one.
      const ends = [before.effectiveTo, after.effectiveTo].filter((end) => end !== undefined);
      return before.effectiveTo === after.effectiveTo ? [] : [ends.toSorted()[0]!];
    }
    return [(before ?? after)!.effectiveFrom];
  });
  return days.toSorted()[0];
}

function keyOf({ model, market, category, currency, volumeFrom, effectiveFrom }: Rate): string {
  const tier = volumeFrom === undefined ? '' : String(volumeFrom).padStart(15, '0');
  return [model, market, category, currency, effectiveFrom, tier].join('|');
}

function saysTheSame(a: Rate, b: Rate): boolean {
  const said = ({ rateMicros, volumeTo, effectiveTo, confidence, source }: Rate) =>
    [rateMicros, volumeTo, effectiveTo, confidence, source].join('|');
  return said(a) === said(b);
}
