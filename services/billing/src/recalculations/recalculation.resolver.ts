import { Authorized } from '@fenster/graphql';
import { invalidInput } from '@fenster/runtime';
import { Arg, Ctx, Field, Int, ObjectType, Query, Resolver } from 'type-graphql';
import { money } from '../charges/charge.resolver.js';
import { Money } from '../charges/charge.types.js';
import type { BillingContext } from '../context.js';
import { checkMonth } from '../periods/check-month.js';
import { localDateOf, monthOf } from '../ratings/local-date.js';
import type { RatedCharge, Unrated } from '../ratings/rate.js';
import { recalculate } from '../ratings/recalculate.js';
import { findRegime, REGIMES } from '../ratings/regimes.js';
import { deliveredIn, MAX_RECALCULATED, type ChargedMessage } from './delivered-in.js';

@ObjectType({ description: 'Messages of one market and category in one currency: as charged, and by other rules.' })
export class RecalculatedGroup {
  @Field(() => String, { nullable: true })
  market!: string | null;

  @Field(() => String, { description: 'As charged.' })
  category!: string;

  @Field(() => Int)
  messages!: number;

  @Field(() => Money)
  charged!: Money;

  @Field(() => Money)
  underRules!: Money;

  @Field(() => Int, { description: 'Not in the sums: no rate fits under one of the two.' })
  unrated!: number;
}

@ObjectType({ description: 'What a month would have cost by other rules, from what we know of its messages.' })
export class Recalculation {
  @Field(() => String)
  month!: string;

  @Field(() => String)
  regime!: string;

  @Field(() => [RecalculatedGroup])
  groups!: RecalculatedGroup[];
}

@Resolver()
export class RecalculationResolver {
  @Authorized('cost:read', 'conversation:read_all')
  @Query(() => Recalculation, {
    description: `Delivered messages of a month, at most ${MAX_RECALCULATED}, without fees and taxes: as the ledger has them, and by other rules. Rates of those are those of the nearest day on which the rules were in force.`,
  })
  async recalculateMonth(
    @Ctx() ctx: BillingContext,
    @Arg('month', () => String, { description: '`YYYY-MM`' }) month: string,
    @Arg('regime', () => String, {
      description: `Rules by the month in which they began: ${REGIMES.map(({ id }) => id).join(', ')}.`,
    })
    regimeId: string,
  ): Promise<Recalculation> {
    checkMonth(month);
    const regime = findRegime(regimeId);
    if (!regime) throw invalidInput('regime', `must be one of ${REGIMES.map(({ id }) => id).join(', ')}.`);
    const messages = await deliveredIn(ctx, month);
    const book = (await ctx.app.books.inForce(ctx.database.system().getKysely(), [ctx.requireActor().workspaceId]))(
      ctx.requireActor().workspaceId,
    );
    const underRules = recalculate(messages, regime, book);
    const inMonth = messages.filter(
      (message) => monthOf(localDateOf(message.deliveredAt, message.accountTimeZone)) === month,
    );
    return { month, regime: regime.id, groups: groupsOf(inMonth, underRules) };
  }
}

function groupsOf(
  messages: readonly ChargedMessage[],
  underRules: ReadonlyMap<string, RatedCharge | Unrated>,
): RecalculatedGroup[] {
  const groups = new Map<string, RecalculatedGroup>();
  for (const { messageId, currency, category: planned, charged } of messages) {
    const would = underRules.get(messageId)!;
    const { market = null, category = planned } = charged ?? {};
    const key = `${market} ${category} ${currency}`;
    const none = {
      market,
      category,
      messages: 0,
      unrated: 0,
      charged: money(0, currency),
      underRules: money(0, currency),
    };
    const group = groups.get(key) ?? none;
    group.messages += 1;
    if (charged && would.kind === 'charge') {
      group.charged = money(group.charged.amountMicros + charged.amountMicros, currency);
      group.underRules = money(group.underRules.amountMicros + would.amountMicros, currency);
    } else group.unrated += 1;
    groups.set(key, group);
  }
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}
