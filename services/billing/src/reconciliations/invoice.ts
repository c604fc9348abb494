import { createHash } from 'node:crypto';
import { readCsvLines, type FileProblem } from '../price-books/csv-lines.js';
import { isListedCountry, isMarket, marketOf } from '../price-books/market.js';
import { parseMicros } from '../price-books/price-book.js';
import { CATEGORIES_WITHOUT_RATE, normalise, RATE_CARD_CATEGORIES } from '../ratings/verdict.js';

/** What an invoice says of a market and category. There may be several of each: by account, or by tier. */
export interface InvoiceLine {
  line: number;
  market: string;
  category: string;
  /** As in `100001:1000000`; null where the invoice does not tell tiers. */
  tier: string | null;
  messages: number;
  amountMicros: number;
}

export interface Invoice {
  /** SHA-256 of the file. */
  version: string;
  lines: InvoiceLine[];
}

export const INVOICE_COLUMNS = ['market', 'category', 'tier', 'messages', 'amount'] as const;

/**
 * Reads an invoice: what was charged in a month, in one currency. Refused as a whole for any line that is not one.
 * @param lastDay of the month: countries belong to markets by it.
 */
export function parseInvoice(
  text: string,
  lastDay: string,
): { ok: true; invoice: Invoice } | { ok: false; problems: FileProblem[] } {
  const read = readCsvLines(text, INVOICE_COLUMNS, 'lines');
  if (!read.ok) return read;
  const problems: FileProblem[] = [];
  const lines = read.lines.flatMap(({ line, record }): InvoiceLine[] => {
    const refuse = (column: string, message: string): undefined => void problems.push({ line, column, message });
    if (record.length !== INVOICE_COLUMNS.length) {
      problems.push({ line, message: `must have ${INVOICE_COLUMNS.length} fields` });
      return [];
    }
    const [place, word, tier, count, sum] = record.map((field) => field.trim()) as [
      string,
      string,
      string,
      string,
      string,
    ];
    const market = isMarket(place) ? place : isListedCountry(place) && marketOf({ countryCode: place }, lastDay);
    const category = normalise(word);
    const isCategory = RATE_CARD_CATEGORIES.has(category) || Object.hasOwn(CATEGORIES_WITHOUT_RATE, category);
    const messages = /^\d{1,12}$/.test(count) ? Number(count) : undefined;
    const amountMicros = parseMicros(sum);
    if (!market) refuse('market', 'is neither a market of the rate card nor a country');
    if (!isCategory) refuse('category', 'is no category of the provider');
    if (tier !== '' && !/^\d{1,12}:(?:\d{1,12}|MAX)$/.test(tier)) refuse('tier', 'must be as in 100001:1000000');
    if (messages === undefined) refuse('messages', 'must be a number without sign and separators');
    if (amountMicros === undefined) refuse('amount', 'must be an amount as in 1234.56, with at most six places');
    if (!market || messages === undefined || amountMicros === undefined) return [];
    return [{ line, market, category, tier: tier === '' ? null : tier, messages, amountMicros }];
  });
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, invoice: { version: createHash('sha256').update(text).digest('hex'), lines } };
}
