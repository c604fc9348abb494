import { Authorized, type GraphQLContext } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import { formatMicros } from '../price-books/price-book.js';
import type { TraceFact } from '../ratings/rate.js';
import type { Charge } from './charge.entity.js';
import { chargesById, loadChargePage } from './charge.queries.js';
import { ChargePage, ChargeType, ConversationType, Money, TraceFactType } from './charge.types.js';

export const DEFAULT_PAGE = 50;

@Resolver(() => ChargeType)
export class ChargeResolver {
  @Authorized('cost:read', 'conversation:read_all')
  @Query(() => ChargePage, {
    description: 'What the messages of a conversation cost, one by one. Others ask for `Conversation.cost`.',
  })
  charges(
    @Arg('conversationId', () => ID) conversationId: string,
    @Arg('first', () => Int, { defaultValue: DEFAULT_PAGE, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Ctx() ctx: GraphQLContext,
  ): Promise<unknown> {
    return loadChargePage(ctx, { conversationId, first, after });
  }

  @FieldResolver(() => Money)
  amount(@Root() { amountMicros, currency }: Charge): Money {
    return money(amountMicros, currency);
  }

  @FieldResolver(() => Money, { description: 'What was expected to be charged, and is not, or not yet.' })
  expected(@Root() { expectedMicros, currency }: Charge): Money {
    return money(expectedMicros, currency);
  }

  @FieldResolver(() => [TraceFactType], { description: 'Why the amount is what it is, in the order of the reasoning.' })
  trace(@Root() charge: Charge): TraceFactType[] {
    return shownTrace(charge.trace);
  }

  @FieldResolver(() => ConversationType, {
    nullable: true,
    description: 'Null if you may not see it, or it is of none.',
  })
  conversation(@Root() { conversationId }: Charge): ConversationType | null {
    return conversationId == null ? null : { id: conversationId };
  }
}

export function shownTrace(trace: readonly TraceFact[]): TraceFactType[] {
  return trace.map(({ fact, value }) => ({ fact, value: String(value) }));
}

export function money(amountMicros: number, currency: string): Money {
  return { amountMicros, currency, decimal: formatMicros(amountMicros) };
}

export async function resolveCharge({ id }: { id: string }, ctx: GraphQLContext): Promise<Charge | undefined> {
  return ctx.loader(chargesById).load(id);
}
