import { isListedCountry, marketOf } from '../price-books/market.js';
import type { Market } from '../price-books/market.js';
import { lookupRate, tiersOf } from '../price-books/price-book.js';
import type { PriceBook, Rate } from '../price-books/price-book.js';
import { tierName, type VolumeTier } from '../volume-tiers/volume-tier.rule.js';
import { localDateOf } from './local-date.js';
import { nearestDayOf, regimeOn, type FreeReason, type FreeRule, type Regime } from './regimes.js';
import {
  CATEGORIES_WITHOUT_RATE,
  providerVerdict,
  regimeVerdict,
  shorten,
  type OwnFacts,
  type ProviderPricing,
  type Verdict,
  type VerdictProblem,
} from './verdict.js';

/** Where and when, by which a rate is found. */
export interface Delivery {
  /** ISO 3166 alpha-2. */
  recipientCountry?: string | undefined;
  /** Currency of the messaging account; rates are never converted. */
  currency: string;
  /**
   * Time of `delivered`, or of `read` when that came without it. Absent: not delivered yet. For CBP: start of the
   * conversation.
   */
  deliveredAt?: Date | undefined;
  accountTimeZone: string;
  /**
   * How many of those that are counted with it came before (see `Meter`): of a volume tier, the messages of its
   * portfolio, market, category and month; of a conversation, the messages in it. Absent: the list rate is taken.
   */
  placeInMeter?: number | undefined;
  /** The price of which volume the provider charges at that time, where it has told: before what we have counted. */
  providerTier?: VolumeTier | undefined;
}

export interface MessageFacts extends Delivery {
  /** Absent when no status so far carried a price. */
  pricing?: ProviderPricing | undefined;
  /** The provider's conversation that the price pays for (CBP). */
  conversationKey?: string | undefined;
}

/** Why an amount is what it is, in the order of the reasoning. No message body, no phone number. */
export interface TraceFact {
  fact: string;
  value: string | number | boolean;
}

export type UnratedReason =
  | VerdictProblem
  | 'PRICING_MISSING'
  | 'DELIVERY_TIME_INVALID'
  | 'TIME_ZONE_UNKNOWN'
  | 'CATEGORY_WITHOUT_RATE'
  | 'RECIPIENT_COUNTRY_UNKNOWN'
  | 'CONVERSATION_UNKNOWN'
  | 'RATE_MISSING';

/** What is not the provider's: our partner's fee, and tax on both. */
export interface Surcharge {
  line: 'PARTNER_FEE' | 'TAX';
  amountMicros: number;
  rate: Rate;
}

/**
 * What is counted together because the place in the order of delivery decides the price. Slots are filled one after
 * the other, each with so many; the last has no end.
 */
export interface Meter {
  kind: 'VOLUME' | 'CONVERSATION';
  sizes: readonly number[];
}

export interface RatedCharge {
  kind: 'charge';
  /** What the amount pays for: with `conversation` (CBP) all messages of one provider conversation share one charge. */
  unit: Regime['unit'];
  amountMicros: number;
  surcharges: readonly Surcharge[];
  currency: string;
  /** Normalised: lower case, underscores. */
  category: string;
  /** Undefined only for a free message to an unknown country. */
  market: Market | undefined;
  localDate: string;
  /** The rules of that day, or those under which it was asked for. */
  regime: string;
  /** Present when this one is free; a zero from the price book has no free reason but a rate. */
  freeReason?: FreeReason;
  /** The rate behind the amount; its confidence must stay visible. */
  rate?: Rate;
  /** Present where the amount depends on what else is delivered. */
  meter?: Meter;
  trace: TraceFact[];
}

export interface Unrated {
  kind: 'unrated';
  reason: UnratedReason;
  detail: string;
  trace: TraceFact[];
}

export type Rating = RatedCharge | { kind: 'pending'; reason: 'NOT_DELIVERED'; trace: TraceFact[] } | Unrated;

/**
 * Rates one message from what the provider said about it. Never throws for what a provider may send, and never answers
 * zero for something it does not know: that is `unrated` with a reason, to be rated again when a rate or a status
 * arrives.
 *
 * The free allowance is not counted here: the provider's `type` already says whether it applied.
 */
export function rateMessage(facts: MessageFacts, book: PriceBook): Rating {
  const { pricing, deliveredAt } = facts;
  const trace = newTrace();
  if (pricing) {
    trace.note('provider.model', shorten(pricing.model));
    trace.note('provider.category', shorten(pricing.category));
    trace.note('provider.type', pricing.type === undefined ? undefined : shorten(pricing.type));
    trace.note('provider.billable', pricing.billable);
  }
  if (!deliveredAt) return { kind: 'pending', reason: 'NOT_DELIVERED', trace: trace.facts };
  if (!pricing) return unrated(trace, 'PRICING_MISSING', 'no status of this message carried a price');
  const localDate = noteDelivery(trace, { ...facts, deliveredAt });
  if (typeof localDate !== 'string') return localDate;

  const verdict = providerVerdict(pricing, localDate);
  const regime = regimeOn(localDate);
  trace.note('regime', regime.id);
  if (verdict.kind === 'unknown') return unrated(trace, verdict.reason, verdict.detail);
  if (verdict.kind === 'regular' && verdict.category === 'marketing_lite' && pricing.estimate) {
    return asEstimated(trace, facts, verdict, { ...pricing.estimate, localDate }, book);
  }
  if (verdict.unit === 'message' || verdict.kind === 'free') {
    return price(trace, facts, verdict, { localDate, regime: regime.id }, book);
  }
  if (facts.conversationKey === undefined) {
    const detail = 'this price pays for a conversation of the provider, and no status said which';
    return unrated(trace, 'CONVERSATION_UNKNOWN', detail);
  }
  const meter: Meter = { kind: 'CONVERSATION', sizes: [1] };
  const shared: Verdict = facts.placeInMeter
    ? { ...verdict, kind: 'free', reason: 'CONVERSATION_CHARGED', why: CHARGED_BEFORE }
    : verdict;
  const rating = price(trace, facts, shared, { localDate, regime: regime.id }, book);
  return rating.kind === 'charge' ? { ...rating, meter } : rating;
}

const CHARGED_BEFORE = 'the conversation is charged with the message that was delivered first in it';

/**
 * What the rules say a message costs, by our own figures: for quotes and forecasts, until the provider has said its
 * word, and for what a month would have cost under other rules.
 * @param joins whether it belongs to a conversation that is charged already.
 */
export function estimateMessage(
  facts: Delivery & OwnFacts & { deliveredAt: Date },
  { regime, freeLeft, joins }: { regime?: Regime; freeLeft: (rule: FreeRule) => number; joins?: boolean },
  book: PriceBook,
): RatedCharge | Unrated {
  const trace = newTrace();
  trace.note('own.category', facts.category);
  trace.note('own.isInWindow', facts.isInWindow);
  trace.note('own.isInEntryPoint', facts.isInEntryPoint);
  const localDate = noteDelivery(trace, facts);
  if (typeof localDate !== 'string') return localDate;
  const rules = regime ?? regimeOn(localDate);
  trace.note('regime', rules.id);
  const rateDate = nearestDayOf(rules, localDate);
  if (rateDate !== localDate) trace.note('rate.date', rateDate);
  const verdict = regimeVerdict(rules, facts, joins ? () => 1 : freeLeft);
  const shared: Verdict = joins
    ? { ...verdict, kind: 'free', reason: 'CONVERSATION_CHARGED', why: CHARGED_BEFORE }
    : verdict;
  return price(trace, facts, shared, { localDate, rateDate, regime: rules.id }, book);
}

/** The last step: market, rate, tier, surcharges. */
function price(
  trace: Trace,
  facts: Delivery,
  verdict: Verdict,
  when: { localDate: string; rateDate?: string; regime: string },
  book: PriceBook,
): RatedCharge | Unrated {
  const { currency, placeInMeter, providerTier } = facts;
  const { category, unit, model } = verdict;
  const { localDate, rateDate = localDate, regime } = when;
  trace.note('unit', unit);
  trace.note('category', category);
  const market = noteMarket(trace, facts.recipientCountry, rateDate);
  const charge = { kind: 'charge', unit, currency, category, market, localDate, regime, trace: trace.facts } as const;
  if (verdict.kind === 'free') {
    trace.note('free', verdict.why);
    return { ...charge, amountMicros: 0, surcharges: [], freeReason: verdict.reason };
  }

  const withoutRate = CATEGORIES_WITHOUT_RATE[category];
  if (withoutRate !== undefined) return unrated(trace, 'CATEGORY_WITHOUT_RATE', `${category} ${withoutRate}`);
  if (!market) return unrated(trace, 'RECIPIENT_COUNTRY_UNKNOWN', 'the country of the recipient is not known');

  trace.note('book.version', book.version);
  const query = { model, market, category, currency, localDate: rateDate };
  const sizes = tiersOf(book, query);
  if (sizes) trace.note('tier.volumeAtLeast', placeInMeter);
  if (sizes && providerTier) {
    trace.note('tier.provider', tierName(providerTier));
    trace.note('tier.providerSince', providerTier.since.toISOString());
  }
  // The volume is what there was before: a tier begins with the message after it.
  const volume = providerTier ? Math.max(providerTier.from - 1, 0) : placeInMeter;
  const rate = lookupRate(book, { ...query, monthlyVolume: sizes && volume });
  if (!rate)
    return unrated(trace, 'RATE_MISSING', `no rate for ${model} ${market} ${category} ${currency} on ${rateDate}`);
  noteRate(trace, 'rate', rate);
  return {
    ...charge,
    amountMicros: rate.rateMicros,
    rate,
    surcharges: surchargesOn(trace, rate.rateMicros, query, book),
    ...(sizes && { meter: { kind: 'VOLUME', sizes } }),
  };
}

/** The fee is on what the provider charges, and tax on both. What is free has neither. */
function surchargesOn(
  trace: Trace,
  amountMicros: number,
  query: { market: Market; category: string; currency: string; localDate: string },
  book: PriceBook,
): Surcharge[] {
  if (amountMicros === 0) return [];
  const surcharges: Surcharge[] = [];
  const fixed = lookupRate(book, { ...query, model: 'PARTNER' });
  if (fixed) surcharges.push({ line: 'PARTNER_FEE', amountMicros: fixed.rateMicros, rate: fixed });
  const share = lookupRate(book, { ...query, model: 'PARTNER-SHARE' });
  if (share) surcharges.push({ line: 'PARTNER_FEE', amountMicros: shareOf(amountMicros, share), rate: share });
  const net = surcharges.reduce((sum, surcharge) => sum + surcharge.amountMicros, amountMicros);
  const tax = lookupRate(book, { ...query, model: 'TAX' });
  if (tax) surcharges.push({ line: 'TAX', amountMicros: shareOf(net, tax), rate: tax });
  for (const { line, rate } of surcharges) noteRate(trace, line === 'TAX' ? 'tax' : 'partner', rate);
  return surcharges;
}

/** Half a micro-unit is rounded up. */
function shareOf(amountMicros: number, { rateMicros }: Rate): number {
  return Number((BigInt(amountMicros) * BigInt(rateMicros) + 500_000n) / 1_000_000n);
}

function asEstimated(
  trace: Trace,
  facts: MessageFacts,
  { unit, category }: Verdict,
  estimate: { amountMicros: number; currency: string; localDate: string },
  book: PriceBook,
): Rating {
  trace.note('unit', unit);
  trace.note('category', category);
  const { amountMicros, currency, localDate } = estimate;
  const market = noteMarket(trace, facts.recipientCountry, localDate);
  trace.note('provider.estimate.micros', estimate.amountMicros);
  trace.note('provider.estimate.currency', estimate.currency);
  if (estimate.currency !== facts.currency) {
    return unrated(
      trace,
      'RATE_MISSING',
      `the provider's estimate is in ${estimate.currency}, the account in ${facts.currency}`,
    );
  }
  const regime = regimeOn(localDate).id;
  return {
    kind: 'charge',
    unit,
    category,
    market,
    amountMicros,
    currency,
    surcharges: market ? surchargesOn(trace, amountMicros, { market, category, currency, localDate }, book) : [],
    localDate,
    regime,
    trace: trace.facts,
  };
}

interface Trace {
  facts: TraceFact[];
  note(fact: string, value: string | number | boolean | undefined): void;
}

function newTrace(): Trace {
  const facts: TraceFact[] = [];
  return {
    facts,
    note: (fact, value) => {
      if (value !== undefined) facts.push({ fact, value });
    },
  };
}

function unrated({ facts }: Trace, reason: UnratedReason, detail: string): Unrated {
  return { kind: 'unrated', reason, detail, trace: facts };
}

/** The local day of a delivery, or why there is none. */
function noteDelivery(
  trace: Trace,
  { deliveredAt, accountTimeZone, currency }: Delivery & { deliveredAt: Date },
): string | Unrated {
  if (Number.isNaN(deliveredAt.getTime())) {
    return unrated(trace, 'DELIVERY_TIME_INVALID', 'the delivery time is not a time');
  }
  trace.note('delivery.at', deliveredAt.toISOString());
  trace.note('account.timeZone', accountTimeZone);
  trace.note('account.currency', currency);
  let localDate: string;
  try {
    localDate = localDateOf(deliveredAt, accountTimeZone);
  } catch {
    return unrated(trace, 'TIME_ZONE_UNKNOWN', `unknown time zone "${accountTimeZone}"`);
  }
  trace.note('delivery.localDate', localDate);
  return localDate;
}

function noteMarket(trace: Trace, countryCode: string | undefined, localDate: string): Market | undefined {
  const market = marketOf(countryCode === undefined ? {} : { countryCode }, localDate);
  trace.note('recipient.country', countryCode);
  trace.note('market', market);
  const marketToday = marketOf(countryCode === undefined ? {} : { countryCode });
  if (marketToday !== market) trace.note('market.rule', `became ${marketToday} later`);
  if (market === 'Other' && !isListedCountry(countryCode!)) {
    trace.note('market.rule', 'countries that the provider does not list are charged as Other');
  }
  return market;
}

function noteRate({ note }: Trace, prefix: 'rate' | 'partner' | 'tax', rate: Rate): void {
  note(`${prefix}.line`, rate.line);
  note(`${prefix}.model`, rate.model);
  note(`${prefix}.market`, rate.market);
  note(`${prefix}.category`, rate.category);
  note(`${prefix}.currency`, rate.currency);
  note(`${prefix}.tier`, rate.volumeFrom === undefined ? 'list rate' : `${rate.volumeFrom}:${rate.volumeTo ?? 'MAX'}`);
  note(`${prefix}.micros`, rate.rateMicros);
  note(`${prefix}.effectiveFrom`, rate.effectiveFrom);
  note(`${prefix}.effectiveTo`, rate.effectiveTo);
  note(`${prefix}.confidence`, rate.confidence);
  note(`${prefix}.source`, rate.source);
}
