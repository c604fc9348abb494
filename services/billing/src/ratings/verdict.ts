import { regimeOn, type FreeReason, type FreeRule, type Regime } from './regimes.js';

/** The provider's word in a status webhook. Category and type are open lists: Meta adds values without notice. */
export interface ProviderPricing {
  /** `PMP` or `CBP`. */
  model: string;
  category: string;
  /** Absent in the CBP era. */
  type?: string;
  /** To be deprecated by Meta; only decides when there is no `type`. */
  billable?: boolean;
  /** Of what is on no rate card. */
  estimate?: { amountMicros: number; currency: string };
}

export type VerdictProblem =
  | 'PRICING_MODEL_UNKNOWN'
  | 'CATEGORY_UNKNOWN'
  | 'PRICING_TYPE_UNKNOWN'
  | 'PRICING_TYPE_MISSING';

/** Whether something is charged, by which unit and category, before anybody looks for a rate. */
export type Verdict = { category: string; unit: Regime['unit']; model: string } & (
  | { kind: 'regular' }
  | { kind: 'free'; reason: FreeReason; why: string }
);

export interface Doubt {
  kind: 'unknown';
  reason: VerdictProblem;
  detail: string;
}

export const RATE_CARD_CATEGORIES: ReadonlySet<string> = new Set([
  'marketing',
  'utility',
  'authentication',
  'authentication_international',
  'service',
]);
/** The two rates of 2022-02 to 2023-05, when the direction and not the topic had a price. */
const INITIATED_CATEGORIES: ReadonlySet<string> = new Set(['business_initiated', 'user_initiated']);
/** Known to us, but without a line on any rate card. */
export const CATEGORIES_WITHOUT_RATE: Readonly<Record<string, string>> = {
  referral_conversion: 'exists only inside a free entry point',
  marketing_lite: 'varies per message; only the provider gives an estimate',
  group_service: 'charged per participant',
  group_utility: 'charged per participant',
  group_marketing: 'charged per participant',
  general_purpose_ai: 'has the prices of AI providers, not those of the rate card',
};

/** What the provider's free types mean where the rules of the day do not say. */
const FREE_TYPES: Readonly<Record<string, { reason: FreeReason; why: string }>> = {
  free_customer_service: { reason: 'CUSTOMER_SERVICE_WINDOW', why: 'free inside the customer service window' },
  free_entry_point: { reason: 'FREE_ENTRY_POINT', why: 'free inside a free entry point window' },
  free_group_customer_service: {
    reason: 'GROUP_CUSTOMER_SERVICE',
    why: 'free inside the customer service window of a group',
  },
};

/**
 * What the provider said. It decides whatever our own figures are: so an allowance that it has subtracted is never
 * subtracted again. The rules of the day only explain its zero.
 */
export function providerVerdict(pricing: ProviderPricing, localDate: string): Verdict | Doubt {
  const model = pricing.model.toUpperCase();
  if (model !== 'PMP' && model !== 'CBP') {
    return doubt('PRICING_MODEL_UNKNOWN', `unknown pricing model "${shorten(pricing.model)}"`);
  }
  const category = normalise(pricing.category);
  const isInitiated = model === 'CBP' && INITIATED_CATEGORIES.has(category);
  if (!isInitiated && !RATE_CARD_CATEGORIES.has(category) && !Object.hasOwn(CATEGORIES_WITHOUT_RATE, category)) {
    return doubt('CATEGORY_UNKNOWN', `unknown category "${shorten(pricing.category)}"`);
  }
  const about = {
    category,
    unit: model === 'PMP' ? 'message' : 'conversation',
    model: isInitiated ? 'CBP-2022' : model,
  } as const;
  const free = (reason: FreeReason, why: string): Verdict => ({
    kind: 'free',
    reason,
    why: `${why}, says the provider`,
    ...about,
  });
  const rules = regimeOn(localDate).free.filter(({ categories }) => !categories || categories.includes(category));

  if (pricing.type !== undefined) {
    const type = normalise(pricing.type);
    if (type === 'regular') return { kind: 'regular', ...about };
    const rule = rules.find((candidate) => candidate.type === type) ?? FREE_TYPES[type];
    if (rule) return free(rule.reason, rule.why);
    return doubt('PRICING_TYPE_UNKNOWN', `unknown pricing type "${shorten(pricing.type)}"`);
  }
  if (model === 'CBP' && category === 'referral_conversion') {
    return free('FREE_ENTRY_POINT', 'conversation from a free entry point');
  }
  if (pricing.billable === false) {
    const rule = model === 'CBP' ? rules.find(({ isInEntryPoint }) => !isInEntryPoint) : undefined;
    return rule ? free(rule.reason, rule.why) : free('NOT_BILLABLE', 'not billable');
  }
  if (pricing.billable === true) return { kind: 'regular', ...about };
  return doubt('PRICING_TYPE_MISSING', 'the price says neither type nor billable');
}

/** What we know of a message ourselves. */
export interface OwnFacts {
  /** As the rate cards call it: of its template, or `service`. */
  category: string;
  isInWindow: boolean;
  isInEntryPoint: boolean;
}

/** What the rules say of what opens a conversation, or of a message that is charged by itself. */
export function regimeVerdict(regime: Regime, facts: OwnFacts, freeLeft: (rule: FreeRule) => number): Verdict {
  const category =
    regime.model !== 'CBP-2022' ? facts.category : facts.isInWindow ? 'user_initiated' : 'business_initiated';
  const about = { category, unit: regime.unit, model: regime.model };
  const rule = regime.free.find(
    (candidate) =>
      (!candidate.categories || candidate.categories.includes(category)) &&
      (!candidate.isInWindow || facts.isInWindow) &&
      (!candidate.isInEntryPoint || facts.isInEntryPoint) &&
      (!candidate.allowance || freeLeft(candidate) > 0),
  );
  return rule ? { kind: 'free', reason: rule.reason, why: rule.why, ...about } : { kind: 'regular', ...about };
}

function doubt(reason: VerdictProblem, detail: string): Doubt {
  return { kind: 'unknown', reason, detail };
}

/**
 * Webhooks write `authentication-international`, older ones and our books `authentication_international`; analytics
 * upper case.
 */
export function normalise(value: string): string {
  return value.trim().toLowerCase().replaceAll('-', '_');
}

/** Open values come from outside and end in a ledger that is kept for ever. */
export function shorten(value: string): string {
  return value.slice(0, 64);
}
