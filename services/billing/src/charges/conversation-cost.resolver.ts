import type { GraphQLContext } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import { abilityOf } from '../ability.js';
import { conversationTotals, loadChargePage, unratedMessages } from './charge.queries.js';
import { DEFAULT_PAGE, money } from './charge.resolver.js';
import { ChargePage, ConversationCost, ConversationType, Money, UnratedMessages } from './charge.types.js';

@Resolver(() => ConversationType)
export class ConversationResolver {
  // Null and no error, because agents without this right share live events with others who have it in their documents.
  @FieldResolver(() => ConversationCost, { nullable: true, description: 'Null without the permission `cost:read`.' })
  cost(@Root() { id }: ConversationType, @Ctx() ctx: GraphQLContext): ConversationCost | null {
    return abilityOf(ctx).can('read', 'ConversationCost') ? { conversationId: id } : null;
  }
}

@Resolver(() => ConversationCost)
export class ConversationCostResolver {
  @FieldResolver(() => [Money], { description: 'One sum per currency; none before the first charge.' })
  async totals(@Root() { conversationId }: ConversationCost, @Ctx() ctx: GraphQLContext): Promise<Money[]> {
    const totals = (await ctx.loader(conversationTotals).load(conversationId)) ?? [];
    return totals.map(({ amountMicros, currency }) => money(amountMicros, currency));
  }

  @FieldResolver(() => Int, { description: 'How many messages are in the totals, free ones included.' })
  async chargedMessages(@Root() { conversationId }: ConversationCost, @Ctx() ctx: GraphQLContext): Promise<number> {
    const totals = (await ctx.loader(conversationTotals).load(conversationId)) ?? [];
    return totals.reduce((sum, { messages }) => sum + messages, 0);
  }

  @FieldResolver(() => [UnratedMessages], { description: 'What the totals lack, by reason.' })
  async unrated(@Root() { conversationId }: ConversationCost, @Ctx() ctx: GraphQLContext): Promise<UnratedMessages[]> {
    return (await ctx.loader(unratedMessages).load(conversationId)) ?? [];
  }

  @FieldResolver(() => ChargePage)
  charges(
    @Arg('first', () => Int, { defaultValue: DEFAULT_PAGE, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Root() { conversationId }: ConversationCost,
    @Ctx() ctx: GraphQLContext,
  ): Promise<unknown> {
    return loadChargePage(ctx, { conversationId, first, after });
  }
}

/** Any id is answered: what it costs is looked up among the rows of the actor's workspace and of no other. */
export function resolveConversation({ id }: { id: string }): ConversationType {
  return { id };
}
