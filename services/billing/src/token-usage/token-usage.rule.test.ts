import { describe, expect, it } from 'vitest';
import { parsePriceBook } from '../price-books/price-book.js';
import { tokenTarget } from './token-usage.rule.js';

const parsed = parsePriceBook(
  [
    'model,market,category,currency,rate,volume_from,volume_to,effective_from,effective_to,confidence,source',
    'TOKENS,*,business_agent,USD,2.0000,,,2026-08-01,,official,test',
  ].join('\n'),
);
if (!parsed.ok) throw new Error('not valid');
const { book } = parsed;
const used = (tokens: number, localDate = '2026-08-31', currency = 'USD') =>
  tokenTarget({ tokens, localDate, currency, source: 'INVOICE' }, book);

describe('tokens of the Business Agent', () => {
  it.each([
    [1_000_000, 2_000_000],
    [1, 2],
    [2_147_483_647, 4_294_967_294],
    [0, 0],
  ])('%i of them cost %i micro-units, and are no message', (tokens, amountMicros) => {
    expect(used(tokens)).toMatchObject({ amountMicros, messages: 0, freeReason: null, line: 'TOKENS', unit: null });
  });

  it.each([
    ['before they had a price', '2026-07-31', 'USD'],
    ['in a currency without a price', '2026-08-31', 'EUR'],
  ])('are not rated %s', (_, localDate, currency) => expect(used(1, localDate, currency)).toBeUndefined());
});
