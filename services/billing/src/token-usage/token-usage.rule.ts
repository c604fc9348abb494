import type { Target } from '../charges/standing.js';
import { lookupRate, type PriceBook } from '../price-books/price-book.js';

export const TOKEN_CATEGORY = 'business_agent';

export interface UsedTokens {
  tokens: number;
  currency: string;
  /** The last day of the month: its price counts. */
  localDate: string;
  /** Where the number is from. */
  source: string;
}

/**
 * What the tokens of a month cost: never free, and of no message. The price is for 1,000,000 of them; half a micro-unit is
 * rounded up. Undefined where the price book has none for that day in this currency.
 */
export function tokenTarget({ tokens, currency, localDate, source }: UsedTokens, book: PriceBook): Target | undefined {
  const query = { model: 'TOKENS', market: 'Other', category: TOKEN_CATEGORY, currency, localDate } as const;
  const rate = lookupRate(book, query);
  if (!rate) return undefined;
  const amountMicros = Number((BigInt(tokens) * BigInt(rate.rateMicros) + 500_000n) / 1_000_000n);
  return {
    line: 'TOKENS',
    currency,
    category: TOKEN_CATEGORY,
    market: null,
    freeReason: null,
    localDate,
    state: 'RATED',
    unit: null,
    regime: null,
    priceBookVersion: book.version,
    rateLine: rate.line,
    amountMicros,
    messages: 0,
    expectedMicros: 0,
    expectedMessages: 0,
    trace: [
      { fact: 'tokens', value: tokens },
      { fact: 'tokens.source', value: source },
      { fact: 'rate.line', value: rate.line },
      { fact: 'rate.microsPerMillion', value: rate.rateMicros },
      { fact: 'rate.effectiveFrom', value: rate.effectiveFrom },
      { fact: 'rate.confidence', value: rate.confidence },
      { fact: 'rate.source', value: rate.source },
    ],
  };
}
