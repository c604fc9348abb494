import { LockMode } from '@mikro-orm/core';
import { once, transact, type Tx } from '@fenster/database';
import { checkText, invalidInput, isId, newId, notFound } from '@fenster/runtime';
import type { BillingContext } from '../context.js';
import { lockForClosing } from '../periods/lock-periods.js';
import { requirePerson } from '../price-books/price-book.commands.js';
import { Budget } from './budget.entity.js';
import { BUDGET_CATEGORIES, type BudgetCategory } from './budget.rule.js';
import type { CreateBudgetInput, UpdateBudgetInput } from './budget.types.js';
import { countFromLedger, tellOfBudget } from './count-budgets.js';

const MAX_BUDGETS = 200;
/** Ten million of a currency. */
const MAX_LIMIT_MICROS = 10_000_000_000_000;
const MAX_PERCENT = 1_000;
const MAX_WARNINGS = 10;

/**
 * What is in the ledger of this month counts in it from the start.
 * @throws DomainError BEYOND_API_KEY, INVALID_INPUT, IDEMPOTENCY_CONFLICT
 */
export async function createBudget(ctx: BillingContext, input: CreateBudgetInput): Promise<Budget> {
  const { workspaceId, id: createdBy } = requireBudgetPerson(ctx);
  const { idempotencyKey: key, teamId = null, newsletterId = null, currency, atLimit, ...rest } = input;
  const name = checkName(rest.name);
  const category = checkCategory(rest.category);
  const limitMicros = checkLimit(rest.limitMicros);
  const warnPercents = checkPercents(rest.warnPercents);
  if (teamId !== null && !isId(teamId)) throw invalidInput('teamId', 'is not an id.');
  if (newsletterId !== null && !isId(newsletterId)) throw invalidInput('newsletterId', 'is not an id.');
  if (teamId !== null && newsletterId !== null) {
    throw invalidInput('teamId', 'must not be given with newsletterId: a newsletter is no team’s work.');
  }
  if (!/^[A-Z]{3}$/.test(currency)) throw invalidInput('currency', 'must be a currency as in EUR.');
  const settings = { name, teamId, newsletterId, category, currency, limitMicros, warnPercents, atLimit };
  return transact(ctx, async (tx) => {
    const id = await once(tx, { key, operation: 'createBudget', input: settings }, newId(), async (created) => {
      await lockForClosing(tx, workspaceId);
      if ((await tx.em.count(Budget, { archivedAt: null })) >= MAX_BUDGETS) {
        throw invalidInput('name', `must not be given: a workspace has at most ${MAX_BUDGETS} budgets. Archive one.`);
      }
      tx.em.create(Budget, { workspaceId, id: created, ...settings, createdBy, createdAt: tx.now(), archivedAt: null });
      await tx.em.flush();
      await countFromLedger(tx, workspaceId, created);
      tx.audit({ action: 'budget.create', object: { type: 'budget', id: created }, after: audited(settings) });
    });
    return tx.em.findOneOrFail(Budget, { id });
  });
}

/** @throws DomainError BEYOND_API_KEY, NOT_FOUND, INVALID_INPUT */
export async function updateBudget(ctx: BillingContext, input: UpdateBudgetInput): Promise<Budget> {
  const { id, name, limitMicros, warnPercents, atLimit } = input;
  const changes = {
    ...(name != null && { name: checkName(name) }),
    ...(limitMicros != null && { limitMicros: checkLimit(limitMicros) }),
    ...(warnPercents != null && { warnPercents: checkPercents(warnPercents) }),
    ...(atLimit != null && { atLimit }),
  };
  return change(ctx, id, 'budget.update', (budget) => Object.assign(budget, changes));
}

/** For ever. What it has counted stays. @throws DomainError BEYOND_API_KEY, NOT_FOUND */
export async function archiveBudget(ctx: BillingContext, id: string): Promise<Budget> {
  return change(ctx, id, 'budget.archive', (budget, tx) => Object.assign(budget, { archivedAt: tx.now() }));
}

async function change(
  ctx: BillingContext,
  id: string,
  action: 'budget.update' | 'budget.archive',
  apply: (budget: Budget, tx: Tx) => void,
): Promise<Budget> {
  const { workspaceId } = requireBudgetPerson(ctx);
  return transact(ctx, async (tx) => {
    await lockForClosing(tx, workspaceId);
    const lockMode = LockMode.PESSIMISTIC_WRITE;
    const budget = isId(id) ? await tx.em.findOne(Budget, { id, archivedAt: null }, { lockMode }) : null;
    if (!budget) throw notFound('Budget');
    const before = audited(budget);
    apply(budget, tx);
    await tx.em.flush();
    await tellOfBudget(tx, workspaceId, id);
    tx.audit({ action, object: { type: 'budget', id }, before, after: audited(budget) });
    return budget;
  });
}

function audited({
  name,
  teamId,
  newsletterId,
  category,
  currency,
  limitMicros,
  warnPercents,
  atLimit,
}: Pick<
  Budget,
  'name' | 'teamId' | 'newsletterId' | 'category' | 'currency' | 'limitMicros' | 'warnPercents' | 'atLimit'
>) {
  return {
    name,
    teamId: teamId ?? null,
    newsletterId: newsletterId ?? null,
    category: category ?? null,
    currency,
    limitMicros,
    warnPercents: warnPercents.map(String),
    atLimit,
  };
}

/** Programs spend; people say how much. */
const requireBudgetPerson = (ctx: BillingContext) => requirePerson(ctx, 'set budgets');

const checkName = (name: string) => checkText(name, 'name', { max: 100 });

function checkCategory(category: string | null | undefined): BudgetCategory | null {
  if (category == null) return null;
  const known = BUDGET_CATEGORIES.find((each) => each === category.toLowerCase());
  if (!known) throw invalidInput('category', `must be one of ${BUDGET_CATEGORIES.join(', ')}.`);
  return known;
}

function checkLimit(limitMicros: number): number {
  if (Number.isSafeInteger(limitMicros) && limitMicros > 0 && limitMicros <= MAX_LIMIT_MICROS) return limitMicros;
  throw invalidInput('limitMicros', `must be a whole number between 1 and ${MAX_LIMIT_MICROS}.`);
}

function checkPercents(percents: readonly number[]): number[] {
  const isFine = percents.length <= MAX_WARNINGS && percents.every((percent) => percent >= 1 && percent <= MAX_PERCENT);
  if (!isFine) throw invalidInput('warnPercents', `must be at most ${MAX_WARNINGS}, from 1 to ${MAX_PERCENT}.`);
  return [...new Set(percents)].toSorted((a, b) => a - b);
}
