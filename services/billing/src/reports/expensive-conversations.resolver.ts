import { Authorized, checkPageSize } from '@fenster/graphql';
import { Arg, Ctx, Field, Int, ObjectType, Query, Resolver } from 'type-graphql';
import { money } from '../charges/charge.resolver.js';
import { ConversationType, Money } from '../charges/charge.types.js';
import type { BillingContext } from '../context.js';
import { checkMonth } from '../periods/check-month.js';

@ObjectType({ description: 'What a conversation cost in a month, in one currency.' })
export class ExpensiveConversation {
  @Field(() => ConversationType, { nullable: true, description: 'Null if you may not see it.' })
  conversation!: ConversationType | null;

  @Field(() => Money)
  amount!: Money;

  @Field(() => Int)
  paidMessages!: number;
}

@Resolver()
export class ExpensiveConversationsResolver {
  @Authorized('cost:read', 'conversation:read_all')
  @Query(() => [ExpensiveConversation], {
    description:
      'The conversations that cost most in a month, the most expensive one first. Why they did is in `Conversation.cost`.',
  })
  async expensiveConversations(
    @Ctx() ctx: BillingContext,
    @Arg('month', () => String, { description: '`YYYY-MM`, in which it is booked.' }) month: string,
    @Arg('currency', () => String, { description: 'ISO 4217: amounts of two currencies have no order.' })
    currency: string,
    @Arg('first', () => Int, { defaultValue: 10, description: 'At most 100.' }) first: number,
  ): Promise<ExpensiveConversation[]> {
    const size = checkPageSize(first);
    checkMonth(month);
    const rows = await ctx.em.execute<{ id: string; amount: string; paid: string }[]>(
      `select conversation_id as id, amount_micros as amount, messages as paid from conversation_month
       where workspace_id = ? and booked_month = ? and currency = ? and amount_micros > 0
       order by amount_micros desc, conversation_id limit ?`,
      [ctx.requireActor().workspaceId, month, currency, size],
    );
    return rows.map(({ id, amount, paid }) => ({
      conversation: { id },
      amount: money(Number(amount), currency),
      paidMessages: Number(paid),
    }));
  }
}
