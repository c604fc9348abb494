import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePriceBook } from '../price-books/price-book.js';
import { localDateOf } from './local-date.js';
import { rateMessage } from './rate.js';
import type { MessageFacts, Rating } from './rate.js';
import type { ProviderPricing } from './verdict.js';

const parsed = parsePriceBook(readFileSync(new URL('../../data/rates.csv', import.meta.url), 'utf8'));
if (!parsed.ok) throw new Error('the price book is not valid');
const { book } = parsed;

const REGULAR_SERVICE: ProviderPricing = { model: 'PMP', category: 'service', type: 'regular', billable: true };
const LAST_MOMENT_OF_SEPTEMBER = new Date('2026-09-30T21:59:59.999Z');
const FIRST_MOMENT_OF_OCTOBER = new Date('2026-09-30T22:00:00.000Z');

function rate(pricing: Partial<ProviderPricing>, facts: Partial<MessageFacts> = {}): Rating {
  return rateMessage(
    {
      pricing: { ...REGULAR_SERVICE, ...pricing },
      recipientCountry: 'DE',
      currency: 'EUR',
      deliveredAt: new Date('2026-11-21T12:00:00Z'),
      accountTimeZone: 'Europe/Berlin',
      ...facts,
    },
    book,
  );
}

function factsOf(rating: Rating): Record<string, string | number | boolean> {
  return Object.fromEntries(rating.trace.map(({ fact, value }) => [fact, value]));
}

describe('a regular message', () => {
  it.each([
    ['service', 'DE', 'EUR', 45_600],
    ['utility', 'DE', 'EUR', 45_600],
    ['marketing', 'DE', 'EUR', 113_100],
    ['service', 'DE', 'USD', 55_000],
    ['marketing', 'AT', 'EUR', 49_000],
    ['service', 'GB', 'EUR', 18_200],
    ['service', 'US', 'EUR', 2_800],
    ['service', 'LU', 'EUR', 6_400],
    ['service', 'GR', 'USD', 21_200],
    ['marketing', 'US', 'USD', 25_000],
    ['marketing', 'DO', 'USD', 74_000],
    ['marketing', 'JM', 'USD', 74_000],
    ['marketing', 'PR', 'USD', 74_000],
    ['utility', 'RU', 'USD', 40_000],
    ['utility', 'KZ', 'USD', 18_000],
    ['authentication-international', 'IN', 'USD', 30_400],
    ['AUTHENTICATION_INTERNATIONAL', 'IN', 'USD', 30_400],
  ])('%s to %s in %s costs %i micros in November 2026', (category, recipientCountry, currency, amountMicros) => {
    expect(rate({ category }, { recipientCountry, currency })).toMatchObject({
      kind: 'charge',
      unit: 'message',
      amountMicros,
      currency,
    });
  });

  it('changes its price at midnight of the account, not of UTC', () => {
    expect(rate({}, { deliveredAt: LAST_MOMENT_OF_SEPTEMBER })).toMatchObject({
      localDate: '2026-09-30',
      amountMicros: 0,
    });
    expect(rate({}, { deliveredAt: FIRST_MOMENT_OF_OCTOBER })).toMatchObject({
      localDate: '2026-10-01',
      amountMicros: 45_600,
    });
    expect(rate({}, { deliveredAt: FIRST_MOMENT_OF_OCTOBER, accountTimeZone: 'America/New_York' })).toMatchObject({
      localDate: '2026-09-30',
      amountMicros: 0,
    });
  });

  it('follows a country into its own market at midnight of the account', () => {
    const toKazakhstan = { recipientCountry: 'KZ', currency: 'USD' };
    expect(rate({ category: 'utility' }, { ...toKazakhstan, deliveredAt: LAST_MOMENT_OF_SEPTEMBER })).toMatchObject({
      market: 'Other',
      amountMicros: 7_700,
    });
    expect(rate({ category: 'utility' }, { ...toKazakhstan, deliveredAt: FIRST_MOMENT_OF_OCTOBER })).toMatchObject({
      market: 'Kazakhstan',
      amountMicros: 18_000,
    });
  });

  it('gets the tier in which it lies', () => {
    const utility = (placeInMeter: number) => rate({ category: 'utility' }, { currency: 'USD', placeInMeter });
    expect(utility(99_999)).toMatchObject({ amountMicros: 55_000 });
    expect(utility(100_000)).toMatchObject({ amountMicros: 52_300 });
    expect(factsOf(utility(100_000))).toMatchObject({
      'rate.tier': '100001:1000000',
      'tier.volumeAtLeast': 100_000,
    });
  });

  it('is not made free a second time by the allowance', () => {
    expect(rate({}, { placeInMeter: 0 })).toMatchObject({ amountMicros: 45_600 });
  });

  it('is decided by its type when billable disagrees', () => {
    expect(rate({ billable: false })).toMatchObject({ amountMicros: 45_600 });
    expect(rate({ type: 'free_entry_point', billable: true })).toMatchObject({
      amountMicros: 0,
      freeReason: 'FREE_ENTRY_POINT',
    });
  });

  it('explains its amount with every fact behind it', () => {
    expect(rate({}, { deliveredAt: FIRST_MOMENT_OF_OCTOBER }).trace).toEqual([
      { fact: 'provider.model', value: 'PMP' },
      { fact: 'provider.category', value: 'service' },
      { fact: 'provider.type', value: 'regular' },
      { fact: 'provider.billable', value: true },
      { fact: 'delivery.at', value: '2026-09-30T22:00:00.000Z' },
      { fact: 'account.timeZone', value: 'Europe/Berlin' },
      { fact: 'account.currency', value: 'EUR' },
      { fact: 'delivery.localDate', value: '2026-10-01' },
      { fact: 'regime', value: '2026-10' },
      { fact: 'unit', value: 'message' },
      { fact: 'category', value: 'service' },
      { fact: 'recipient.country', value: 'DE' },
      { fact: 'market', value: 'Germany' },
      { fact: 'book.version', value: book.version },
      { fact: 'rate.line', value: expect.any(Number) },
      { fact: 'rate.model', value: 'PMP' },
      { fact: 'rate.market', value: 'Germany' },
      { fact: 'rate.category', value: 'service' },
      { fact: 'rate.currency', value: 'EUR' },
      { fact: 'rate.tier', value: 'list rate' },
      { fact: 'rate.micros', value: 45_600 },
      { fact: 'rate.effectiveFrom', value: '2026-10-01' },
      { fact: 'rate.confidence', value: 'derived' },
      { fact: 'rate.source', value: expect.stringContaining('service rate = utility') },
    ]);
  });

  it('says when its market was concluded, or has moved since', () => {
    expect(factsOf(rate({}, { recipientCountry: 'LU' }))['market.rule']).toContain('does not list');
    const moved = rate(
      { category: 'utility' },
      { recipientCountry: 'PL', currency: 'USD', deliveredAt: new Date('2026-05-01T00:00Z') },
    );
    expect(factsOf(moved)).toMatchObject({
      market: 'Rest of Central & Eastern Europe',
      'market.rule': 'became Poland later',
    });
  });

  it('shows when a price is only an estimate', () => {
    expect(rate({ category: 'marketing' }, { recipientCountry: 'IT' })).toMatchObject({
      rate: { confidence: 'estimate' },
    });
  });
});

describe('a free message', () => {
  it.each([
    ['free_customer_service', 'service', FIRST_MOMENT_OF_OCTOBER, 'SERVICE_ALLOWANCE'],
    ['free_customer_service', 'service', LAST_MOMENT_OF_SEPTEMBER, 'CUSTOMER_SERVICE_WINDOW'],
    ['free_customer_service', 'utility', LAST_MOMENT_OF_SEPTEMBER, 'CUSTOMER_SERVICE_WINDOW'],
    ['free_entry_point', 'marketing', FIRST_MOMENT_OF_OCTOBER, 'FREE_ENTRY_POINT'],
    ['free_entry_point', 'referral_conversion', FIRST_MOMENT_OF_OCTOBER, 'FREE_ENTRY_POINT'],
    ['FREE_ENTRY_POINT', 'service', FIRST_MOMENT_OF_OCTOBER, 'FREE_ENTRY_POINT'],
    ['free_group_customer_service', 'group_service', FIRST_MOMENT_OF_OCTOBER, 'GROUP_CUSTOMER_SERVICE'],
  ])('%s %s on %o costs nothing: %s', (type, category, deliveredAt, freeReason) => {
    const rating = rate({ type, category, billable: false }, { deliveredAt });
    expect(rating).toMatchObject({ kind: 'charge', amountMicros: 0, currency: 'EUR', freeReason });
    expect(factsOf(rating)['free']).toContain('says the provider');
  });

  it('is free even where no price is known', () => {
    expect(rate({ type: 'free_entry_point' }, { recipientCountry: undefined, currency: 'GBP' })).toMatchObject({
      kind: 'charge',
      amountMicros: 0,
      market: undefined,
    });
  });
});

describe('a conversation of the time before July 2025', () => {
  const inEurope = (date: string): Partial<MessageFacts> => ({
    deliveredAt: new Date(`${date}T12:00:00Z`),
    conversationKey: 'a',
  });

  it.each([
    ['marketing', true, '2024-03-01', 113_100],
    ['service', true, '2024-03-01', 67_900],
    ['service', true, '2024-11-01', 0],
    ['business_initiated', true, '2022-06-01', 113_100],
    ['user_initiated', true, '2022-06-01', 67_900],
  ])('%s, billable %s, on %s costs %i micros once per conversation', (category, billable, date, amountMicros) => {
    const rating = rate({ model: 'CBP', category, billable, type: undefined }, inEurope(date));
    expect(rating).toMatchObject({ kind: 'charge', unit: 'conversation', amountMicros });
    expect(rating).not.toHaveProperty('freeReason');
  });

  it('is free when the provider did not bill it, or when it came from an advertisement', () => {
    const service = rate({ model: 'CBP', billable: false, type: undefined }, inEurope('2024-03-01'));
    expect(service).toMatchObject({ kind: 'charge', amountMicros: 0, freeReason: 'SERVICE_ALLOWANCE' });
    const referral = rate(
      { model: 'CBP', category: 'referral_conversion', billable: undefined, type: undefined },
      inEurope('2024-03-01'),
    );
    expect(referral).toMatchObject({ kind: 'charge', amountMicros: 0, freeReason: 'FREE_ENTRY_POINT' });
  });
});

describe('a message in a conversation of the time before July 2025', () => {
  const marketing: Partial<ProviderPricing> = { model: 'CBP', category: 'marketing', type: undefined };
  const on = { deliveredAt: new Date('2024-03-01T12:00:00Z'), conversationKey: 'a' };

  it('is charged when it is the first, and free when another was delivered before', () => {
    expect(rate(marketing, { ...on, placeInMeter: 0 })).toMatchObject({ amountMicros: 113_100 });
    expect(rate(marketing, { ...on, placeInMeter: 1 })).toMatchObject({
      amountMicros: 0,
      freeReason: 'CONVERSATION_CHARGED',
    });
  });
});

describe('what is not on the rate card', () => {
  const lite = (currency: string) => rate({ category: 'marketing_lite', estimate: { amountMicros: 21_700, currency } });

  it('costs what the provider estimates, in the currency of the account', () => {
    expect(lite('EUR')).toMatchObject({ kind: 'charge', amountMicros: 21_700, category: 'marketing_lite' });
    expect(factsOf(lite('EUR'))).toMatchObject({ 'provider.estimate.micros': 21_700 });
  });

  it('is never converted', () => {
    expect(lite('USD')).toMatchObject({ kind: 'unrated', reason: 'RATE_MISSING' });
  });
});

describe('the fee of a partner and tax', () => {
  const withSurcharges = parsePriceBook(
    [
      'model,market,category,currency,rate,volume_from,volume_to,effective_from,effective_to,confidence,source',
      'PMP,Germany,marketing,EUR,0.1131,,,2026-10-01,,official,list',
      'PMP,Germany,service,EUR,0.0000,,,2026-10-01,,official,list',
      'PARTNER,*,*,EUR,0.0050,,,2026-10-01,,official,contract',
      'PARTNER-SHARE,*,marketing,*,0.055,,,2026-10-01,,official,contract',
      'TAX,*,*,*,0.19,,,2026-10-01,,official,law',
    ].join('\n'),
  );
  const surcharged = (category: string, type = 'regular', more: Partial<ProviderPricing> = {}) => {
    if (!withSurcharges.ok) throw new Error('not valid');
    const facts = { recipientCountry: 'DE', currency: 'EUR', accountTimeZone: 'Europe/Berlin' };
    return rateMessage(
      { ...facts, deliveredAt: FIRST_MOMENT_OF_OCTOBER, pricing: { ...REGULAR_SERVICE, category, type, ...more } },
      withSurcharges.book,
    );
  };

  it('are lines of their own, each with its rate: tax on price and fee, half a micro-unit up', () => {
    expect(surcharged('marketing')).toMatchObject({
      amountMicros: 113_100,
      surcharges: [
        { line: 'PARTNER_FEE', amountMicros: 5_000, rate: { line: 4 } },
        { line: 'PARTNER_FEE', amountMicros: 6_221, rate: { line: 5 } },
        { line: 'TAX', amountMicros: 23_621, rate: { line: 6 } },
      ],
    });
  });

  it('are on what costs as the provider estimates too', () => {
    const estimate = { amountMicros: 21_700, currency: 'EUR' };
    expect(surcharged('marketing_lite', 'regular', { estimate })).toMatchObject({
      amountMicros: 21_700,
      surcharges: [
        { line: 'PARTNER_FEE', amountMicros: 5_000, rate: { line: 4 } },
        { line: 'TAX', amountMicros: 5_073, rate: { line: 6 } },
      ],
    });
  });

  it('are on nothing that is free', () => {
    expect(surcharged('marketing', 'free_entry_point')).toMatchObject({ amountMicros: 0, surcharges: [] });
    expect(surcharged('service')).toMatchObject({ amountMicros: 0, surcharges: [] });
  });
});

describe('a message that is not delivered', () => {
  it('is pending, whatever its price', () => {
    expect(rate({}, { deliveredAt: undefined })).toMatchObject({ kind: 'pending', reason: 'NOT_DELIVERED' });
    expect(rate({}, { deliveredAt: undefined, pricing: undefined })).toMatchObject({ kind: 'pending' });
  });
});

describe('a message that cannot be rated', () => {
  it.each<[string, Partial<ProviderPricing>, Partial<MessageFacts>]>([
    ['PRICING_MISSING', {}, { pricing: undefined }],
    ['DELIVERY_TIME_INVALID', {}, { deliveredAt: new Date(NaN) }],
    ['TIME_ZONE_UNKNOWN', {}, { accountTimeZone: 'Europe/Atlantis' }],
    ['PRICING_MODEL_UNKNOWN', { model: 'NBP' }, {}],
    ['CATEGORY_UNKNOWN', { category: 'telepathy' }, {}],
    ['CATEGORY_UNKNOWN', { category: 'telepathy', type: 'free_customer_service' }, {}],
    ['CATEGORY_UNKNOWN', { category: 'constructor' }, {}],
    ['CATEGORY_UNKNOWN', { category: 'business_initiated' }, {}],
    ['CATEGORY_WITHOUT_RATE', { category: 'referral_conversion' }, {}],
    ['CATEGORY_WITHOUT_RATE', { category: 'marketing_lite' }, {}],
    ['CATEGORY_WITHOUT_RATE', { category: 'group_marketing' }, {}],
    ['CATEGORY_WITHOUT_RATE', { category: 'group_utility' }, {}],
    ['CATEGORY_WITHOUT_RATE', { category: 'group_service' }, {}],
    ['CATEGORY_WITHOUT_RATE', { category: 'general_purpose_ai' }, {}],
    ['PRICING_TYPE_UNKNOWN', { type: 'free_on_tuesdays' }, {}],
    ['CONVERSATION_UNKNOWN', { model: 'CBP', type: undefined }, {}],
    ['PRICING_TYPE_MISSING', { type: undefined, billable: undefined }, {}],
    ['RECIPIENT_COUNTRY_UNKNOWN', {}, { recipientCountry: undefined }],
    ['RECIPIENT_COUNTRY_UNKNOWN', {}, { recipientCountry: 'ZZ' }],
    ['RATE_MISSING', {}, { currency: 'GBP' }],
    ['RATE_MISSING', {}, { deliveredAt: new Date('2021-01-01T00:00:00Z') }],
    ['RATE_MISSING', { category: 'marketing' }, { recipientCountry: 'PL' }],
  ])('is %s: %o %o', (reason, pricing, facts) => {
    const rating = rate(pricing, facts);
    expect(rating).toMatchObject({ kind: 'unrated', reason });
    expect(rating).not.toHaveProperty('amountMicros');
  });

  it('says in words what is missing', () => {
    expect(rate({ category: 'marketing' }, { recipientCountry: 'PL' })).toMatchObject({
      detail: 'no rate for PMP Poland marketing EUR on 2026-11-21',
    });
  });

  it('keeps no more than the beginning of what the provider wrote', () => {
    const rating = rate({ category: 'x'.repeat(10_000) });
    expect(JSON.stringify(rating).length).toBeLessThan(1_000);
  });
});

describe('any message', () => {
  const zone = fc.constantFrom(
    'Europe/Berlin',
    'America/New_York',
    'America/Santiago',
    'Asia/Kolkata',
    'Pacific/Kiritimati',
    'UTC',
  );
  const instant = fc.date({ min: new Date('2022-01-01'), max: new Date('2027-12-31'), noInvalidDate: true });
  const messages = fc.record(
    {
      pricing: fc.record(
        {
          model: fc.oneof(fc.constantFrom('PMP', 'CBP'), fc.string()),
          category: fc.oneof(
            fc.constantFrom(
              'marketing',
              'utility',
              'authentication',
              'authentication-international',
              'service',
              'group_utility',
            ),
            fc.string(),
          ),
          type: fc.oneof(fc.constantFrom('regular', 'free_customer_service', 'free_entry_point'), fc.string()),
          billable: fc.boolean(),
        },
        { requiredKeys: ['model', 'category'] },
      ),
      recipientCountry: fc.oneof(fc.constantFrom('DE', 'US', 'JM', 'KZ', 'PL', 'LU', 'IN'), fc.string()),
      currency: fc.constantFrom('EUR', 'USD', 'GBP'),
      deliveredAt: instant,
      accountTimeZone: zone,
      placeInMeter: fc.integer({ min: 0, max: 1_000_000_000 }),
    },
    { requiredKeys: ['currency', 'accountTimeZone'] },
  );

  it('is charged in whole micro-units that are never negative, pending or unrated, and always explained', () => {
    fc.assert(
      fc.property(messages, (facts) => {
        const rating = rateMessage(facts, book);
        if (rating.kind === 'charge') {
          expect(Number.isSafeInteger(rating.amountMicros) && rating.amountMicros >= 0).toBe(true);
          expect(rating.currency).toBe(facts.currency);
          expect(rating.freeReason === undefined).toBe(rating.rate !== undefined);
          expect(rating.trace.length).toBeGreaterThan(5);
        } else if (rating.kind === 'unrated') {
          expect(rating.detail).not.toBe('');
        } else {
          expect(facts.deliveredAt).toBeUndefined();
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('costs the same at every moment of the same local day', () => {
    const pricing = fc.constantFrom<ProviderPricing>(
      REGULAR_SERVICE,
      { ...REGULAR_SERVICE, category: 'marketing' },
      { ...REGULAR_SERVICE, category: 'utility' },
    );
    // Both instants are drawn around a price change, so that the same UTC day often is two local days.
    const aroundChange = fc.record({
      change: fc.constantFrom('2025-07-01', '2026-01-01', '2026-07-01', '2026-10-01'),
      minutes: fc.tuple(fc.integer({ min: -2_880, max: 2_880 }), fc.integer({ min: -2_880, max: 2_880 })),
    });
    fc.assert(
      fc.property(
        pricing,
        zone,
        aroundChange,
        fc.constantFrom('DE', 'KZ', 'PL', 'US'),
        (price, timeZone, { change, minutes }, country) => {
          const [one, two] = minutes.map((minute) => new Date(Date.parse(change) + minute * 60_000)) as [Date, Date];
          fc.pre(localDateOf(one, timeZone) === localDateOf(two, timeZone));
          const costOf = (deliveredAt: Date): unknown => {
            const rating = rateMessage(
              { pricing: price, recipientCountry: country, currency: 'USD', deliveredAt, accountTimeZone: timeZone },
              book,
            );
            return rating.kind === 'charge' ? [rating.market, rating.amountMicros, rating.rate] : rating.kind;
          };
          expect(costOf(one)).toEqual(costOf(two));
        },
      ),
    );
  });

  it('costs the same in every time zone on the same local day', () => {
    fc.assert(
      fc.property(zone, zone, instant, (here, there, deliveredAt) => {
        const cost = (accountTimeZone: string): unknown => {
          const rating = rate({ category: 'utility' }, { deliveredAt, accountTimeZone, currency: 'USD' });
          return rating.kind === 'charge' ? rating.amountMicros : rating.kind;
        };
        fc.pre(localDateOf(deliveredAt, here) === localDateOf(deliveredAt, there));
        expect(cost(here)).toEqual(cost(there));
      }),
    );
  });
});
