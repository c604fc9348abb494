import { isListedCountry, marketOf } from '../price-books/market.js';
import type { Market } from '../price-books/market.js';
import { lookupRate } from '../price-books/price-book.js';
import type { PriceBook, Rate } from '../price-books/price-book.js';
import { localDateOf } from './local-date.js';

/** The provider's word in a status webhook. Category and type are open lists: Meta adds values without notice. */
export interface ProviderPricing {
  /** `PMP` or `CBP`. */
  model: string;
  category: string;
  /** Absent in the CBP era. */
  type?: string;
  /** To be deprecated by Meta; only decides when there is no `type`. */
  billable?: boolean;
}

export interface MessageFacts {
  /** Absent when no status so far carried a price. */
  pricing?: ProviderPricing;
  /** ISO 3166 alpha-2. */
  recipientCountry?: string;
  /** Currency of the messaging account; rates are never converted. */
  currency: string;
  /**
   * Time of `delivered`, or of `read` when that came without it. Absent: not delivered yet. For CBP: start of the
   * conversation.
   */
  deliveredAt?: Date;
  accountTimeZone: string;
  /**
   * Messages of the portfolio, market and category that were charged earlier in the month; absent: the list rate is
   * taken.
   */
  monthlyVolumeBefore?: number;
}

/** Why an amount is what it is, in the order of the reasoning. No message body, no phone number. */
export interface TraceFact {
  fact: string;
  value: string | number | boolean;
}

export type FreeReason =
  | 'SERVICE_ALLOWANCE'
  | 'CUSTOMER_SERVICE_WINDOW'
  | 'FREE_ENTRY_POINT'
  | 'GROUP_CUSTOMER_SERVICE'
  | 'NOT_BILLABLE';

export type UnratedReason =
  | 'PRICING_MISSING'
  | 'DELIVERY_TIME_INVALID'
  | 'TIME_ZONE_UNKNOWN'
  | 'PRICING_MODEL_UNKNOWN'
  | 'CATEGORY_UNKNOWN'
  | 'CATEGORY_WITHOUT_RATE'
  | 'PRICING_TYPE_UNKNOWN'
  | 'PRICING_TYPE_MISSING'
  | 'RECIPIENT_COUNTRY_UNKNOWN'
  | 'RATE_MISSING';

export interface RatedCharge {
  kind: 'charge';
  /** What the amount pays for: with `conversation` (CBP) all messages of one provider conversation share one charge. */
  unit: 'message' | 'conversation';
  amountMicros: number;
  currency: string;
  /** Normalised: lower case, underscores. */
  category: string;
  /** Undefined only for a free message to an unknown country. */
  market: Market | undefined;
  localDate: string;
  /** Present when the provider said that this one is free; a zero from the price book has no free reason but a rate. */
  freeReason?: FreeReason;
  /** The rate behind the amount; its confidence must stay visible. */
  rate?: Rate;
  trace: TraceFact[];
}

export type Rating =
  | RatedCharge
  | { kind: 'pending'; reason: 'NOT_DELIVERED'; trace: TraceFact[] }
  | { kind: 'unrated'; reason: UnratedReason; detail: string; trace: TraceFact[] };

const RATE_CARD_CATEGORIES = new Set([
  'marketing',
  'utility',
  'authentication',
  'authentication_international',
  'service',
]);
/** The two rates of 2022-02 to 2023-05, when the direction and not the topic had a price. */
const INITIATED_CATEGORIES = new Set(['business_initiated', 'user_initiated']);
/** Known to us, but without a line on any rate card. */
const CATEGORIES_WITHOUT_RATE: Record<string, string> = {
  referral_conversion: 'exists only inside a free entry point',
  marketing_lite: 'varies per message; only the provider gives an estimate',
  group_service: 'charged per participant',
  group_utility: 'charged per participant',
  group_marketing: 'charged per participant',
  general_purpose_ai: 'has the prices of AI providers, not those of the rate card',
};

interface FreeRule {
  type: string;
  category?: string;
  /** First local day. */
  from?: string;
  reason: FreeReason;
  why: string;
}

/** What the provider's free types mean, by date; the first match wins. They explain a zero, they do not decide it. */
const FREE_RULES: readonly FreeRule[] = [
  {
    type: 'free_customer_service',
    category: 'service',
    from: '2026-10-01',
    reason: 'SERVICE_ALLOWANCE',
    why: 'among the free service messages of this number and month, or of an exempt organisation, says the provider',
  },
  {
    type: 'free_customer_service',
    reason: 'CUSTOMER_SERVICE_WINDOW',
    why: 'free inside the customer service window, says the provider',
  },
  {
    type: 'free_entry_point',
    reason: 'FREE_ENTRY_POINT',
    why: 'free inside a free entry point window, says the provider',
  },
  {
    type: 'free_group_customer_service',
    reason: 'GROUP_CUSTOMER_SERVICE',
    why: 'free inside the customer service window of a group, says the provider',
  },
];

/**
 * Rates one message from what the provider said about it. Never throws for what a provider may send, and never answers
 * zero for something it does not know: that is `unrated` with a reason, to be rated again when a rate or a status
 * arrives.
 *
 * The free allowance is not counted here: the provider's `type` already says whether it applied.
 */
export function rateMessage(facts: MessageFacts, book: PriceBook): Rating {
  const trace: TraceFact[] = [];
  const note = (fact: string, value: string | number | boolean | undefined): void => {
    if (value !== undefined) trace.push({ fact, value });
  };
  const unrated = (reason: UnratedReason, detail: string): Rating => ({ kind: 'unrated', reason, detail, trace });

  const { pricing, currency, deliveredAt, accountTimeZone, monthlyVolumeBefore } = facts;
  note('provider.model', shorten(pricing?.model));
  note('provider.category', shorten(pricing?.category));
  note('provider.type', shorten(pricing?.type));
  note('provider.billable', pricing?.billable);
  if (!deliveredAt) return { kind: 'pending', reason: 'NOT_DELIVERED', trace };
  if (!pricing) return unrated('PRICING_MISSING', 'no status of this message carried a price');

  if (Number.isNaN(deliveredAt.getTime())) return unrated('DELIVERY_TIME_INVALID', 'the delivery time is not a time');
  note('delivery.at', deliveredAt.toISOString());
  note('account.timeZone', accountTimeZone);
  note('account.currency', currency);
  let localDate: string;
  try {
    localDate = localDateOf(deliveredAt, accountTimeZone);
  } catch {
    return unrated('TIME_ZONE_UNKNOWN', `unknown time zone "${accountTimeZone}"`);
  }
  note('delivery.localDate', localDate);

  const model = pricing.model.toUpperCase();
  if (model !== 'PMP' && model !== 'CBP')
    return unrated('PRICING_MODEL_UNKNOWN', `unknown pricing model "${shorten(pricing.model)}"`);
  const unit = model === 'PMP' ? 'message' : 'conversation';
  note('unit', unit);

  const category = normalise(pricing.category);
  const isInitiated = model === 'CBP' && INITIATED_CATEGORIES.has(category);
  const hasRate = RATE_CARD_CATEGORIES.has(category) || isInitiated;
  if (!hasRate && !Object.hasOwn(CATEGORIES_WITHOUT_RATE, category)) {
    return unrated('CATEGORY_UNKNOWN', `unknown category "${shorten(pricing.category)}"`);
  }
  note('category', category);

  const market = marketOf({ countryCode: facts.recipientCountry }, localDate);
  note('recipient.country', facts.recipientCountry);
  note('market', market);
  const marketToday = marketOf({ countryCode: facts.recipientCountry });
  if (marketToday !== market) note('market.rule', `became ${marketToday} later`);
  if (market === 'Other' && !isListedCountry(facts.recipientCountry!)) {
    note('market.rule', 'countries that the provider does not list are charged as Other');
  }

  const decision = decide(pricing, model, category, localDate);
  if (decision.kind === 'unknown') return unrated(decision.reason, decision.detail);
  const charge = { kind: 'charge', unit, currency, category, market, localDate, trace } as const;
  if (decision.kind === 'free') {
    note('free', decision.why);
    return { ...charge, amountMicros: 0, freeReason: decision.reason };
  }

  if (!hasRate) return unrated('CATEGORY_WITHOUT_RATE', `${category} ${CATEGORIES_WITHOUT_RATE[category]}`);
  if (!market) return unrated('RECIPIENT_COUNTRY_UNKNOWN', 'the country of the recipient is not known');

  const rateModel = isInitiated ? 'CBP-2022' : model;
  note('book.version', book.version);
  note('tier.monthlyVolumeBefore', monthlyVolumeBefore);
  const rate = lookupRate(book, {
    model: rateModel,
    market,
    category,
    currency,
    localDate,
    monthlyVolume: monthlyVolumeBefore,
  });
  if (!rate)
    return unrated('RATE_MISSING', `no rate for ${rateModel} ${market} ${category} ${currency} on ${localDate}`);
  noteRate(rate, note);
  return { ...charge, amountMicros: rate.rateMicros, rate };
}

type Decision =
  | { kind: 'regular' }
  | { kind: 'free'; reason: FreeReason; why: string }
  | { kind: 'unknown'; reason: UnratedReason; detail: string };

/** `type` decides; `billable`, which Meta will drop, only where there is no type (CBP). */
function decide(pricing: ProviderPricing, model: 'PMP' | 'CBP', category: string, localDate: string): Decision {
  if (pricing.type !== undefined) {
    const type = normalise(pricing.type);
    if (type === 'regular') return { kind: 'regular' };
    const rule = FREE_RULES.find(
      (candidate) =>
        candidate.type === type &&
        (candidate.category === undefined || candidate.category === category) &&
        (candidate.from === undefined || candidate.from <= localDate),
    );
    if (rule) return { kind: 'free', reason: rule.reason, why: rule.why };
    return {
      kind: 'unknown',
      reason: 'PRICING_TYPE_UNKNOWN',
      detail: `unknown pricing type "${shorten(pricing.type)}"`,
    };
  }
  if (model === 'CBP' && category === 'referral_conversion') {
    return { kind: 'free', reason: 'FREE_ENTRY_POINT', why: 'conversation from a free entry point' };
  }
  if (pricing.billable === false)
    return { kind: 'free', reason: 'NOT_BILLABLE', why: 'not billable, says the provider' };
  if (pricing.billable === true) return { kind: 'regular' };
  return { kind: 'unknown', reason: 'PRICING_TYPE_MISSING', detail: 'the price says neither type nor billable' };
}

/**
 * Webhooks write `authentication-international`, older ones and our books `authentication_international`; analytics
 * upper case.
 */
function normalise(value: string): string {
  return value.trim().toLowerCase().replaceAll('-', '_');
}

/** Open values come from outside and end in a ledger that is kept for ever. */
function shorten<T extends string | undefined>(value: T): T | string {
  return value === undefined ? value : value.slice(0, 64);
}

function noteRate(rate: Rate, note: (fact: string, value: string | number | undefined) => void): void {
  note('rate.line', rate.line);
  note('rate.model', rate.model);
  note('rate.market', rate.market);
  note('rate.category', rate.category);
  note('rate.currency', rate.currency);
  note('rate.tier', rate.volumeFrom === undefined ? 'list rate' : `${rate.volumeFrom}:${rate.volumeTo ?? 'MAX'}`);
  note('rate.micros', rate.rateMicros);
  note('rate.effectiveFrom', rate.effectiveFrom);
  note('rate.effectiveTo', rate.effectiveTo);
  note('rate.confidence', rate.confidence);
  note('rate.source', rate.source);
}
