import {
  DateTime,
  enumOf,
  Forbidden,
  IdempotencyConflict,
  InvalidInput,
  registerUserError,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { PeriodRefused } from '../periods/period.resolver.js';
import { TOKEN_SOURCES, type TokenSource } from './token-usage.entity.js';

const TokenSourceEnum = enumOf(TOKEN_SOURCES, {
  name: 'TokenUsageSource',
  description: 'Where the number of tokens is from: the provider’s invoice, its analytics, or somewhere else.',
});

@ObjectType('TokenUsage', {
  description:
    'Tokens of Meta’s Business Agent in a month, as they were recorded last. They cost by the million, are never free and are no messages.',
})
export class TokenUsageType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: '`YYYY-MM`' })
  month!: string;

  @Field(() => String, { description: 'ISO 4217.' })
  currency!: string;

  @Field(() => Int)
  tokens!: number;

  @Field(() => TokenSourceEnum)
  source!: TokenSource;

  @Field(() => String)
  note!: string;

  @Field(() => DateTime)
  recordedAt!: Date;
}

@InputType()
export class RecordTokenUsageInput {
  @Field(() => String, { description: '`YYYY-MM`; one that has begun and is not closed.' })
  month!: string;

  @Field(() => String, { defaultValue: 'USD', description: 'ISO 4217. Nothing is converted.' })
  currency!: string;

  @Field(() => Int, {
    description: 'Of the whole month. Said again, it takes the place of what was said before; 0 takes it back.',
  })
  tokens!: number;

  @Field(() => TokenSourceEnum)
  source!: TokenSource;

  @Field(() => String, { description: 'The number of the invoice, for example; 1 to 500 characters.' })
  note!: string;

  @Field(() => String)
  idempotencyKey!: string;
}

@ObjectType({ implements: UserError, description: 'The price book in force has no price of tokens then.' })
export class TokenPriceMissing extends UserError {}
registerUserError(TokenPriceMissing, 'TOKEN_PRICE_MISSING');

export const RecordTokenUsageResult = resultUnion('RecordTokenUsageResult', TokenUsageType, [
  InvalidInput,
  IdempotencyConflict,
  Forbidden,
  PeriodRefused,
  TokenPriceMissing,
]);
