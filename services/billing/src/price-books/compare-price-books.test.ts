import { describe, expect, it } from 'vitest';
import { comparePriceBooks, firstChangedDay } from './compare-price-books.js';
import { parsePriceBook, type PriceBook } from './price-book.js';

function bookOf(...lines: string[]): PriceBook {
  const header =
    'model,market,category,currency,rate,volume_from,volume_to,effective_from,effective_to,confidence,source';
  const parsed = parsePriceBook([header, ...lines].join('\n'));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.book;
}
const GERMANY = 'PMP,Germany,service,EUR,0.0456,,,2026-10-01,,derived,list';
const FRANCE = 'PMP,France,service,EUR,0.0248,,,2026-10-01,,derived,list';

describe('what another price book says otherwise', () => {
  it('is nothing where it says the same in another order', () => {
    expect(comparePriceBooks(bookOf(GERMANY, FRANCE), bookOf(FRANCE, GERMANY))).toEqual([]);
  });

  it('is each rate that is new, gone or another one', () => {
    const differences = comparePriceBooks(
      bookOf(GERMANY, FRANCE),
      bookOf(GERMANY.replace('0.0456', '0.0450'), 'PMP,Spain,service,EUR,0.0166,,,2026-10-01,,derived,list'),
    );
    expect(differences.map(({ kind, before, after }) => [kind, (after ?? before)!.market])).toEqual([
      ['REMOVED', 'France'],
      ['CHANGED', 'Germany'],
      ['ADDED', 'Spain'],
    ]);
    expect(differences[1]).toMatchObject({ before: { rateMicros: 45_600 }, after: { rateMicros: 45_000 } });
    expect(firstChangedDay(differences)).toBe('2026-10-01');
  });

  it('of a rate that ends because another follows is a price only from then on', () => {
    const differences = comparePriceBooks(
      bookOf(GERMANY),
      bookOf(
        'PMP,Germany,service,EUR,0.0456,,,2026-10-01,2026-12-31,derived,list',
        'PMP,Germany,service,EUR,0.0500,,,2027-01-01,,official,list',
      ),
    );
    expect(differences.map(({ kind }) => kind)).toEqual(['CHANGED', 'ADDED']);
    expect(firstChangedDay(differences)).toBe('2026-12-31');
  });

  it('of its source alone is no other price', () => {
    const differences = comparePriceBooks(bookOf(GERMANY), bookOf(GERMANY.replace('derived', 'official')));
    expect(differences).toMatchObject([{ kind: 'CHANGED', after: { confidence: 'official' } }]);
    expect(firstChangedDay(differences)).toBeUndefined();
  });
});
