import {
  asResult,
  Authorized,
  DateTime,
  InvalidInput,
  registerUserError,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { transact } from '@fenster/database';
import { DomainError } from '@fenster/runtime';
import { Arg, Ctx, Field, FieldResolver, Mutation, ObjectType, Query, Resolver, Root } from 'type-graphql';
import type { BillingContext } from '../context.js';
import { MemberReference } from '../price-books/price-book.types.js';
import { dayAfter, firstDayAfter, monthOf } from '../ratings/local-date.js';
import { checkMonth } from './check-month.js';
import { ClosedPeriod } from './closed-period.entity.js';
import { checkOver, lockForClosing } from './lock-periods.js';

@ObjectType('ClosedPeriod', {
  description: 'A month in which no figure changes any more: what comes later is booked in the first open one.',
})
export class ClosedPeriodType {
  @Field(() => String, { description: '`YYYY-MM`, in the time zone of each account.' })
  month!: string;

  @Field(() => DateTime)
  closedAt!: Date;
}

@ObjectType({
  implements: UserError,
  description: 'PERIOD_NOT_OVER: it is not over everywhere. PERIOD_CLOSED: it is closed already, or one after it is.',
})
export class PeriodRefused extends UserError {}
registerUserError(PeriodRefused, 'PERIOD_NOT_OVER', 'PERIOD_CLOSED');

const ClosePeriodResult = resultUnion('ClosePeriodResult', ClosedPeriodType, [InvalidInput, PeriodRefused]);

@Resolver(() => ClosedPeriodType)
export class PeriodResolver {
  @Authorized('cost:read', 'conversation:read_all')
  @Query(() => [ClosedPeriodType], { description: 'The latest first.' })
  closedPeriods(@Ctx() ctx: BillingContext): Promise<ClosedPeriod[]> {
    return ctx.em.find(ClosedPeriod, {}, { orderBy: { month: 'desc' } });
  }

  @Authorized('cost:manage')
  @Mutation(() => ClosePeriodResult, {
    description: 'Closes a month, and with it all before. For ever: what is corrected later is booked after it.',
  })
  closePeriod(
    @Ctx() ctx: BillingContext,
    @Arg('month', () => String, { description: '`YYYY-MM`' }) month: string,
  ): Promise<ClosedPeriod> {
    return asResult(closePeriod(ctx, month));
  }

  @FieldResolver(() => MemberReference)
  closedBy(@Root() { closedBy }: ClosedPeriod): MemberReference {
    return { id: closedBy };
  }
}

/** @throws DomainError INVALID_INPUT, PERIOD_NOT_OVER, PERIOD_CLOSED */
async function closePeriod(ctx: BillingContext, month: string): Promise<ClosedPeriod> {
  checkMonth(month);
  const { workspaceId, id: closedBy } = ctx.requireActor();
  return transact(ctx, async (tx) => {
    const next = firstDayAfter(month);
    checkOver(month, tx.now());
    await lockForClosing(tx, workspaceId);
    const latest = await tx.em.findOne(ClosedPeriod, { workspaceId }, { orderBy: { month: 'desc' } });
    if (latest && latest.month >= month) {
      throw new DomainError('PERIOD_CLOSED', `Everything until the end of ${latest.month} is closed already.`);
    }
    tx.audit({ action: 'billing_period.close', object: { type: 'billing_period', id: workspaceId }, after: { month } });
    return tx.em.create(ClosedPeriod, {
      workspaceId,
      month: monthOf(dayAfter(next, -1)),
      lastDay: dayAfter(next, -1),
      closedBy,
      closedAt: tx.now(),
    });
  });
}
