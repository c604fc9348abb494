/**
 * WARN: nothing but warnings. HOLD: messages that it is for wait until somebody approves them. STOP: they are refused until
 * the month is over.
 */
export const BUDGET_ACTIONS = ['WARN', 'HOLD', 'STOP'] as const;
export type BudgetAction = (typeof BUDGET_ACTIONS)[number];

/** As messages are sent; what the provider calls otherwise counts with what it was sent as. */
export const BUDGET_CATEGORIES = ['marketing', 'utility', 'authentication', 'service'] as const;
export type BudgetCategory = (typeof BUDGET_CATEGORIES)[number];

export const COUNTED_AS: Readonly<Record<string, BudgetCategory>> = {
  marketing_lite: 'marketing',
  authentication_international: 'authentication',
};

/** With what entries of a category of the ledger count. */
export function budgetCategory(category: string): string {
  return COUNTED_AS[category] ?? category;
}

export interface BudgetLevel {
  warnedPercent: number | null;
  enforcement: 'NONE' | Exclude<BudgetAction, 'WARN'>;
}

/** Where a budget stands. A share is reached with the micro-unit that makes it whole. */
export function levelOf(
  spentMicros: number,
  {
    limitMicros,
    warnPercents,
    atLimit,
  }: { limitMicros: number; warnPercents: readonly number[]; atLimit: BudgetAction },
): BudgetLevel {
  const reached = warnPercents.filter((percent) => spentMicros * 100 >= limitMicros * percent);
  return {
    warnedPercent: reached.length > 0 ? Math.max(...reached) : null,
    enforcement: atLimit !== 'WARN' && spentMicros >= limitMicros ? atLimit : 'NONE',
  };
}
