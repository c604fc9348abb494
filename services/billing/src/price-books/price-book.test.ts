import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MARKET_NAMES } from './market.js';
import { formatMicros, formatPriceBook, lookupRate, parseMicros, parsePriceBook } from './price-book.js';
import type { PriceBook, Rate, RateQuery } from './price-book.js';

const FILE = readFileSync(new URL('../../data/rates.csv', import.meta.url), 'utf8');
const HEADER = FILE.slice(0, FILE.indexOf('\n'));

function bookOf(text: string): PriceBook {
  const parsed = parsePriceBook(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.book;
}

function problemsOf(...lines: string[]): string[] {
  const parsed = parsePriceBook([HEADER, ...lines].join('\n'));
  return parsed.ok ? [] : parsed.problems.map(({ line, column, message }) => `${line} ${column ?? '-'}: ${message}`);
}

describe('the price book that ships', () => {
  const book = bookOf(FILE);

  it('is valid and complete', () => {
    expect(book.rates).toHaveLength(787);
    expect(book.rates[0]).toEqual({
      line: 2,
      model: 'PMP',
      market: 'Argentina',
      category: 'marketing',
      currency: 'USD',
      rateMicros: 61_800,
      effectiveFrom: '2026-10-01',
      confidence: 'official',
      source: 'Meta USD rate card 2026-10-01 XLSX (sha256 94913fa225da0093...)',
    });
    expect(book.rates.at(-1)!.line).toBe(788);
  });

  it('names exactly the markets that a recipient can have', () => {
    const named = new Set(book.rates.map((rate) => rate.market));
    named.delete('*');
    expect([...named].sort()).toEqual([...MARKET_NAMES].sort());
  });

  it('is written back byte for byte', () => {
    expect(formatPriceBook(book.rates)).toBe(FILE);
  });

  it('has the hash of its content as its version', () => {
    expect(book.version).toMatch(/^[0-9a-f]{64}$/);
    expect(bookOf(FILE).version).toBe(book.version);
    expect(bookOf(FILE.replace('0.0618', '0.0619')).version).not.toBe(book.version);
  });

  const rate = (
    market: RateQuery['market'],
    category: string,
    currency: string,
    localDate: string,
    monthlyVolume?: number,
    model = 'PMP',
  ) => lookupRate(book, { model, market, category, currency, localDate, monthlyVolume });

  it.each([
    ['Germany', 'service', 'EUR', '2026-11-21', 45_600],
    ['Germany', 'service', 'EUR', '2026-10-01', 45_600],
    ['Germany', 'service', 'EUR', '2026-09-30', 0],
    ['Germany', 'service', 'USD', '2026-11-21', 55_000],
    ['Germany', 'marketing', 'EUR', '2026-11-21', 113_100],
    ['Germany', 'marketing', 'USD', '2026-11-21', 136_500],
    ['Rest of Western Europe', 'service', 'EUR', '2026-11-21', 14_200],
    ['United Kingdom', 'marketing', 'USD', '2026-06-30', 52_900],
    ['United Kingdom', 'marketing', 'USD', '2026-07-01', 63_500],
    ['France', 'marketing', 'USD', '2025-12-31', 143_200],
    ['France', 'marketing', 'USD', '2026-01-01', 85_900],
    ['North America', 'utility', 'USD', '2025-12-31', 4_000],
    ['North America', 'utility', 'USD', '2026-01-01', 3_400],
    ['India', 'marketing', 'USD', '2026-11-21', 11_800],
    ['Other', 'marketing', 'USD', '2026-11-21', 60_400],
  ] as const)('%s %s %s on %s costs %i micros', (market, category, currency, localDate, micros) => {
    expect(rate(market, category, currency, localDate)?.rateMicros).toBe(micros);
  });

  it.each([
    ['Germany', 'marketing', 'EUR', '2024-03-01', 'CBP', 113_100],
    ['Germany', 'service', 'EUR', '2024-10-31', 'CBP', 67_900],
    ['Germany', 'business_initiated', 'EUR', '2022-06-01', 'CBP-2022', 113_100],
    ['Germany', 'user_initiated', 'EUR', '2022-06-01', 'CBP-2022', 67_900],
  ] as const)('%s %s %s on %s under %s costs %i micros', (market, category, currency, localDate, model, micros) => {
    expect(rate(market, category, currency, localDate, undefined, model)?.rateMicros).toBe(micros);
  });

  it('answers for all markets and currencies where the book does', () => {
    expect(rate('Peru', 'service', 'SGD', '2024-11-01', undefined, 'CBP')).toMatchObject({
      market: '*',
      rateMicros: 0,
    });
    expect(rate('Peru', 'service', 'SGD', '2024-10-31', undefined, 'CBP')).toBeUndefined();
  });

  it('answers with the former region before a market was named', () => {
    expect(rate('Poland', 'utility', 'USD', '2026-07-01')).toMatchObject({ market: 'Poland', rateMicros: 12_200 });
    expect(rate('Poland', 'utility', 'USD', '2026-06-30')).toMatchObject({
      market: 'Rest of Central & Eastern Europe',
      rateMicros: 21_200,
    });
    expect(rate('Kazakhstan', 'utility', 'USD', '2026-10-01')).toMatchObject({
      market: 'Kazakhstan',
      rateMicros: 18_000,
    });
    expect(rate('Kazakhstan', 'utility', 'USD', '2026-09-30')).toMatchObject({ market: 'Other', rateMicros: 7_700 });
  });

  it('does not answer with the former region once the market is named', () => {
    expect(rate('Poland', 'marketing', 'EUR', '2026-06-30')).toMatchObject({
      market: 'Rest of Central & Eastern Europe',
    });
    expect(rate('Poland', 'marketing', 'EUR', '2026-07-01')).toBeUndefined();
  });

  it('never converts a currency', () => {
    expect(rate('Germany', 'marketing', 'GBP', '2026-11-21')).toBeUndefined();
  });

  it.each([
    [undefined, 55_000, undefined],
    [0, 55_000, 0],
    [99_999, 55_000, 0],
    [100_000, 52_300, 100_001],
    [999_999, 52_300, 100_001],
    [1_000_000, 49_500, 1_000_001],
    [4_500_000, 46_800, 4_500_001],
    [40_000_000, 44_000, 40_000_001],
    [80_000_000, 41_300, 80_000_001],
    [900_000_000, 41_300, 80_000_001],
  ])('utility to Germany after %o charged messages costs %i micros', (monthlyVolume, rateMicros, volumeFrom) => {
    const found = rate('Germany', 'utility', 'USD', '2026-11-21', monthlyVolume);
    expect(found).toMatchObject({ rateMicros });
    expect(found!.volumeFrom).toBe(volumeFrom);
  });

  it('has its own tiers for authentication, and none for marketing', () => {
    expect(rate('Germany', 'authentication', 'USD', '2026-11-21', 300_000)!.rateMicros).toBe(52_300);
    expect(rate('Germany', 'authentication', 'USD', '2026-11-21', 299_999)!.rateMicros).toBe(55_000);
    expect(rate('Germany', 'marketing', 'USD', '2026-11-21', 99_000_000)!.rateMicros).toBe(136_500);
  });

  it('refuses a volume that cannot be one', () => {
    expect(() => rate('Germany', 'utility', 'USD', '2026-11-21', -1)).toThrow(RangeError);
    expect(() => rate('Germany', 'utility', 'USD', '2026-11-21', 1.5)).toThrow(RangeError);
  });
});

describe('a price book with mistakes', () => {
  it('is refused with every bad row and its line', () => {
    expect(
      problemsOf(
        'PMP,Germany,service,EUR,0.0456,,,2026-10-01,,official,x',
        'XMP,Germny,servce,eur,0.0456,,,2026-10-01,,official,x',
        'PMP,France,service,EUR,-0.0456,,,2026-10-01,,official,x',
        'PMP,Spain,service,EUR,"0,0456",,,2026-10-01,,official,x',
        'PMP,Italy,service,EUR,0.0456001,,,2026-10-01,,official,x',
        'PMP,Peru,service,EUR,0.0456,,,2026-02-30,2026-13-01,guess,',
        'PMP,Chile,service,EUR,0.0456,,,2026-10-02,2026-10-01,official,x',
        'PMP,Brazil,utility,EUR,0.0456,ten,-1,2026-10-01,,official,x',
        'PMP,Egypt,utility,EUR,0.0456,,5,2026-10-01,,official,x',
        'PMP,Egypt,utility',
        'PMP,*,service,*,0.0456,,,2026-10-01,,official,x',
      ),
    ).toEqual([
      '3 model: "XMP" is not one of PMP, CBP, CBP-2022, PARTNER, PARTNER-SHARE, TAX, TOKENS',
      '3 market: "Germny" is not a market of the rate cards',
      '3 category: "servce" is not one of marketing, utility, authentication, authentication_international, service, business_initiated, user_initiated, business_agent, *',
      '3 currency: "eur" is not an ISO 4217 code',
      '4 rate: "-0.0456" is not a non-negative decimal with at most six places',
      '5 rate: "0,0456" is not a non-negative decimal with at most six places',
      '6 rate: "0.0456001" is not a non-negative decimal with at most six places',
      '7 effective_from: "2026-02-30" is not a date YYYY-MM-DD',
      '7 effective_to: "2026-13-01" is not a date YYYY-MM-DD or empty',
      '7 confidence: "guess" is not one of official, transcribed, derived, estimate, seed',
      '7 source: "" is not a source',
      '8 effective_to: "2026-10-01" is not on or after effective_from',
      '9 volume_from: "ten" is not a whole number',
      '9 volume_to: "-1" is not a whole number',
      '10 volume_to: "5" is not usable without volume_from',
      '11 -: 3 columns instead of 11',
      '12 currency: "*" is not a currency for a rate other than zero',
    ]);
  });

  it('is refused for overlaps and gaps between periods', () => {
    expect(
      problemsOf(
        'PMP,Germany,service,EUR,0.0456,,,2026-10-01,,official,x',
        'PMP,Germany,service,EUR,0.0457,,,2027-01-01,,official,x',
        'PMP,France,service,EUR,0.0456,,,2026-10-01,2026-12-31,official,x',
        'PMP,France,service,EUR,0.0457,,,2026-12-31,,official,x',
        'PMP,Spain,service,EUR,0.0456,,,2026-10-01,2026-12-31,official,x',
        'PMP,Spain,service,EUR,0.0457,,,2027-01-02,,official,x',
        'PMP,Italy,service,EUR,0.0456,,,2026-10-01,2026-12-31,official,x',
        'PMP,Italy,service,EUR,0.0457,,,2027-01-01,,official,x',
      ),
    ).toEqual([
      '3 effective_from: overlaps the period of line 2',
      '5 effective_from: overlaps the period of line 4',
      '7 effective_from: leaves a gap after the period of line 6',
    ]);
  });

  it('is refused for overlaps and gaps between tiers', () => {
    expect(
      problemsOf(
        'PMP,Germany,utility,EUR,0.04,0,100,2026-10-01,,official,x',
        'PMP,Germany,utility,EUR,0.03,102,200,2026-10-01,,official,x',
        'PMP,Germany,utility,EUR,0.02,200,,2026-10-01,,official,x',
        'PMP,France,utility,EUR,0.04,1,,2026-10-01,,official,x',
        'PMP,Spain,utility,EUR,0.04,0,,2026-10-01,,official,x',
        'PMP,Spain,utility,EUR,0.03,100,200,2026-10-01,,official,x',
        'PMP,Italy,utility,EUR,0.04,0,,2026-10-01,,official,x',
        'PMP,Italy,utility,EUR,0.03,0,,2026-11-01,,official,x',
      ),
    ).toEqual([
      '3 volume_from: tiers have a gap or overlap: expected 101',
      '4 volume_from: tiers have a gap or overlap: expected 201',
      '5 volume_from: tiers have a gap or overlap: expected 0',
      '7 volume_from: tiers overlap: the one before is open',
      '7 volume_to: the last tier must be open',
      '9 effective_from: overlaps the period of line 8',
    ]);
  });

  it.each([
    ['', [{ line: 1, message: `the header must be ${HEADER}` }]],
    ['model,market\n', [{ line: 1, message: `the header must be ${HEADER}` }]],
    [`${HEADER}\n`, [{ line: 1, message: 'the file has no rates' }]],
  ])('is refused when it is no price book: %o', (text, problems) => {
    expect(parsePriceBook(text)).toEqual({ ok: false, problems });
  });

  it('is refused when it is no CSV', () => {
    const parsed = parsePriceBook(`${HEADER}\nPMP,"Germany,service`);
    expect(parsed).toMatchObject({ ok: false, problems: [{ line: 2 }] });
  });
});

describe('amounts', () => {
  it.each([
    ['0.0456', 45_600],
    ['0.1131', 113_100],
    ['0', 0],
    ['0.0000', 0],
    ['0.000001', 1],
    ['2280.5', 2_280_500_000],
  ])('%s is %i micros', (text, micros) => {
    expect(parseMicros(text)).toBe(micros);
  });

  it.each(['', '.5', '1.', '-1', '+1', '1e3', '1,5', ' 1', '0x1', 'NaN', '0.0000001', '1234567890'])(
    '%o is no amount',
    (text) => {
      expect(parseMicros(text)).toBeUndefined();
    },
  );

  it('below zero are written with a minus', () => {
    expect(formatMicros(-45_600)).toBe('-0.0456');
  });

  it('parse and format are inverse', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999_999_999 }), (micros) => {
        expect(parseMicros(formatMicros(micros))).toBe(micros);
      }),
    );
  });
});

describe('any price book', () => {
  const isoDay = fc
    .integer({ min: 19_000, max: 22_000 })
    .map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10));
  const rates = fc
    .uniqueArray(
      fc.record({
        model: fc.constantFrom('PMP', 'CBP', 'CBP-2022'),
        market: fc.constantFrom(...MARKET_NAMES),
        category: fc.constantFrom('marketing', 'utility', 'service'),
        currency: fc.constantFrom('EUR', 'USD', 'IDR'),
        rateMicros: fc.integer({ min: 0, max: 5_000_000_000 }),
        effectiveFrom: isoDay,
        confidence: fc.constantFrom('official', 'estimate'),
        source: fc.string({ minLength: 1 }).filter((text) => text.trim() !== ''),
      }),
      { minLength: 1, selector: (rate) => `${rate.model}${rate.market}${rate.category}${rate.currency}` },
    )
    .map((list): Rate[] => list.map((rate, index) => ({ ...rate, line: index + 2 })));

  it('survives being written and read', () => {
    fc.assert(
      fc.property(rates, (list) => {
        expect(bookOf(formatPriceBook(list)).rates).toEqual(list);
      }),
    );
  });

  it('answers with a row that is in force, or with none', () => {
    fc.assert(
      fc.property(rates, isoDay, fc.nat(), (list, localDate, pick) => {
        const wanted = list[pick % list.length]!;
        const { model, category, currency } = wanted;
        const market = wanted.market === '*' ? 'Other' : wanted.market;
        const found = lookupRate(bookOf(formatPriceBook(list)), { model, market, category, currency, localDate });
        if (localDate >= wanted.effectiveFrom) expect(found).toEqual(wanted);
        else expect(found === undefined || found.effectiveFrom <= localDate).toBe(true);
      }),
    );
  });
});
