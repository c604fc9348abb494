import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePriceBook } from '../price-books/price-book.js';
import type { RatedCharge } from './rate.js';
import { recalculate, type DeliveredMessage } from './recalculate.js';
import { findRegime, REGIMES } from './regimes.js';

const parsed = parsePriceBook(readFileSync(new URL('../../data/rates.csv', import.meta.url), 'utf8'));
if (!parsed.ok) throw new Error('the price book is not valid');
const { book } = parsed;

const MINUTE_MS = 60_000;
let count = 0;
/** Free-form, in the service window, to Germany, from an account in euro; one person each. */
function message(on: string, parts: Partial<DeliveredMessage> = {}): DeliveredMessage {
  count += 1;
  return {
    messageId: String(count).padStart(9, '0'),
    deliveredAt: new Date(on),
    channelId: 'number',
    threadId: `person ${count}`,
    accountId: 'account',
    portfolioId: 'portfolio',
    category: 'service',
    isInWindow: true,
    isInEntryPoint: false,
    recipientCountry: 'DE',
    currency: 'EUR',
    accountTimeZone: 'Europe/Berlin',
    ...parts,
  };
}
const many = (size: number, on: string, parts: Partial<DeliveredMessage> = {}) =>
  Array.from({ length: size }, (_, index) =>
    message(new Date(Date.parse(on) + index * MINUTE_MS).toISOString(), parts),
  );

function under(regime: string, messages: readonly DeliveredMessage[]) {
  const ratings = recalculate(messages, findRegime(regime)!, book);
  return messages.map(({ messageId }) => ratings.get(messageId)!);
}
function sumOf(ratings: ReturnType<typeof under>): number {
  return ratings.reduce((sum, rating) => {
    if (rating.kind === 'unrated') throw new Error(rating.detail);
    return sum + rating.amountMicros;
  }, 0);
}
const amounts = (ratings: ReturnType<typeof under>) => ratings.map((rating) => (rating as RatedCharge).amountMicros);
const reasons = (ratings: ReturnType<typeof under>) => ratings.map((rating) => (rating as RatedCharge).freeReason);

describe('the rules of June 2023, with the prices of the seed', () => {
  const ON = '2023-09-10T08:00:00Z';

  it('charge 0.1131 € for a marketing conversation, however many messages it has within 24 hours', () => {
    const to = { threadId: 'Anna', category: 'marketing', isInWindow: false };
    const ratings = under('2023-06', [
      message('2023-09-10T08:00:00Z', to),
      message('2023-09-10T20:00:00Z', to),
      message('2023-09-11T07:59:59Z', { threadId: 'Anna' }),
      message('2023-09-11T08:00:00Z', to),
    ]);
    expect(amounts(ratings)).toEqual([113_100, 0, 0, 113_100]);
    expect(reasons(ratings)).toEqual([undefined, 'CONVERSATION_CHARGED', 'CONVERSATION_CHARGED', undefined]);
  });

  it('charge nothing for the first 1,000 service conversations of a month, then 0.0679 € each', () => {
    const september = many(1_003, ON);
    const ratings = under('2023-06', september);
    expect(amounts(ratings).slice(998)).toEqual([0, 0, 67_900, 67_900, 67_900]);
    expect(reasons(ratings)[999]).toBe('SERVICE_ALLOWANCE');
    expect(sumOf(ratings)).toBe(3 * 67_900);
    expect(sumOf(under('2023-06', [...september, message('2023-10-01T00:00:00+02:00')]))).toBe(3 * 67_900);
  });

  it('count the allowance for the account, not for the number', () => {
    const messages = [...many(600, ON, { channelId: 'one' }), ...many(600, ON, { channelId: 'two' })];
    expect(sumOf(under('2023-06', messages))).toBe(200 * 67_900);
  });

  it('open a second conversation for a template of another category, none for a free-form message', () => {
    const to = { threadId: 'Ben' };
    const ratings = under('2023-06', [
      message('2023-09-10T08:00:00Z', { ...to, category: 'utility' }),
      message('2023-09-10T09:00:00Z', { ...to, category: 'authentication' }),
      message('2023-09-10T10:00:00Z', to),
    ]);
    expect(amounts(ratings)).toEqual([70_700, 64_200, 0]);
  });

  it('let a free entry point take the place of all others for 72 hours', () => {
    const to = { threadId: 'Cem' };
    const ratings = under('2023-06', [
      message('2023-09-10T08:00:00Z', { ...to, isInEntryPoint: true }),
      message('2023-09-12T08:00:00Z', { ...to, category: 'marketing' }),
      message('2023-09-13T08:00:00Z', { ...to, category: 'marketing' }),
    ]);
    expect(amounts(ratings)).toEqual([0, 0, 113_100]);
    expect(reasons(ratings)[0]).toBe('FREE_ENTRY_POINT');
  });
});

describe('the rules of 2022', () => {
  it('ask who began, and have 1,000 free conversations of any kind', () => {
    const ratings = under('2022-02', [
      ...many(1_000, '2022-06-01T08:00:00Z'),
      message('2022-06-20T08:00:00Z', { category: 'marketing', isInWindow: false }),
      message('2022-06-20T09:00:00Z', { category: 'utility', isInWindow: true }),
    ]);
    expect(amounts(ratings).slice(-3)).toEqual([0, 113_100, 67_900]);
  });

  it('give each account its own 1,000, whoever owns it', () => {
    const ratings = under('2022-02', [
      ...many(1_000, '2022-06-01T08:00:00Z', { accountId: 'one' }),
      message('2022-06-20T08:00:00Z', { accountId: 'one' }),
      message('2022-06-20T08:00:00Z', { accountId: 'two' }),
    ]);
    expect(amounts(ratings).slice(-2)).toEqual([67_900, 0]);
  });
});

describe('the rules of November 2024', () => {
  it('make all service conversations free', () => {
    expect(sumOf(under('2024-11', many(1_500, '2024-12-01T08:00:00Z')))).toBe(0);
  });
});

describe('the rules of July 2025', () => {
  it('charge templates by the message, and of utility only what is outside the window', () => {
    const ratings = under('2025-07', [
      message('2026-05-01T08:00:00Z'),
      message('2026-05-01T08:00:00Z', { category: 'utility' }),
      message('2026-05-01T08:00:00Z', { category: 'utility', isInWindow: false }),
      message('2026-05-01T08:00:00Z', { category: 'marketing' }),
      message('2026-05-01T08:00:00Z', { category: 'marketing', isInEntryPoint: true }),
    ]);
    expect(amounts(ratings)).toEqual([0, 0, 45_600, 113_100, 0]);
  });
});

describe('the rules of October 2026', () => {
  const ON = '2026-10-05T08:00:00Z';

  it.each([
    ['Germany', 'DE', 'EUR', 45_600, 113_100],
    ['Germany, in dollars', 'DE', 'USD', 55_000, 136_500],
    ['Austria', 'AT', 'USD', 17_100, 59_200],
    ['the United Kingdom', 'GB', 'USD', 22_000, 63_500],
    ['France', 'FR', 'USD', 30_000, 85_900],
    ['the Netherlands', 'NL', 'USD', 50_000, 159_700],
    ['the United States', 'US', 'USD', 3_400, 25_000],
    ['India', 'IN', 'USD', 1_400, 11_800],
    ['Brazil', 'BR', 'USD', 6_800, 62_500],
    ['Luxembourg', 'LU', 'USD', 7_700, 60_400],
  ])(
    'to %s: 1,000 replies free, then %s %s %i a reply, utility in the window too, marketing %i',
    (_name, country, currency, reply, marketing) => {
      const to = { recipientCountry: country, currency };
      const ratings = under('2026-10', [
        ...many(1_002, ON, to),
        message(ON, { ...to, category: 'utility' }),
        message(ON, { ...to, category: 'marketing' }),
        message(ON, { ...to, isInEntryPoint: true }),
      ]);
      expect(amounts(ratings).slice(999)).toEqual([0, reply, reply, reply, marketing, 0]);
      expect(reasons(ratings)[999]).toBe('SERVICE_ALLOWANCE');
    },
  );

  it('count the allowance for the number, from midnight of the account to midnight of the account', () => {
    const messages = [
      ...many(1_000, '2026-10-31T00:00:00+01:00', { channelId: 'one' }),
      message('2026-10-31T23:59:59+01:00', { channelId: 'one' }),
      message('2026-11-01T00:00:00+01:00', { channelId: 'one' }),
      message('2026-10-31T23:59:59+01:00', { channelId: 'two' }),
    ];
    expect(amounts(under('2026-10', messages)).slice(999)).toEqual([0, 45_600, 0, 0]);
  });

  it('lower the price of utility within the month, of the messages beyond a tier only', () => {
    const tiers = parsePriceBook(
      [
        'model,market,category,currency,rate,volume_from,volume_to,effective_from,effective_to,confidence,source',
        'PMP,Germany,utility,USD,0.0550,0,2,2026-10-01,,official,list',
        'PMP,Germany,utility,USD,0.0523,3,4,2026-10-01,,official,list',
        'PMP,Germany,utility,USD,0.0495,5,,2026-10-01,,official,list',
      ].join('\n'),
    );
    if (!tiers.ok) throw new Error('not valid');
    const utility = { category: 'utility', currency: 'USD' };
    const messages = [
      ...many(3, ON, utility),
      // Whatever is free does not count.
      message(ON, { ...utility, isInEntryPoint: true }),
      message('2026-10-20T08:00:00Z', { ...utility, channelId: 'another number' }),
      ...many(2, '2026-10-21T08:00:00Z', utility),
      message('2026-10-22T08:00:00Z', { ...utility, portfolioId: 'another portfolio' }),
      message('2026-11-01T00:00:00+01:00', utility),
    ];
    const ratings = recalculate(messages, findRegime('2026-10')!, tiers.book);
    expect(amounts(messages.map(({ messageId }) => ratings.get(messageId)!))).toEqual([
      55_000, 55_000, 52_300, 0, 52_300, 49_500, 49_500, 55_000, 55_000,
    ]);
  });
});

describe('a month under other rules', () => {
  it('would have cost less in October 2026 under those of September', () => {
    const october = [
      ...many(1_500, '2026-10-05T08:00:00Z'),
      ...many(10, '2026-10-06T08:00:00Z', { category: 'utility' }),
      ...many(10, '2026-10-07T08:00:00Z', { category: 'marketing' }),
    ];
    expect(sumOf(under('2026-10', october))).toBe(500 * 45_600 + 10 * 45_600 + 10 * 113_100);
    expect(sumOf(under('2025-07', october))).toBe(10 * 113_100);
    const rated = under('2025-07', october).at(-1)!;
    expect(rated.trace).toContainEqual({ fact: 'rate.date', value: '2026-09-30' });
    expect(rated).toMatchObject({ localDate: '2026-10-07', regime: '2025-07' });
  });

  it('is what our own figures say, whatever the provider did', () => {
    const regular = { model: 'PMP', category: 'service', type: 'regular' };
    expect(sumOf(under('2026-10', [message('2026-10-01T08:00:00Z', { pricing: regular })]))).toBe(0);
  });
});

describe('any month', () => {
  const messages = fc.array(
    fc.record({
      day: fc.integer({ min: 1, max: 28 }),
      hour: fc.integer({ min: 0, max: 23 }),
      threadId: fc.constantFrom('a', 'b', 'c'),
      category: fc.constantFrom('service', 'utility', 'marketing', 'authentication'),
      isInWindow: fc.boolean(),
      isInEntryPoint: fc.boolean(),
    }),
    { maxLength: 40 },
  );
  type Spec = Partial<DeliveredMessage> & { day: number; hour: number };
  const withTimes = (list: readonly Spec[]) =>
    list.map(({ day, hour, ...parts }) => message(new Date(Date.UTC(2023, 9, day, hour)).toISOString(), parts));

  it('costs the same in whatever order its messages are given, under all rules', () => {
    fc.assert(
      fc.property(messages, fc.constantFrom(...REGIMES), fc.infiniteStream(fc.nat()), (list, regime, keys) => {
        const inOrder = withTimes(list);
        const shuffled = inOrder
          .map((each) => ({ each, key: keys.next().value }))
          .toSorted((a, b) => a.key - b.key)
          .map(({ each }) => each);
        expect(new Map([...recalculate(shuffled, regime, book)].toSorted())).toEqual(
          new Map([...recalculate(inOrder, regime, book)].toSorted()),
        );
      }),
    );
  });

  it('is free with a reason, charged without one, and unrated only for want of a rate', () => {
    fc.assert(
      fc.property(messages, fc.constantFrom(...REGIMES), (list, regime) => {
        const ratings = [...recalculate(withTimes(list), regime, book).values()];
        for (const rating of ratings) {
          if (rating.kind === 'unrated') expect(rating.reason).toBe('RATE_MISSING');
          else expect(rating.freeReason === undefined || rating.amountMicros === 0).toBe(true);
        }
      }),
    );
  });
});
