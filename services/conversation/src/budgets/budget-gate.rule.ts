import type { Actor } from '@fenster/auth';
import type { ChannelCapabilities, OutgoingContent, TemplateCategory } from '@fenster/contracts';
import { checkText, DomainError } from '@fenster/runtime';
import type { ReplyKind } from '../messages/send-gate.js';
import type { BudgetStop } from './budget-stop.entity.js';

export type BudgetStopFacts = Pick<BudgetStop, 'budgetId' | 'category' | 'until'> &
  Partial<Pick<BudgetStop, 'newsletterId' | 'enforcement'>>;

/** What is to be sent, as far as its cost depends on it. */
export interface Spending {
  kind: ReplyKind;
  content?: Pick<OutgoingContent, 'kind'> | undefined;
  templateCategory: TemplateCategory | undefined;
  capabilities: ChannelCapabilities | null | undefined;
  /** Everything is free in it; its end is the provider's word. */
  isInEntryPoint: boolean;
  /** The number has free messages left. */
  isAllowanceLeft: boolean;
  /** Somebody else has approved that it leaves although a budget holds it. */
  isApproved?: boolean;
}

/** Its refusal alone does not end a reply: it waits, see approvals/. */
export const BUDGET_HELD = 'BUDGET_HELD';

/**
 * Whether a budget that is used up stops a message, or holds it until it is approved; stopping goes first. It is one of its category, which costs something. Where the category is
 * not known yet, only what is for all of them does.
 */
export function checkBudgets(spending: Spending, stops: readonly BudgetStopFacts[]): DomainError | undefined {
  if (!mayCost(spending)) return undefined;
  const category = categoryOf(spending);
  const counted = stops.filter((each) => each.category == null || each.category === category);
  const stop = counted.find((each) => each.enforcement !== 'HOLD');
  if (stop) return refusal('BUDGET_USED_UP', stop, whatToDo(stop));
  const [hold] = counted;
  return hold && !spending.isApproved ? refusal(BUDGET_HELD, hold, whoApproves(hold)) : undefined;
}

function refusal(code: string, { budgetId, until }: BudgetStopFacts, message: string): DomainError {
  return new DomainError(code, message, { details: { budgetId, monthEndsAt: until } });
}

function whoApproves({ newsletterId }: BudgetStopFacts): string {
  if (newsletterId != null) {
    return 'The budget of this newsletter is used up for this month. Another member with message:approve can approve the newsletter; or wait until the month is over, then resume it.';
  }
  return 'A budget is used up for this month, and what counts in it waits for approval. A reply waits when it is sent; a newsletter leaves once another member approves it; anything else needs a higher budget, or somebody who manages costs and sends it with a reason.';
}

function whatToDo({ category, newsletterId }: BudgetStopFacts): string {
  if (newsletterId != null) {
    return 'The budget of this newsletter is used up for this month. Ask whoever manages costs to raise it, or wait until the month is over; then resume the newsletter.';
  }
  const what = category == null ? 'messages' : `${category} messages`;
  return `The budget for ${what} is used up for this month. Ask whoever manages costs to raise it, or to send this nevertheless with a reason; or wait until the month is over.`;
}

function mayCost({ kind, capabilities, isInEntryPoint, isAllowanceLeft }: Spending): boolean {
  if (kind === 'REACTION' || capabilities?.costModel === 'UNTOLD' || isInEntryPoint) return false;
  return kind === 'TEMPLATE' || !isAllowanceLeft;
}

function categoryOf({ kind, content, templateCategory }: Spending): string | undefined {
  if (kind !== 'TEMPLATE') return 'service';
  return content ? templateCategory?.toLowerCase() : undefined;
}

/**
 * The reason for which budgets do not count, with what was given. A program spends; a person who manages costs decides
 * to spend more.
 * @throws DomainError BEYOND_BUDGET_RIGHTS, INVALID_INPUT
 */
export function readBudgetOverride(
  { kind, permissions }: Pick<Actor, 'kind' | 'permissions'>,
  reason: string | null | undefined,
): { budgetOverride?: string } {
  if (reason == null) return {};
  if (kind !== 'member' || !permissions.includes('cost:manage')) {
    const message = 'Only a member who manages costs can send beyond a budget. Ask one to send this.';
    throw new DomainError('BEYOND_BUDGET_RIGHTS', message, { field: 'budgetOverride' });
  }
  return { budgetOverride: checkText(reason, 'budgetOverride', { max: 500 }) };
}

export const BUDGET_OVERRIDE =
  'Why this is sent although a budget is used up; for the audit log. Needs cost:manage, and no API key.';
