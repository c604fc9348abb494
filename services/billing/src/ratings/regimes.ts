import { dayAfter } from './local-date.js';

/** Whose messages or conversations a month's allowance counts together. */
export type AllowanceScope = 'ACCOUNT' | 'NUMBER';

export type FreeReason =
  | 'SERVICE_ALLOWANCE'
  | 'CONVERSATION_ALLOWANCE'
  | 'SERVICE_FREE'
  | 'CUSTOMER_SERVICE_WINDOW'
  | 'FREE_ENTRY_POINT'
  | 'GROUP_CUSTOMER_SERVICE'
  | 'CONVERSATION_CHARGED'
  | 'NOT_BILLABLE';

/** What is free, and why. Everything that it says must hold. */
export interface FreeRule {
  reason: FreeReason;
  why: string;
  /** What the provider calls it in `pricing.type`. */
  type?: string;
  categories?: readonly string[];
  /** The customer wrote within 24 hours. */
  isInWindow?: true;
  isInEntryPoint?: true;
  /** Only the first so many of a calendar month. */
  allowance?: { per: AllowanceScope; size: number };
}

/**
 * One set of the provider's rules, from midnight of a day in the account's time zone until the next set. What is not
 * free by a rule, the first that fits, is charged at the rate of its category.
 */
export interface Regime {
  id: string;
  from: string;
  /** What one charge pays for. */
  unit: 'message' | 'conversation';
  /** Which rates of a price book. */
  model: 'PMP' | 'CBP' | 'CBP-2022';
  /**
   * Conversations last 24 hours from the delivery that opened them. A free-form message joins any that is open; a
   * template joins any, or only one of its category beside which it opens another.
   */
  joins?: 'ANY' | 'SAME_CATEGORY';
  free: readonly FreeRule[];
}

const ENTRY_POINT: FreeRule = {
  reason: 'FREE_ENTRY_POINT',
  type: 'free_entry_point',
  isInEntryPoint: true,
  why: 'free inside a free entry point window',
};
const ALLOWANCE = 1_000;

/** All there ever were, in their order (whatsapp.md §C2). A new one is an element here. */
export const REGIMES: readonly Regime[] = [
  {
    id: '2022-02',
    from: '2022-02-01',
    unit: 'conversation',
    model: 'CBP-2022',
    joins: 'ANY',
    free: [
      ENTRY_POINT,
      {
        reason: 'CONVERSATION_ALLOWANCE',
        allowance: { per: 'ACCOUNT', size: ALLOWANCE },
        why: 'among the first 1,000 conversations of this account and month',
      },
    ],
  },
  {
    id: '2023-06',
    from: '2023-06-01',
    unit: 'conversation',
    model: 'CBP',
    joins: 'SAME_CATEGORY',
    free: [
      ENTRY_POINT,
      {
        reason: 'SERVICE_ALLOWANCE',
        categories: ['service'],
        allowance: { per: 'ACCOUNT', size: ALLOWANCE },
        why: 'among the first 1,000 service conversations of this account and month',
      },
    ],
  },
  {
    id: '2024-11',
    from: '2024-11-01',
    unit: 'conversation',
    model: 'CBP',
    joins: 'SAME_CATEGORY',
    free: [
      ENTRY_POINT,
      { reason: 'SERVICE_FREE', categories: ['service'], why: 'service conversations were free in this time' },
    ],
  },
  {
    id: '2025-07',
    from: '2025-07-01',
    unit: 'message',
    model: 'PMP',
    free: [
      ENTRY_POINT,
      {
        reason: 'CUSTOMER_SERVICE_WINDOW',
        type: 'free_customer_service',
        categories: ['service'],
        why: 'free inside the customer service window',
      },
      {
        reason: 'CUSTOMER_SERVICE_WINDOW',
        type: 'free_customer_service',
        categories: ['utility'],
        isInWindow: true,
        why: 'free inside the customer service window',
      },
    ],
  },
  {
    id: '2026-10',
    from: '2026-10-01',
    unit: 'message',
    model: 'PMP',
    free: [
      ENTRY_POINT,
      {
        reason: 'SERVICE_ALLOWANCE',
        type: 'free_customer_service',
        categories: ['service'],
        allowance: { per: 'NUMBER', size: ALLOWANCE },
        why: 'among the first 1,000 delivered service messages of this number and month',
      },
    ],
  },
];

/** The rules of a day; those of before the first are not known, and taken to be the first. */
export function regimeOn(localDate: string): Regime {
  return REGIMES.findLast(({ from }) => from <= localDate) ?? REGIMES[0]!;
}

/** The day on which rules were in force that is nearest to a day: rates are asked for on it. */
export function nearestDayOf(regime: Regime, localDate: string): string {
  if (localDate < regime.from) return regime.from;
  const next = REGIMES[REGIMES.indexOf(regime) + 1];
  return next && localDate >= next.from ? dayAfter(next.from, -1) : localDate;
}

export function findRegime(id: string): Regime | undefined {
  return REGIMES.find((regime) => regime.id === id);
}

/** The allowance of a day, if its rules have one. */
export function allowanceOn(localDate: string): (FreeRule & Required<Pick<FreeRule, 'allowance'>>) | undefined {
  return regimeOn(localDate).free.find(hasAllowance);
}

export function hasAllowance(rule: FreeRule): rule is FreeRule & Required<Pick<FreeRule, 'allowance'>> {
  return rule.allowance !== undefined;
}
