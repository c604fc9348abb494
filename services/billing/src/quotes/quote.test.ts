import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePriceBook, type PriceBook } from '../price-books/price-book.js';
import { recalculate, type DeliveredMessage } from '../ratings/recalculate.js';
import { regimeOn } from '../ratings/regimes.js';
import { quoteText, type QuoteReason } from './quote-reason.js';
import { quote, type PlannedMessages, type QuoteBasis } from './quote.rule.js';

function read(text: string): PriceBook {
  const parsed = parsePriceBook(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.book;
}
const shipped = readFileSync(new URL('../../data/rates.csv', import.meta.url), 'utf8');
const book = read(shipped);
/** Tiers so small that a few messages fill them, a fee and a tax. */
const tiered = read(
  [
    shipped.split('\n')[0],
    'PMP,Germany,service,EUR,0.05,,,2026-10-01,,seed,test',
    'PMP,Italy,service,EUR,0.02,,,2026-10-01,,seed,test',
    'PMP,Germany,utility,EUR,0.04,,,2026-10-01,,seed,test',
    'PMP,Germany,utility,EUR,0.04,0,3,2026-10-01,,seed,test',
    'PMP,Germany,utility,EUR,0.03,4,5,2026-10-01,,seed,test',
    'PMP,Germany,utility,EUR,0.02,6,,2026-10-01,,seed,test',
    'PARTNER,*,*,EUR,0.001,,,2026-10-01,,seed,test',
    'TAX,*,*,*,0.19,,,2026-10-01,,seed,test',
  ].join('\n'),
);

const reply: PlannedMessages = {
  category: 'service',
  recipientCountry: 'DE',
  isInWindow: true,
  isInEntryPoint: false,
  count: 1,
};
const basis: QuoteBasis = {
  at: new Date('2026-11-21T12:00:00Z'),
  currency: 'EUR',
  timeZone: 'Europe/Berlin',
  portfolioId: 'p',
  book,
  counted: new Map(),
  onTheirWay: new Map(),
};
const allowance = (left: number, mostLeft = left) => ({ size: 1_000, left, mostLeft });
const reasonsOf = (planned: PlannedMessages, more: Partial<QuoteBasis>): QuoteReason[] =>
  quote([planned], { ...basis, ...more }).lines[0]!.reasons;

describe('the quote of a reply', () => {
  it('says about 0.0456 €, because the free allowance of this number is used up', () => {
    const { micros, leastMicros, mostMicros, lines } = quote([reply], { ...basis, allowance: allowance(0) });
    expect([micros, leastMicros, mostMicros]).toEqual([45_600, 45_600, 45_600]);
    const { reasons } = lines[0]!;
    expect(reasons.map(({ code }) => code)).toEqual(['ALLOWANCE_USED_UP', 'RATE']);
    const amount = { amountMicros: micros, currency: 'EUR' };
    expect(quoteText(amount, reasons, 'EN')).toBe(
      'about €0.0456, because the free allowance of this number is used up and a service message to Germany costs €0.0456 (source: derived)',
    );
    expect(quoteText(amount, reasons, 'DE').replaceAll('\u00a0', ' ')).toBe(
      'etwa 0,0456 €, weil das Freikontingent dieser Nummer aufgebraucht ist und eine Nachricht der Kategorie service nach Germany 0,0456 € kostet (Quelle: derived)',
    );
  });

  it('is nothing as long as the allowance has some left, and in a free entry point', () => {
    expect(quote([reply], { ...basis, allowance: allowance(1) })).toMatchObject({ micros: 0, mostMicros: 0 });
    expect(reasonsOf(reply, { allowance: allowance(7) })).toEqual([
      { code: 'ALLOWANCE_LEFT', left: 7, size: 1_000, free: 1 },
    ]);
    expect(reasonsOf({ ...reply, isInEntryPoint: true }, { allowance: allowance(0) })).toEqual([
      { code: 'FREE', reason: 'FREE_ENTRY_POINT' },
    ]);
  });

  it('may be nothing, where messages on their way have taken the last free places', () => {
    const quoted = quote([reply], { ...basis, allowance: allowance(0, 2) });
    expect(quoted).toMatchObject({ micros: 45_600, leastMicros: 0, mostMicros: 45_600 });
    expect(quoted.lines[0]!.reasons).toContainEqual({ code: 'ALLOWANCE_UNCERTAIN', messages: 2 });
  });

  it('goes by the rules of the day on which it would be sent', () => {
    const at = new Date('2026-09-30T12:00:00Z');
    expect(reasonsOf(reply, { at })).toEqual([{ code: 'FREE', reason: 'CUSTOMER_SERVICE_WINDOW' }]);
  });

  it('is no zero where nothing fits', () => {
    const unknown = quote([{ ...reply, recipientCountry: undefined }], { ...basis, allowance: allowance(0) });
    expect(unknown.lines[0]).toMatchObject({ unquoted: 1, micros: 0 });
    expect(unknown.lines[0]!.reasons).toMatchObject([{ code: 'UNQUOTED', reason: 'RECIPIENT_COUNTRY_UNKNOWN' }]);
    expect(quoteText(null, unknown.lines[0]!.reasons, 'EN')).toContain('not known, because no price was found');
  });
});

describe('the quote of a list', () => {
  it('goes through the tiers from the place where the month is, with fee and tax on each message', () => {
    const utility = { ...reply, category: 'utility', count: 6 };
    const withTax = (micros: number) => Math.round((micros + 1_000) * 1.19);
    const month = `volume p|Germany|utility|EUR|2026-11|3,2`;
    expect(quote([utility], { ...basis, book: tiered }).micros).toBe(
      3 * withTax(40_000) + 2 * withTax(30_000) + withTax(20_000),
    );
    const later = quote([utility], { ...basis, book: tiered, counted: new Map([[month, 4]]) });
    expect(later.micros).toBe(withTax(30_000) + 5 * withTax(20_000));
    const two = quote(
      [
        { ...utility, count: 4 },
        { ...utility, count: 2 },
      ],
      { ...basis, book: tiered },
    );
    expect(two.lines.map(({ micros }) => micros)).toEqual([
      3 * withTax(40_000) + withTax(30_000),
      withTax(30_000) + withTax(20_000),
    ]);
  });

  it('gives what is free in the given order, at least to the dearest and at most to the cheapest', () => {
    const list = [
      { ...reply, recipientCountry: 'IT', count: 3 },
      { ...reply, recipientCountry: 'DE', count: 3 },
    ];
    const quoted = quote(list, { ...basis, allowance: allowance(4) });
    const [italy, germany] = [24_800, 45_600];
    expect(quoted).toMatchObject({
      micros: 2 * germany,
      leastMicros: 2 * italy,
      mostMicros: 2 * germany,
    });
    expect(quoted.lines.map(({ free }) => free)).toEqual([3, 1]);
  });

  it('begins in the tier that is reached when all that is on its way is delivered, at most in that of now', () => {
    const utility = { ...reply, category: 'utility', isInWindow: false, count: 2 };
    const counted = new Map([['volume p|Germany|utility|EUR|2026-11|3,2', 1]]);
    const onTheirWay = new Map([['p|Germany|utility|EUR|2026-11', 3]]);
    const withTax = (micros: number) => Math.round((micros + 1_000) * 1.19);
    const { micros, leastMicros, mostMicros } = quote([utility], { ...basis, book: tiered, counted, onTheirWay });
    // The fifth and the sixth; else the second and the third.
    const cheaper = withTax(30_000) + withTax(20_000);
    expect([micros, leastMicros, mostMicros]).toEqual([cheaper, cheaper, 2 * withTax(40_000)]);
  });

  it('is between its bounds, however much of what is on its way is delivered before', () => {
    const [counts, others] = [fc.integer({ min: 1, max: 8 }), fc.nat(8)];
    fc.assert(
      fc.property(counts, others, others, fc.nat(8), (count, charged, onItsWay, some) => {
        const utility = { ...reply, category: 'utility', isInWindow: false, count };
        const [key, volume] = ['volume p|Germany|utility|EUR|2026-11|3,2', 'p|Germany|utility|EUR|2026-11'];
        const known = { ...basis, book: tiered, onTheirWay: new Map([[volume, onItsWay]]) };
        const quoted = quote([utility], { ...known, counted: new Map([[key, charged]]) });
        const delivered = charged + Math.min(some, onItsWay);
        const { micros } = quote([utility], {
          ...known,
          counted: new Map([[key, delivered]]),
          onTheirWay: new Map(),
        });
        expect(micros).toBeGreaterThanOrEqual(quoted.leastMicros);
        expect(micros).toBeLessThanOrEqual(quoted.mostMicros);
      }),
    );
  });

  it('is what the same messages cost when they are delivered one after the other', () => {
    const planned = fc.record<PlannedMessages>({
      category: fc.constantFrom('service', 'utility', 'marketing'),
      recipientCountry: fc.constantFrom('DE', 'IT', 'US', undefined),
      isInWindow: fc.boolean(),
      isInEntryPoint: fc.constantFrom(false, false, true),
      count: fc.integer({ min: 1, max: 12 }),
    });
    const regime = regimeOn('2026-11-21');
    fc.assert(
      fc.property(
        fc.array(planned, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 0, max: 30 }),
        fc.constantFrom(book, tiered),
        (list, left, prices) => {
          const delivered = (each: PlannedMessages, index: number, second: number): DeliveredMessage => ({
            ...each,
            messageId: String(index).padStart(9, '0'),
            deliveredAt: new Date(basis.at.getTime() + second),
            channelId: 'c',
            threadId: 't',
            accountId: 'a',
            portfolioId: 'p',
            currency: 'EUR',
            accountTimeZone: 'Europe/Berlin',
          });
          // What uses up the allowance of 1,000 before.
          const before = Array.from({ length: 1_000 - left }, (_, index) => delivered(reply, index, 0));
          const messages = list.flatMap((each) => Array.from({ length: each.count }, () => each));
          const after = messages.map((each, index) => delivered(each, 2_000 + index, 1 + index));
          const ratings = recalculate([...before, ...after], regime, prices);
          let micros = 0;
          let unquoted = 0;
          for (const { messageId } of after) {
            const rating = ratings.get(messageId)!;
            if (rating.kind === 'unrated') unquoted += 1;
            else micros += rating.surcharges.reduce((sum, each) => sum + each.amountMicros, rating.amountMicros);
          }
          const quoted = quote(list, { ...basis, book: prices, allowance: allowance(left) });
          expect(quoted.micros).toBe(micros);
          expect(quoted.lines.reduce((sum, line) => sum + line.unquoted, 0)).toBe(unquoted);
          expect(quoted.leastMicros).toBeLessThanOrEqual(quoted.micros);
          expect(quoted.mostMicros).toBeGreaterThanOrEqual(quoted.micros);
        },
      ),
      { numRuns: 40 },
    );
  });
});
