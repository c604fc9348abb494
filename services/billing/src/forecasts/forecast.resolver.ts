import { Authorized } from '@fenster/graphql';
import { Arg, Ctx, Field, Int, ObjectType, Query, Resolver } from 'type-graphql';
import { ChannelReference } from '../allowances/allowance.resolver.js';
import { money } from '../charges/charge.resolver.js';
import { Money } from '../charges/charge.types.js';
import type { BillingContext } from '../context.js';
import { rangeOf, shown } from '../quotes/quote.queries.js';
import { MoneyRange, QuoteType } from '../quotes/quote.types.js';
import { forecastCosts } from './forecast.queries.js';

@ObjectType({ description: 'When the free messages of a number in a month are used up.' })
export class AllowanceForecast {
  @Field(() => Int)
  size!: number;

  @Field(() => Boolean, { description: 'By all that is delivered or on its way.' })
  isUsedUp!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'The day, `YYYY-MM-DD`, on which it was used up, or will be by the pace; null if not in this month.',
  })
  endsOn!: string | null;
}

@ObjectType({ description: 'What the messages of a number will have cost at the end of a month, by the pace so far.' })
export class CostForecast {
  @Field(() => ChannelReference)
  channel!: ChannelReference;

  @Field(() => String, { description: '`YYYY-MM`, in the time zone of the account.' })
  month!: string;

  @Field(() => Money, { description: 'In this month: charged, or on its way and expected to be.' })
  soFar!: Money;

  @Field(() => Money, { description: 'So far, and what is coming.' })
  amount!: Money;

  @Field(() => MoneyRange, {
    description: 'By the weakest and the strongest week of those that the pace is taken from.',
  })
  range!: MoneyRange;

  @Field(() => QuoteType, { description: 'The messages that are still to come, quoted as any others.' })
  coming!: QuoteType;

  @Field(() => Int, { description: 'The whole days from which the pace is taken; without any, nothing is coming.' })
  paceDays!: number;

  @Field(() => AllowanceForecast, { nullable: true, description: 'Null where the rules of the month know none.' })
  allowance!: AllowanceForecast | null;
}

@Resolver()
export class ForecastResolver {
  @Authorized('cost:read', 'conversation:read_all')
  @Query(() => [CostForecast], {
    description:
      'Of each number whose messages have a price, in each currency that it was charged in. The pace is, for each category and market, the mean of each weekday over the last 28 whole days; of all days, where there are fewer than seven. What is coming by it is quoted with what is left of the allowance and the place in the volume tiers. With fewer than fourteen days, the range is half and twice of what is coming.',
  })
  async costForecast(
    @Ctx() ctx: BillingContext,
    @Arg('month', () => String, { description: '`YYYY-MM`: this one, or one to come.' }) month: string,
  ): Promise<CostForecast[]> {
    const forecasts = await forecastCosts(ctx, month);
    return forecasts.map(
      ({ channelId, currency, soFarMicros, amountMicros, pace, coming, allowance, ...forecast }) => ({
        channel: { id: channelId },
        month,
        soFar: money(soFarMicros, currency),
        amount: money(amountMicros, currency),
        range: rangeOf(forecast, currency),
        coming: shown(channelId, coming),
        paceDays: pace.days,
        allowance: allowance ? { ...allowance, endsOn: allowance.endsOn ?? null } : null,
      }),
    );
  }
}
