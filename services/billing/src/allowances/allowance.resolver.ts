import { Authorized } from '@fenster/graphql';
import { Arg, Ctx, Directive, Field, ID, Int, ObjectType, Query, Resolver } from 'type-graphql';
import type { BillingContext } from '../context.js';
import { checkMonth } from '../periods/check-month.js';
import { readAllowances } from './read-allowances.js';

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Channel')
export class ChannelReference {
  @Field(() => ID)
  id!: string;
}

@ObjectType({ description: 'The free messages of a number in a month. The provider decides what is among them.' })
export class Allowance {
  @Field(() => ChannelReference)
  channel!: ChannelReference;

  @Field(() => String, { description: '`YYYY-MM`, in the time zone of the account.' })
  month!: string;

  @Field(() => Int)
  size!: number;

  @Field(() => Int, { description: 'Delivered and free by the word of the provider.' })
  used!: number;

  @Field(() => Int, { description: 'On their way, and expected to be free.' })
  expected!: number;

  @Field(() => Int, { description: 'Of the same kind, delivered and charged: then nothing is left.' })
  charged!: number;

  @Field(() => Int)
  left!: number;
}

@Resolver()
export class AllowanceResolver {
  @Authorized('cost:read', 'conversation:read_all')
  @Query(() => [Allowance], {
    description:
      'Of each number whose messages have a price. None in months whose rules knew no allowance of a number.',
  })
  async allowances(
    @Ctx() ctx: BillingContext,
    @Arg('month', () => String, { description: '`YYYY-MM`' }) month: string,
  ): Promise<Allowance[]> {
    checkMonth(month);
    const allowances = await readAllowances(ctx, month);
    return allowances.map(({ channelId: id, mostLeft: _, ...allowance }) => ({ channel: { id }, month, ...allowance }));
  }
}
