import type { GraphQLContext } from '@fenster/graphql';
import { Arg, Ctx, Directive, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import { abilityOf } from '../ability.js';
import type { Charge } from './charge.entity.js';
import {
  chargesByMessage,
  contactTotals,
  conversationTotals,
  loadChargePage,
  unratedMessages,
  windowsByConversation,
  type Total,
} from './charge.queries.js';
import { DEFAULT_PAGE, money } from './charge.resolver.js';
import {
  ChargePage,
  ContactCost,
  ContactType,
  ConversationCost,
  ConversationType,
  MessageCharge,
  MessageType,
  Money,
  UnratedMessages,
  WindowCost,
} from './charge.types.js';

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
    return amountsOf((await ctx.loader(conversationTotals).load(conversationId)) ?? []);
  }

  @FieldResolver(() => [Money], {
    description: 'What is on its way and will be added to the totals when it is delivered, by all that is known now.',
  })
  async expected(@Root() { conversationId }: ConversationCost, @Ctx() ctx: GraphQLContext): Promise<Money[]> {
    return expectedOf((await ctx.loader(conversationTotals).load(conversationId)) ?? []);
  }

  @FieldResolver(() => [WindowCost], { description: 'The same by customer service window, the latest first.' })
  async windows(@Root() { conversationId }: ConversationCost, @Ctx() ctx: GraphQLContext) {
    const windows = (await ctx.loader(windowsByConversation).load(conversationId)) ?? [];
    return windows.map((window) => ({ conversationId, ...window }));
  }

  @FieldResolver(() => Int, { description: 'How many messages are in the totals, free ones included.' })
  async chargedMessages(@Root() { conversationId }: ConversationCost, @Ctx() ctx: GraphQLContext): Promise<number> {
    return messagesOf((await ctx.loader(conversationTotals).load(conversationId)) ?? []);
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

@Resolver(() => WindowCost)
export class WindowCostResolver {
  @FieldResolver(() => [Money])
  totals(@Root() { totals }: WindowCost): Money[] {
    return amountsOf(totals);
  }

  @FieldResolver(() => [Money])
  expected(@Root() { totals }: WindowCost): Money[] {
    return expectedOf(totals);
  }

  @FieldResolver(() => Int)
  chargedMessages(@Root() { totals }: WindowCost): number {
    return messagesOf(totals);
  }

  @FieldResolver(() => ChargePage, { description: 'Its messages: each entry names its own.' })
  charges(
    @Arg('first', () => Int, { defaultValue: DEFAULT_PAGE, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Root() { conversationId, openedAt }: WindowCost,
    @Ctx() ctx: GraphQLContext,
  ): Promise<unknown> {
    return loadChargePage(ctx, { conversationId, windowOpenedAt: openedAt, first, after });
  }
}

@Resolver(() => ContactType)
export class ContactResolver {
  @Directive('@requires(fields: "knownIds")')
  @FieldResolver(() => ContactCost, {
    nullable: true,
    description:
      'Under whatever ids: also of those who were merged into them, for whoever may read contacts. Null without `cost:read` and `conversation:read_all`: it is of all conversations with them.',
  })
  cost(@Root() { id, knownIds = [id] }: ContactType, @Ctx() ctx: GraphQLContext): ContactCost | null {
    return abilityOf(ctx).can('read', 'Charge') ? { contactIds: knownIds } : null;
  }
}

@Resolver(() => ContactCost)
export class ContactCostResolver {
  @FieldResolver(() => [Money], { description: 'One sum per currency; none before the first charge.' })
  async totals(@Root() cost: ContactCost, @Ctx() ctx: GraphQLContext): Promise<Money[]> {
    return amountsOf(await totalsOf(cost, ctx));
  }

  @FieldResolver(() => [Money], { description: 'What is on its way to them.' })
  async expected(@Root() cost: ContactCost, @Ctx() ctx: GraphQLContext): Promise<Money[]> {
    return expectedOf(await totalsOf(cost, ctx));
  }

  @FieldResolver(() => Int)
  async chargedMessages(@Root() cost: ContactCost, @Ctx() ctx: GraphQLContext): Promise<number> {
    return messagesOf(await totalsOf(cost, ctx));
  }
}

/** One sum per currency. */
async function totalsOf({ contactIds }: ContactCost, ctx: GraphQLContext): Promise<Total[]> {
  const found = await Promise.all(contactIds.map((id) => ctx.loader(contactTotals).load(id)));
  const byCurrency = Map.groupBy(
    found.flatMap((totals) => totals ?? []),
    ({ currency }) => currency,
  );
  const sum = (totals: readonly Total[], figure: (total: Total) => number) =>
    totals.reduce((all, total) => all + figure(total), 0);
  return [...byCurrency]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([currency, totals]) => ({
      currency,
      amountMicros: sum(totals, ({ amountMicros }) => amountMicros),
      messages: sum(totals, ({ messages }) => messages),
      expectedMicros: sum(totals, ({ expectedMicros }) => expectedMicros),
    }));
}

@Resolver(() => MessageType)
export class MessageResolver {
  @FieldResolver(() => MessageCharge, {
    nullable: true,
    description: 'Null without the permission `cost:read`, and as long as nothing is known of its cost.',
  })
  async charge(@Root() { id }: MessageType, @Ctx() ctx: GraphQLContext): Promise<MessageCharge | null> {
    if (abilityOf(ctx).cannot('read', 'ConversationCost')) return null;
    const entries = (await ctx.loader(chargesByMessage).load(id)) ?? [];
    const last = entries.at(-1);
    return last ? { state: last.state, entries } : null;
  }
}

@Resolver(() => MessageCharge)
export class MessageChargeResolver {
  @FieldResolver(() => Money, { description: 'Charged, fees and taxes included.' })
  amount(@Root() { entries }: MessageCharge): Money {
    return sumOf(entries, ({ amountMicros }) => amountMicros);
  }

  @FieldResolver(() => Money, { description: 'Expected to be charged when it is delivered.' })
  expected(@Root() { entries }: MessageCharge): Money {
    return sumOf(entries, ({ expectedMicros }) => expectedMicros);
  }
}

function sumOf(entries: readonly Charge[], figure: (entry: Charge) => number): Money {
  return money(
    entries.reduce((sum, entry) => sum + figure(entry), 0),
    entries.at(-1)!.currency,
  );
}

const amountsOf = (totals: readonly Total[]) =>
  totals.map(({ amountMicros, currency }) => money(amountMicros, currency));
const expectedOf = (totals: readonly Total[]) =>
  totals.flatMap(({ expectedMicros, currency }) => (expectedMicros === 0 ? [] : [money(expectedMicros, currency)]));
const messagesOf = (totals: readonly Total[]) => totals.reduce((sum, { messages }) => sum + messages, 0);

/** With the ids that the gateway has fetched for `cost`. */
export function resolveContact({ id, knownIds }: ContactType): ContactType {
  return { id, ...(knownIds && { knownIds }) };
}

/** Any id is answered: what it costs is looked up among the rows of the actor's workspace and of no other. */
export function resolveById({ id }: { id: string }): { id: string } {
  return { id };
}

/** With what the gateway has fetched for `replyQuote`. */
export function resolveConversation({ id, replyFacts }: ConversationType): ConversationType {
  return { id, ...(replyFacts != null && { replyFacts }) };
}
