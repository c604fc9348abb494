import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explainDifferences, type ComparedLine, type LedgerFigures } from './explain-differences.rule.js';

const REPLY = 45_600;
/** Charged replies to Germany: as many as we say, as many as the provider says, at the same price. */
function line(
  ours: number,
  theirs: number,
  parts: Partial<Omit<ComparedLine, 'ledger' | 'provider'>> & {
    ledger?: Partial<LedgerFigures>;
    provider?: Partial<ComparedLine['provider']>;
    price?: number;
  } = {},
): ComparedLine {
  const { ledger, provider, price = REPLY, ...key } = parts;
  return {
    market: 'Germany',
    category: 'service',
    freeReason: null,
    ...key,
    ledger: {
      messages: ours,
      amountMicros: ours * price,
      atEnds: 0,
      beyondEnds: 0,
      pending: 0,
      tiers: {},
      ...ledger,
    },
    provider: { messages: theirs, amountMicros: theirs * price, tiers: {}, roundings: 0, ...provider },
  };
}
const explained = (...lines: ComparedLine[]) => explainDifferences(lines);
const FREE = { freeReason: 'SERVICE_ALLOWANCE', price: 0 };
const MARKETING = { category: 'marketing', price: 113_100 };
const UTILITY = { category: 'utility' };

describe('a difference from what the provider counted', () => {
  it('is none where both say the same', () => {
    expect(explained(line(7, 7), line(3, 3, MARKETING))).toEqual([[], []]);
  });

  it('is a missing status, given that so many are on their way', () => {
    expect(explained(line(7, 9, { ledger: { pending: 5 } }))).toEqual([
      [{ cause: 'MISSING_STATUS', messages: 2, amountMicros: 2 * REPLY }],
    ]);
  });

  it('is a missing status for those on their way only, and unexplained for the others', () => {
    expect(explained(line(7, 10, { ledger: { pending: 1 } }))).toEqual([
      [
        { cause: 'MISSING_STATUS', messages: 1, amountMicros: REPLY },
        { cause: 'UNEXPLAINED', messages: 2, amountMicros: 2 * REPLY },
      ],
    ]);
  });

  it('is no missing status where the provider has fewer, whatever is on its way', () => {
    expect(explained(line(9, 7, { ledger: { pending: 5 } }))).toEqual([
      [{ cause: 'UNEXPLAINED', messages: -2, amountMicros: -2 * REPLY }],
    ]);
  });

  it('is another category, where what one line lacks another one of its market has too many', () => {
    expect(explained(line(10, 8, UTILITY), line(5, 7, MARKETING))).toEqual([
      [
        {
          cause: 'DIFFERENT_CATEGORY',
          messages: -2,
          amountMicros: -2 * REPLY,
          counterpart: { market: 'Germany', category: 'marketing', freeReason: null },
        },
      ],
      [
        {
          cause: 'DIFFERENT_CATEGORY',
          messages: 2,
          amountMicros: 2 * 113_100,
          counterpart: { market: 'Germany', category: 'utility', freeReason: null },
        },
      ],
    ]);
  });

  it('is another type, where it is of the same category and free on one side', () => {
    expect(explained(line(4, 1, FREE), line(1, 2, MARKETING), line(10, 12)).map(([first]) => first)).toMatchObject([
      { cause: 'DIFFERENT_TYPE', messages: -2, amountMicros: 0 },
      { cause: 'DIFFERENT_CATEGORY', messages: 1, amountMicros: 113_100 },
      { cause: 'DIFFERENT_TYPE', messages: 2, amountMicros: 2 * REPLY },
    ]);
  });

  it('is no other category in another market', () => {
    expect(explained(line(10, 8, UTILITY), line(5, 7, { ...MARKETING, market: 'France' }))).toMatchObject([
      [{ cause: 'UNEXPLAINED' }],
      [{ cause: 'UNEXPLAINED' }],
    ]);
  });

  it('is a late delivery, where so many were delivered at an end of the month and are counted in another one', () => {
    expect(explained(line(10, 8, { ledger: { atEnds: 3 } }))).toEqual([
      [{ cause: 'LATE_DELIVERY', messages: -2, amountMicros: -2 * REPLY }],
    ]);
    expect(explained(line(10, 13, { ledger: { atEnds: 9, beyondEnds: 2 } }))).toEqual([
      [
        { cause: 'LATE_DELIVERY', messages: 2, amountMicros: 2 * REPLY },
        { cause: 'UNEXPLAINED', messages: 1, amountMicros: REPLY },
      ],
    ]);
  });

  it('is another tier, where as many messages have the prices of other volumes', () => {
    const tiers = { ...UTILITY, price: 55_000, ledger: { tiers: { '0:100000': 10 } } };
    const provider = { amountMicros: 10 * 55_000 - 4 * 2_700, tiers: { '0:100000': 6, '100001:1000000': 4 } };
    expect(explained(line(10, 10, { ...tiers, provider }))).toEqual([
      [{ cause: 'DIFFERENT_TIER', messages: 0, amountMicros: -10_800 }],
    ]);
    // The same tiers are no reason.
    expect(explained(line(10, 10, { ...tiers, provider: { ...provider, tiers: { '0:100000': 10 } } }))).toMatchObject([
      [{ cause: 'UNEXPLAINED', amountMicros: -10_800 }],
    ]);
  });

  it('is rounding, up to half a cent for each figure that was rounded', () => {
    const off = (micros: number) => line(10, 10, { provider: { amountMicros: 10 * REPLY + micros, roundings: 2 } });
    expect(explained(off(10_000), off(-10_000))).toMatchObject([
      [{ cause: 'CURRENCY_ROUNDING', amountMicros: 10_000 }],
      [{ cause: 'CURRENCY_ROUNDING', amountMicros: -10_000 }],
    ]);
    expect(explained(off(10_001))).toMatchObject([[{ cause: 'UNEXPLAINED', amountMicros: 10_001 }]]);
  });

  it('is explained as far as it goes, and added up to the whole in any case', () => {
    const count = fc.nat(40);
    const figures = fc.record({ messages: count, amountMicros: fc.nat(5_000_000) });
    const anyLine = fc.record({
      market: fc.constantFrom('Germany', 'France', null),
      category: fc.constantFrom('service', 'utility', 'marketing'),
      freeReason: fc.constantFrom(null, 'SERVICE_ALLOWANCE'),
      ledger: fc.tuple(figures, count, count, count).map(([own, atEnds, beyondEnds, pending]) => ({
        ...own,
        atEnds,
        beyondEnds,
        pending,
        tiers: {},
      })),
      provider: fc.tuple(figures, fc.nat(3)).map(([own, roundings]) => ({ ...own, roundings, tiers: {} })),
    });
    fc.assert(
      fc.property(fc.array(anyLine, { maxLength: 12 }), (lines) => {
        explainDifferences(lines).forEach((causes, index) => {
          const { ledger, provider } = lines[index]!;
          const sum = (figure: 'messages' | 'amountMicros') => causes.reduce((all, each) => all + each[figure], 0);
          expect(ledger.messages + sum('messages')).toBe(provider.messages);
          expect(ledger.amountMicros + sum('amountMicros')).toBe(provider.amountMicros);
        });
      }),
    );
  });
});
