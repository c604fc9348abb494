import { DateTime, Micros } from '@fenster/graphql';
import { Directive, Field, ID, Int, ObjectType } from 'type-graphql';

@Directive('@key(fields: "id")')
@ObjectType('Conversation')
export class ConversationType {
  @Field(() => ID)
  id!: string;
}

@ObjectType({ description: 'An exact amount. Amounts of different currencies are never added or converted.' })
export class Money {
  @Field(() => Micros)
  amountMicros!: number;

  @Field(() => String, { description: 'ISO 4217.' })
  currency!: string;

  @Field(() => String, { description: 'The same amount as a decimal number with four to six places: `0.0456`.' })
  decimal!: string;
}

@ObjectType('TraceFact', { description: 'One step of the reasoning behind an amount.' })
export class TraceFactType {
  @Field(() => String, { description: 'What was looked at, for example `market` or `rate.effectiveFrom`.' })
  fact!: string;

  @Field(() => String)
  value!: string;
}

@Directive('@key(fields: "id")')
@ObjectType('Charge', {
  description: 'What one delivered message costs, and why. Zero is a charge too. Never changed once recorded.',
})
export class ChargeType {
  @Field(() => ID)
  id!: string;

  @Field(() => ID)
  messageId!: string;

  @Field(() => String, { description: "The provider's category, for example `service`, `utility` or `marketing`." })
  category!: string;

  @Field(() => String, {
    nullable: true,
    description: "Name on the provider's rate card; null for a free message to an unknown country.",
  })
  market!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Why the provider charges nothing, for example `SERVICE_ALLOWANCE`; null for a rated message.',
  })
  freeReason!: string | null;

  @Field(() => String, {
    description: "Day of the delivery in the provider account's time zone, `YYYY-MM-DD`: it selects the rate.",
  })
  localDate!: string;

  @Field(() => String, { description: 'SHA-256 of the price book in force.' })
  priceBookVersion!: string;

  @Field(() => Int, {
    nullable: true,
    description: 'Line of the price book behind the amount; null for a free message.',
  })
  rateLine!: number | null;

  @Field(() => DateTime)
  recordedAt!: Date;
}

@ObjectType({ description: 'A page of charges in the order in which they were recorded.' })
export class ChargePage {
  @Field(() => [ChargeType])
  nodes!: ChargeType[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}

@ObjectType({ description: 'Delivered messages that no rule or rate fits yet. They are in no total.' })
export class UnratedMessages {
  @Field(() => String, {
    description: 'For example `RATE_MISSING`, `CATEGORY_UNKNOWN` or `RECIPIENT_COUNTRY_UNKNOWN`.',
  })
  reason!: string;

  @Field(() => Int)
  messages!: number;
}

@ObjectType({ description: 'What the messages of a conversation cost: the sum of its charges.' })
export class ConversationCost {
  conversationId!: string;
}
