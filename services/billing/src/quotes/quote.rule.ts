import type { PriceBook } from '../price-books/price-book.js';
import { estimateMessage, type RatedCharge, type Unrated } from '../ratings/rate.js';
import { monthOf } from '../ratings/local-date.js';
import { meterKey, volumeOf } from '../ratings/recalculate.js';
import { regimeOn } from '../ratings/regimes.js';
import type { OwnFacts } from '../ratings/verdict.js';
import type { QuoteReason } from './quote-reason.js';

/** So many messages that differ in nothing by which a price is found. */
export interface PlannedMessages extends OwnFacts {
  /** ISO 3166 alpha-2. */
  recipientCountry: string | undefined;
  count: number;
}

/** By what a number is charged, and how far its allowance and tiers are used up. */
export interface QuoteBasis {
  at: Date;
  currency: string;
  timeZone: string;
  portfolioId: string;
  book: PriceBook;
  /** Of the free messages of the number in this month; absent where the rules know none. */
  allowance?: Allowance | undefined;
  /** How many were charged by a meter in this month. */
  counted: ReadonlyMap<string, number>;
  /** Beyond these, by `volumeOf`: how many are on their way and will be charged. */
  onTheirWay: ReadonlyMap<string, number>;
}

export interface Allowance {
  size: number;
  /** If everything that is on its way is delivered. */
  left: number;
  /** If nothing of it is. */
  mostLeft: number;
}

/** What some messages will cost: about so much, and between these two. */
export interface QuotedFigures {
  micros: number;
  leastMicros: number;
  mostMicros: number;
}

export interface QuotedLine extends QuotedFigures {
  planned: PlannedMessages;
  market: string | null;
  /** Of `micros`: so many are free. */
  free: number;
  /** So many cannot be priced: they are in no figure. */
  unquoted: number;
  reasons: QuoteReason[];
}

export interface Quote extends QuotedFigures {
  currency: string;
  lines: QuotedLine[];
}

/**
 * What messages would cost if they were sent now, by the function that rates them. All of them share what is left of
 * the allowance and the place in volume tiers. About: in the order in which they are given, when all that is on its way
 * is delivered. At least: when that lowers the price by volume only, and the free ones are the dearest. At most: when it
 * uses up the allowance only, and the free ones are the cheapest.
 */
export function quote(planned: readonly PlannedMessages[], basis: QuoteBasis): Quote {
  const { left = 0, mostLeft = 0 } = basis.allowance ?? {};
  const listPrice = new Map(planned.map((each) => [each, priceOf(each, basis)]));
  const cheapestFirst = planned.toSorted((a, b) => listPrice.get(a)! - listPrice.get(b)!);
  const about = new Run(basis, left, basis.onTheirWay).priceAll(planned);
  const least = new Run(basis, mostLeft, basis.onTheirWay).priceAll(cheapestFirst.toReversed());
  const most = new Run(basis, left, new Map()).priceAll(cheapestFirst);
  const lines = planned.map((each): QuotedLine => {
    const line = about.get(each)!;
    const bounds = [line.micros, least.get(each)!.micros, most.get(each)!.micros];
    return { ...line, planned: each, leastMicros: Math.min(...bounds), mostMicros: Math.max(...bounds) };
  });
  const sum = (priced: Iterable<Priced>) => [...priced].reduce((micros, line) => micros + line.micros, 0);
  return {
    currency: basis.currency,
    micros: sum(about.values()),
    leastMicros: Math.min(...[about, least, most].map((run) => sum(run.values()))),
    mostMicros: Math.max(...[about, least, most].map((run) => sum(run.values()))),
    lines,
  };
}

type Priced = Pick<QuotedLine, 'micros' | 'market' | 'free' | 'unquoted' | 'reasons'>;

/** Of one message without any allowance: the list rate, fees and taxes included. */
function priceOf(planned: PlannedMessages, basis: QuoteBasis): number {
  const rating = rate(planned, basis, 0);
  return rating.kind === 'charge' ? totalOf(rating) : 0;
}

function rate(
  { count: _, ...facts }: PlannedMessages,
  { at, currency, timeZone, book }: QuoteBasis,
  freeLeft: number,
  placeInMeter?: number,
): RatedCharge | Unrated {
  const delivery = { deliveredAt: at, currency, accountTimeZone: timeZone, placeInMeter };
  return estimateMessage({ ...facts, ...delivery }, { freeLeft: () => freeLeft }, book);
}

function totalOf({ amountMicros, surcharges }: RatedCharge): number {
  return surcharges.reduce((sum, surcharge) => sum + surcharge.amountMicros, amountMicros);
}

/** Prices messages one after the other, as many at once as have the same price. */
class Run {
  readonly #basis: QuoteBasis;
  readonly #ahead: ReadonlyMap<string, number>;
  /** By meter. */
  readonly #charged = new Map<string, number>();
  #left: number;

  /** @param ahead what is delivered before, by `volumeOf`. */
  constructor(basis: QuoteBasis, left: number, ahead: ReadonlyMap<string, number>) {
    this.#basis = basis;
    this.#left = left;
    this.#ahead = ahead;
  }

  priceAll(planned: readonly PlannedMessages[]): Map<PlannedMessages, Priced> {
    return new Map(planned.map((each) => [each, this.#price(each)]));
  }

  #price(planned: PlannedMessages): Priced {
    const priced: Priced = { micros: 0, market: null, free: 0, unquoted: 0, reasons: [] };
    for (let rest = planned.count; rest > 0;) {
      const first = rate(planned, this.#basis, this.#left);
      if (first.kind === 'unrated') {
        const { reason, detail } = first;
        priced.reasons.push({ code: 'UNQUOTED', reason, detail });
        return { ...priced, unquoted: rest };
      }
      priced.market = first.market ?? null;
      rest -= first.freeReason ? this.#giveFree(first, rest, priced) : this.#charge(planned, first, rest, priced);
    }
    return priced;
  }

  /** @returns how many. */
  #giveFree({ freeReason, localDate }: RatedCharge, rest: number, priced: Priced): number {
    const { allowance } = this.#basis;
    const isOfAllowance = regimeOn(localDate).free.some((rule) => rule.allowance && rule.reason === freeReason);
    const count = isOfAllowance ? Math.min(rest, this.#left) : rest;
    priced.free += count;
    if (!isOfAllowance) priced.reasons.push({ code: 'FREE', reason: freeReason! });
    else if (allowance) {
      priced.reasons.push({ code: 'ALLOWANCE_LEFT', left: this.#left, size: allowance.size, free: count });
      this.#left -= count;
    }
    return count;
  }

  /** @returns how many. */
  #charge(planned: PlannedMessages, first: RatedCharge, rest: number, priced: Priced): number {
    const { allowance, portfolioId, currency } = this.#basis;
    const takesPart = regimeOn(first.localDate).free.some(
      (rule) => rule.allowance && (rule.categories?.includes(first.category) ?? true),
    );
    if (takesPart && allowance && !priced.reasons.some(({ code }) => code === 'ALLOWANCE_USED_UP')) {
      priced.reasons.push({ code: 'ALLOWANCE_USED_UP', size: allowance.size });
      const onTheirWay = allowance.mostLeft - allowance.left;
      if (onTheirWay > 0) priced.reasons.push({ code: 'ALLOWANCE_UNCERTAIN', messages: onTheirWay });
    }
    const key = meterKey(first, { portfolioId });
    const before = key === undefined ? 0 : this.#chargedBefore(key, first);
    const rated = key === undefined ? first : (rate(planned, this.#basis, this.#left, before) as RatedCharge);
    const count = first.meter ? Math.min(rest, tierEnd(first.meter.sizes, before) - before) : rest;
    if (key !== undefined) this.#charged.set(key, (this.#charged.get(key) ?? 0) + count);
    priced.micros += totalOf(rated) * count;
    const { rateMicros, confidence, effectiveFrom } = rated.rate!;
    const rateCode = { code: 'RATE', category: rated.category, market: rated.market ?? null } as const;
    priced.reasons.push({ ...rateCode, micros: rateMicros, currency, effectiveFrom, confidence, messages: count });
    for (const { line, amountMicros } of rated.surcharges) {
      priced.reasons.push({ code: line, micros: amountMicros * count, currency });
    }
    return count;
  }

  #chargedBefore(key: string, { market, category, currency, localDate }: RatedCharge): number {
    const { counted, portfolioId } = this.#basis;
    const volume = volumeOf({ portfolioId, market, category, currency, month: monthOf(localDate) });
    return (counted.get(key) ?? 0) + (this.#ahead.get(volume) ?? 0) + (this.#charged.get(key) ?? 0);
  }
}

/** Up to how many the rate of the next one after `before` goes. */
function tierEnd(sizes: readonly number[], before: number): number {
  let end = 0;
  for (const size of sizes) {
    end += size;
    if (before < end) return end;
  }
  return Infinity;
}
