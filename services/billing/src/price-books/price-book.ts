import { createHash } from 'node:crypto';
import { dayAfter } from '../ratings/local-date.js';
import { readCsvLines, type FileProblem } from './csv-lines.js';
import { isMarket, marketAt } from './market.js';
import type { Market } from './market.js';

/**
 * One line of a price book. Dates are `YYYY-MM-DD` in the account's time zone, both inclusive. Money is integer
 * micro-units.
 */
export interface Rate {
  /** Line in the imported file; with the book's version it names the row for ever. */
  line: number;
  /**
   * Of the provider: `PMP` per delivered message (since 2025-07-01), `CBP` per category conversation, `CBP-2022` per
   * initiated conversation. Beside its prices: `PARTNER`, a fee for each charge; `PARTNER-SHARE`, a fee, and `TAX`, on
   * fee and price, as shares (0.19 is 19 %).
   */
  model: string;
  market: Market | '*';
  category: string;
  currency: string;
  rateMicros: number;
  /**
   * Place of a message within the month (see `lookupRate`); both absent in the list rate. Only `volumeTo` absent: no
   * upper end.
   */
  volumeFrom?: number;
  volumeTo?: number;
  effectiveFrom: string;
  /** Absent: still in force. */
  effectiveTo?: string;
  confidence: string;
  source: string;
}

export interface PriceBook {
  /** SHA-256 of the file's text: the same prices always have the same version. */
  readonly version: string;
  readonly rates: readonly Rate[];
  readonly ratesByKey: ReadonlyMap<string, readonly Rate[]>;
}

export type ParsedPriceBook = { ok: true; book: PriceBook } | { ok: false; problems: FileProblem[] };

const COLUMNS = [
  'model',
  'market',
  'category',
  'currency',
  'rate',
  'volume_from',
  'volume_to',
  'effective_from',
  'effective_to',
  'confidence',
  'source',
] as const;
type Column = (typeof COLUMNS)[number];

const MODELS = new Set(['PMP', 'CBP', 'CBP-2022', 'PARTNER', 'PARTNER-SHARE', 'TAX', 'TOKENS']);
/** Their rates have no currency. */
const SHARES = new Set(['PARTNER-SHARE', 'TAX']);
const CONFIDENCES = new Set(['official', 'transcribed', 'derived', 'estimate', 'seed']);
const CATEGORIES = new Set([
  'marketing',
  'utility',
  'authentication',
  'authentication_international',
  'service',
  'business_initiated',
  'user_initiated',
  'business_agent',
  '*',
]);

/**
 * Reads a price book. A file with any problem is refused as a whole, with every problem and its line: malformed values,
 * unknown names (a misspelt market would never be found again), overlapping periods or tiers, gaps between periods or
 * tiers.
 */
export function parsePriceBook(text: string): ParsedPriceBook {
  const read = readCsvLines(text, COLUMNS, 'rates');
  if (!read.ok) return read;

  const problems: FileProblem[] = [];
  const rates: Rate[] = [];
  for (const { line, record } of read.lines) {
    const rate = readRate(line, record, problems);
    if (rate) rates.push(rate);
  }
  const ratesByKey = Map.groupBy(rates, (rate) => keyOf(rate.model, rate.market, rate.category, rate.currency));
  for (const group of ratesByKey.values()) checkPeriods(group, problems);
  if (problems.length > 0) return { ok: false, problems: problems.sort((a, b) => a.line - b.line) };

  const version = createHash('sha256').update(text).digest('hex');
  return { ok: true, book: { version, rates, ratesByKey } };
}

/** Writes rates in the format that `parsePriceBook` reads. */
export function formatPriceBook(rates: readonly Rate[]): string {
  const lines = rates.map((rate) =>
    [
      rate.model,
      rate.market,
      rate.category,
      rate.currency,
      formatMicros(rate.rateMicros),
      rate.volumeFrom ?? '',
      rate.volumeTo ?? '',
      rate.effectiveFrom,
      rate.effectiveTo ?? '',
      rate.confidence,
      rate.source,
    ]
      .map((value) => (/[",\r\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : value))
      .join(),
  );
  return `${[COLUMNS.join(), ...lines].join('\n')}\n`;
}

/**
 * Decimal text to integer micro-units, digit by digit: 0.0456 is 45600. Undefined when it is no exact, non-negative
 * amount.
 */
export function parseMicros(text: string): number | undefined {
  const match = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text);
  if (!match) return undefined;
  return Number(match[1]) * 1_000_000 + Number((match[2] ?? '').padEnd(6, '0'));
}

/** Integer micro-units to decimal text with at least the four places of the rate cards: 45600 is 0.0456. */
export function formatMicros(micros: number): string {
  const digits = String(Math.abs(micros)).padStart(7, '0');
  return `${micros < 0 ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6).replace(/0{1,2}$/, '')}`;
}

export interface RateQuery {
  model: string;
  market: Market;
  category: string;
  currency: string;
  /** `YYYY-MM-DD` in the account's time zone. */
  localDate: string;
  /**
   * Messages of this portfolio, market and category that were charged in this month before this one. Tiers are
   * marginal: message number `monthlyVolume + 1` has the rate of the tier in which that number lies. Without it, the
   * list rate.
   */
  monthlyVolume?: number;
}

/**
 * The rate in force on a day. Looked for in this order, the first market with a row wins:
 * 1. the market itself;
 * 2. the region (or Other) to which the market belonged on that day, if it was named later (Poland until 2026-06-30);
 * 3. rows for all markets (`*`), in each step also for all categories and all currencies.
 *
 * A market that did exist but has no row is *not* answered with its former region: that would be a wrong price, not a
 * missing one.
 */
export function lookupRate(book: PriceBook, query: RateQuery): Rate | undefined {
  const { monthlyVolume } = query;
  if (monthlyVolume !== undefined && !(Number.isSafeInteger(monthlyVolume) && monthlyVolume >= 0)) {
    throw new RangeError('monthlyVolume must be a non-negative integer');
  }
  return rateIn(ratesInForce(book, query), monthlyVolume);
}

/**
 * How many messages of a month each tier holds, those of the last one aside: it has no end. Undefined where the price
 * does not depend on the volume.
 */
export function tiersOf(book: PriceBook, query: Omit<RateQuery, 'monthlyVolume'>): number[] | undefined {
  const ends = ratesInForce(book, query)
    .flatMap(({ volumeFrom, volumeTo }) => (volumeFrom !== undefined && volumeTo !== undefined ? [volumeTo] : []))
    .toSorted((a, b) => a - b);
  return ends.length > 0 ? ends.map((end, index) => end - (ends[index - 1] ?? 0)) : undefined;
}

function ratesInForce(book: PriceBook, query: Omit<RateQuery, 'monthlyVolume'>): readonly Rate[] {
  const { model, market, category, currency, localDate } = query;
  for (const candidate of new Set<Market | '*'>([market, marketAt(market, localDate), '*'])) {
    for (const topic of [category, '*']) {
      for (const unit of [currency, '*']) {
        const inForce = book.ratesByKey
          .get(keyOf(model, candidate, topic, unit))
          ?.filter(
            ({ effectiveFrom, effectiveTo }) =>
              effectiveFrom <= localDate && (effectiveTo === undefined || localDate <= effectiveTo),
          );
        if (inForce && inForce.length > 0) return inForce;
      }
    }
  }
  return [];
}

function rateIn(inForce: readonly Rate[], monthlyVolume: number | undefined): Rate | undefined {
  const listRate =
    inForce.find((rate) => rate.volumeFrom === undefined) ?? inForce.find((rate) => rate.volumeFrom === 0);
  if (monthlyVolume === undefined) return listRate;
  const place = monthlyVolume + 1;
  const tier = inForce.find(
    (rate) => rate.volumeFrom !== undefined && rate.volumeFrom <= place && place <= (rate.volumeTo ?? Infinity),
  );
  return tier ?? listRate;
}

function keyOf(model: string, market: string, category: string, currency: string): string {
  return `${model}|${market}|${category}|${currency}`;
}

function readRate(line: number, record: string[], problems: FileProblem[]): Rate | undefined {
  if (record.length !== COLUMNS.length) {
    problems.push({ line, message: `${record.length} columns instead of ${COLUMNS.length}` });
    return undefined;
  }
  const before = problems.length;
  const value = Object.fromEntries(COLUMNS.map((column, index) => [column, record[index]])) as Record<Column, string>;
  const check = (column: Column, isValid: boolean, expected: string): void => {
    if (!isValid) problems.push({ line, column, message: `"${value[column]}" is not ${expected}` });
  };

  check('model', MODELS.has(value.model), `one of ${[...MODELS].join(', ')}`);
  check('market', value.market === '*' || isMarket(value.market), 'a market of the rate cards');
  check('category', CATEGORIES.has(value.category), `one of ${[...CATEGORIES].join(', ')}`);
  check('currency', /^(?:[A-Z]{3}|\*)$/.test(value.currency), 'an ISO 4217 code');
  const rateMicros = parseMicros(value.rate);
  check('rate', rateMicros !== undefined, 'a non-negative decimal with at most six places');
  check(
    'currency',
    value.currency !== '*' || rateMicros === 0 || SHARES.has(value.model),
    'a currency for a rate other than zero',
  );

  const volumeFrom = readVolume(value.volume_from);
  const volumeTo = readVolume(value.volume_to);
  check('volume_from', volumeFrom !== null, 'a whole number');
  check('volume_to', volumeTo !== null, 'a whole number');
  check('volume_to', volumeTo === undefined || volumeFrom !== undefined, 'usable without volume_from');
  check('volume_to', (volumeTo ?? Infinity) >= (volumeFrom ?? 0), 'at or above volume_from');

  check('effective_from', isDate(value.effective_from), 'a date YYYY-MM-DD');
  check('effective_to', value.effective_to === '' || isDate(value.effective_to), 'a date YYYY-MM-DD or empty');
  check(
    'effective_to',
    value.effective_to === '' || value.effective_to >= value.effective_from,
    'on or after effective_from',
  );
  check('confidence', CONFIDENCES.has(value.confidence), `one of ${[...CONFIDENCES].join(', ')}`);
  check('source', value.source.trim() !== '', 'a source');

  if (problems.length > before) return undefined;
  return {
    line,
    model: value.model,
    market: value.market as Market | '*',
    category: value.category,
    currency: value.currency,
    rateMicros: rateMicros!,
    ...(typeof volumeFrom === 'number' && { volumeFrom }),
    ...(typeof volumeTo === 'number' && { volumeTo }),
    effectiveFrom: value.effective_from,
    ...(value.effective_to !== '' && { effectiveTo: value.effective_to }),
    confidence: value.confidence,
    source: value.source,
  };
}

/** Undefined: empty. Null: not a volume. */
function readVolume(text: string): number | undefined | null {
  if (text === '') return undefined;
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && dayAfter(text, 0) === text;
}

/**
 * Rates of one model, market, category and currency: periods must follow each other, tiers must cover every volume
 * once.
 */
function checkPeriods(group: readonly Rate[], problems: FileProblem[]): void {
  const listRates = group.filter((rate) => rate.volumeFrom === undefined).sort(byStart);
  for (const [index, rate] of listRates.entries()) {
    const previous = listRates[index - 1];
    if (previous) checkFollows(previous, rate, problems);
  }

  const periods = Map.groupBy(
    group.filter((rate) => rate.volumeFrom !== undefined),
    (rate) => `${rate.effectiveFrom}/${rate.effectiveTo ?? ''}`,
  );
  const firstTiers: Rate[] = [];
  for (const tiers of periods.values()) {
    tiers.sort((a, b) => a.volumeFrom! - b.volumeFrom!);
    firstTiers.push(tiers[0]!);
    let expected: number | undefined = 0;
    for (const tier of tiers) {
      if (tier.volumeFrom !== expected) {
        const message =
          expected === undefined
            ? 'tiers overlap: the one before is open'
            : `tiers have a gap or overlap: expected ${expected}`;
        problems.push({ line: tier.line, column: 'volume_from', message });
      }
      expected = tier.volumeTo === undefined ? undefined : tier.volumeTo + 1;
    }
    if (expected !== undefined) {
      problems.push({ line: tiers.at(-1)!.line, column: 'volume_to', message: 'the last tier must be open' });
    }
  }
  firstTiers.sort(byStart);
  for (const [index, tier] of firstTiers.entries()) {
    const previous = firstTiers[index - 1];
    if (previous) checkFollows(previous, tier, problems);
  }
}

function byStart(a: Rate, b: Rate): number {
  return a.effectiveFrom < b.effectiveFrom ? -1 : a.effectiveFrom > b.effectiveFrom ? 1 : a.line - b.line;
}

function checkFollows(previous: Rate, rate: Rate, problems: FileProblem[]): void {
  const column = 'effective_from';
  if (previous.effectiveTo === undefined || rate.effectiveFrom <= previous.effectiveTo) {
    problems.push({ line: rate.line, column, message: `overlaps the period of line ${previous.line}` });
  } else if (dayAfter(previous.effectiveTo) !== rate.effectiveFrom) {
    problems.push({ line: rate.line, column, message: `leaves a gap after the period of line ${previous.line}` });
  }
}
