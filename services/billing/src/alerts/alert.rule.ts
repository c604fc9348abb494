import type { AlertKind, AllowanceChanged, BudgetStateChanged, TemplateCategoryChanged } from '@fenster/contracts';
import type { TraceFact } from '../ratings/rate.js';

/** What an alert knows of its kind. Ids, words of the provider and amounts: nothing that anybody wrote, and nobody's name. */
export type AlertFacts =
  | {
      kind: 'TEMPLATE_CATEGORY_CHANGED';
      templateId: string;
      template: string;
      language: string;
      from: string;
      to: string;
      phase: TemplateCategoryChanged['phase'];
      effectiveAt: string | null;
    }
  | {
      kind: 'UNUSUAL_CONVERSATION_COST';
      conversationId: string;
      currency: string;
      amountMicros: number;
      /** The median, and of how many conversations since when. */
      usualMicros: number;
      conversations: number;
      since: string;
      /** What it had to exceed: so many times the usual, and the floor. */
      times: number;
      floorMicros: number;
    }
  | {
      kind: 'ALLOWANCE_NEARLY_USED' | 'ALLOWANCE_USED_UP';
      channelId: string;
      month: string;
      taken: number;
      size: number;
      until: string;
    }
  | {
      kind: 'BUDGET_WARNING' | 'BUDGET_STOPPED' | 'BUDGET_HOLDS';
      budgetId: string;
      month: string;
      currency: string;
      spentMicros: number;
      limitMicros: number;
      percent: number;
      until: string;
    };
export type FactsOf<Kind extends AlertKind> = Extract<AlertFacts, { kind: Kind }>;

/** One cause has one alert, whatever is repeated. */
export interface NewAlert {
  cause: string;
  facts: AlertFacts;
}

/** Marketing is the dearest, and needs a consent of its own: what was in it already becomes no worse. */
export function alertOfTemplate(eventId: string, changed: TemplateCategoryChanged): NewAlert | undefined {
  const { templateId, name: template, language, from, to, phase, effectiveAt = null } = changed;
  if (from === 'MARKETING') return undefined;
  const kind = 'TEMPLATE_CATEGORY_CHANGED';
  return { cause: eventId, facts: { kind, templateId, template, language, from, to, phase, effectiveAt } };
}

/** What conversations cost in a workspace, of those that cost something. */
export interface UsualCost {
  medianMicros: number;
  conversations: number;
}

export const UNUSUAL_TIMES = 10;
/** One of a currency: below it nobody wants to be told. */
export const UNUSUAL_FLOOR_MICROS = 1_000_000;
/** Of fewer nobody knows what is usual. */
export const FEWEST_CONVERSATIONS = 50;

/** More than this is unusual; undefined as long as nobody knows. */
export function unusualBeyond({ medianMicros, conversations }: UsualCost): number | undefined {
  if (conversations < FEWEST_CONVERSATIONS) return undefined;
  return Math.max(UNUSUAL_TIMES * medianMicros, UNUSUAL_FLOOR_MICROS);
}

/** Once for a conversation. */
export function alertOfConversation(
  { conversationId, currency, amountMicros }: { conversationId: string; currency: string; amountMicros: number },
  usual: UsualCost & { since: string },
): NewAlert | undefined {
  const beyond = unusualBeyond(usual);
  if (beyond === undefined || amountMicros <= beyond) return undefined;
  const { medianMicros: usualMicros, conversations, since } = usual;
  const rule = { times: UNUSUAL_TIMES, floorMicros: UNUSUAL_FLOOR_MICROS };
  const about = { conversationId, currency, amountMicros, usualMicros, conversations, since };
  return {
    cause: `${conversationId} ${currency}`,
    facts: { kind: 'UNUSUAL_CONVERSATION_COST', ...about, ...rule },
  };
}

/** Once for a number, month and level. Of a month that is over, and where rules know no allowance, there is nothing to do. */
export function alertOfAllowance(
  { channelId, month, taken, size, until, level }: AllowanceChanged,
  now: Date,
): NewAlert | undefined {
  if (level === 'PLENTY' || size === 0 || new Date(until) <= now) return undefined;
  const kind = level === 'NEARLY' ? 'ALLOWANCE_NEARLY_USED' : 'ALLOWANCE_USED_UP';
  return { cause: `${channelId} ${month}`, facts: { kind, channelId, month, taken, size, until } };
}

/**
 * Once for a share of a limit in a month; whoever sets another limit is told again. What stops says no second time that
 * the limit is reached.
 */
export function alertOfBudget(
  state: BudgetStateChanged,
  before: Pick<BudgetStateChanged, 'warnedPercent' | 'enforcement'>,
  now: Date,
): NewAlert | undefined {
  const { budgetId, month, currency, spentMicros, limitMicros, until, warnedPercent, enforcement } = state;
  if (new Date(until) <= now) return undefined;
  const about = { budgetId, month, currency, spentMicros, limitMicros, until };
  if (enforcement !== 'NONE' && enforcement !== before.enforcement) {
    const kind = enforcement === 'STOP' ? 'BUDGET_STOPPED' : 'BUDGET_HOLDS';
    return { cause: `${budgetId} ${month} ${limitMicros}`, facts: { kind, ...about, percent: 100 } };
  }
  if (warnedPercent === null || warnedPercent <= (before.warnedPercent ?? 0)) return undefined;
  const facts: AlertFacts = { kind: 'BUDGET_WARNING', ...about, percent: warnedPercent };
  return { cause: `${budgetId} ${month} ${limitMicros} ${warnedPercent}`, facts };
}

/** Why there is an alert, as of a charge: what was looked at, and what it was. */
export function traceOf({ kind, ...facts }: AlertFacts): TraceFact[] {
  const known = Object.entries(facts).filter(([, value]) => value !== null);
  return [
    { fact: 'rule', value: RULES[kind] },
    ...known.map(([fact, value]) => ({ fact, value: value as TraceFact['value'] })),
  ];
}

const RULES: Readonly<Record<AlertKind, string>> = {
  TEMPLATE_CATEGORY_CHANGED: 'The provider puts a template into another category, or has announced it.',
  UNUSUAL_CONVERSATION_COST:
    'A conversation costs more than `times` the median of those that began since `since` and cost something, and more than `floorMicros`.',
  ALLOWANCE_NEARLY_USED: 'Four fifths of the free messages of a number are taken.',
  ALLOWANCE_USED_UP: 'The free messages of a number are taken, or the provider has charged one.',
  BUDGET_WARNING: 'A share of a budget is spent at which people want to be warned.',
  BUDGET_STOPPED: 'A budget is used up, and messages that count in it are refused.',
  BUDGET_HOLDS: 'A budget is used up, and messages that count in it wait until somebody approves them.',
};
