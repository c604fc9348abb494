import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { money } from '../charges/charge.resolver.js';
import { Money } from '../charges/charge.types.js';
import type { BillingContext } from '../context.js';
import { MemberReference } from '../price-books/price-book.types.js';
import { amountOf, recordTokenUsage } from './token-usage.commands.js';
import { TokenUsage } from './token-usage.entity.js';
import { RecordTokenUsageInput, RecordTokenUsageResult, TokenUsageType } from './token-usage.types.js';

const MOST_SHOWN = 100;

@Resolver(() => TokenUsageType)
export class TokenUsageResolver {
  @Authorized('cost:read', 'conversation:read_all')
  @Query(() => [TokenUsageType], {
    description: 'Tokens of Meta’s Business Agent: the latest month first, at most 100.',
  })
  tokenUsages(@Ctx() ctx: BillingContext): Promise<TokenUsage[]> {
    return ctx.em.find(TokenUsage, {}, { orderBy: { month: 'desc', currency: 'asc' }, limit: MOST_SHOWN });
  }

  @Authorized('cost:manage')
  @Mutation(() => RecordTokenUsageResult, {
    description:
      'Enters what the tokens of a month cost, on its last day, as a charge of no message: line TOKENS, category `business_agent`. No webhook tells of them.',
  })
  recordTokenUsage(
    @Arg('input', () => RecordTokenUsageInput) input: RecordTokenUsageInput,
    @Ctx() ctx: BillingContext,
  ) {
    return asResult(recordTokenUsage(ctx, input));
  }

  @FieldResolver(() => Money)
  amount(@Root() { standing, currency }: TokenUsage): Money {
    return money(amountOf(standing), currency);
  }

  @FieldResolver(() => MemberReference)
  recordedBy(@Root() { recordedBy }: TokenUsage): MemberReference {
    return { id: recordedBy };
  }
}
