import { asResult, Authorized, type BatchLoad } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { money } from '../charges/charge.resolver.js';
import { Money } from '../charges/charge.types.js';
import type { BillingContext } from '../context.js';
import { MemberReference } from '../price-books/price-book.types.js';
import { NewsletterReference, TeamReference } from '../reports/cost-report.types.js';
import { archiveBudget, createBudget, updateBudget } from './budget.commands.js';
import { Budget } from './budget.entity.js';
import type { BudgetLevel } from './budget.rule.js';
import {
  ArchiveBudgetResult,
  BudgetMonth,
  BudgetType,
  CreateBudgetInput,
  CreateBudgetResult,
  UpdateBudgetInput,
  UpdateBudgetResult,
} from './budget.types.js';

const MAX_SHOWN = 1_000;
const MONTHS = 12;

@Resolver(() => BudgetType)
export class BudgetResolver {
  @Authorized('cost:read', 'conversation:read_all')
  @Query(() => [BudgetType], { description: 'The latest first; archived ones at the end.' })
  budgets(@Ctx() ctx: BillingContext): Promise<Budget[]> {
    const orderBy = { archivedAt: 'desc nulls first', id: 'desc' } as const;
    return ctx.em.find(Budget, {}, { orderBy, limit: MAX_SHOWN });
  }

  @Authorized('cost:manage')
  @Mutation(() => CreateBudgetResult, {
    description: 'For all messages, or those of a team’s conversations or of a newsletter, of a category, or of both.',
  })
  createBudget(@Ctx() ctx: BillingContext, @Arg('input', () => CreateBudgetInput) input: CreateBudgetInput) {
    return asResult(createBudget(ctx, input));
  }

  @Authorized('cost:manage')
  @Mutation(() => UpdateBudgetResult, { description: 'Messages that it stopped may leave at once, if it allows them.' })
  updateBudget(@Ctx() ctx: BillingContext, @Arg('input', () => UpdateBudgetInput) input: UpdateBudgetInput) {
    return asResult(updateBudget(ctx, input));
  }

  @Authorized('cost:manage')
  @Mutation(() => ArchiveBudgetResult, { description: 'For ever: it warns of nothing and stops nothing any more.' })
  archiveBudget(@Ctx() ctx: BillingContext, @Arg('id', () => ID) id: string) {
    return asResult(archiveBudget(ctx, id));
  }

  @FieldResolver(() => TeamReference, { nullable: true, description: 'For whose conversations; null for all.' })
  team(@Root() { teamId }: Budget): TeamReference | null {
    return teamId == null ? null : { id: teamId };
  }

  @FieldResolver(() => NewsletterReference, {
    nullable: true,
    description: 'Which one it is for; null for all messages.',
  })
  newsletter(@Root() { newsletterId }: Budget): NewsletterReference | null {
    return newsletterId == null ? null : { id: newsletterId };
  }

  @FieldResolver(() => MemberReference)
  createdBy(@Root() { createdBy }: Budget): MemberReference {
    return { id: createdBy };
  }

  @FieldResolver(() => Money, { description: 'Of each month.' })
  limit(@Root() { limitMicros, currency }: Budget): Money {
    return money(limitMicros, currency);
  }

  @FieldResolver(() => [BudgetMonth], { description: `The latest ${MONTHS} in which something was spent.` })
  async months(@Root() { id, currency }: Budget, @Ctx() ctx: BillingContext): Promise<BudgetMonth[]> {
    const months = (await ctx.loader(monthsOfBudgets).load(id)) ?? [];
    return months.map(({ month, spent_micros, warned_percent, enforcement }) => ({
      month,
      spent: money(Number(spent_micros), currency),
      warnedPercent: warned_percent,
      enforcement,
    }));
  }
}

interface MonthRow {
  budget_id: string;
  month: string;
  spent_micros: string;
  warned_percent: number | null;
  enforcement: BudgetLevel['enforcement'];
}

const monthsOfBudgets: BatchLoad<string, MonthRow[]> = async (ctx, ids) => {
  const rows = await ctx.em.execute<MonthRow[]>(
    `select found.* from jsonb_array_elements_text(?::jsonb) as asked(id)
     cross join lateral (
       select budget_id, month, spent_micros, warned_percent, enforcement from budget_month
       where workspace_id = ? and budget_id = asked.id::uuid order by month desc limit ${MONTHS}
     ) as found`,
    [JSON.stringify(ids), ctx.requireActor().workspaceId],
  );
  return Map.groupBy(rows, (row) => row.budget_id);
};
