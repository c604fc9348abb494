import { DateTime, enumOf, Micros } from '@fenster/graphql';
import { Directive, Field, ID, Int, ObjectType } from 'type-graphql';
import type { Charge } from './charge.entity.js';
import type { ConversationTotal } from './conversation-total.entity.js';
import { CHARGE_LINES, CHARGE_STATES, type ChargeLine, type ChargeState } from './standing.js';

const ChargeStateEnum = enumOf(CHARGE_STATES, {
  name: 'ChargeState',
  description:
    'QUOTED: expected by our own figures, until the provider has said its word. PROVISIONAL: the provider named a price, but nothing is delivered. RATED: charged. CORRECTED: charged or taken back, because something was not as it had seemed. RECONCILED: added or taken back because the provider counts otherwise; of no message.',
});
const ChargeLineEnum = enumOf(CHARGE_LINES, {
  name: 'ChargeLine',
  description:
    'MESSAGE: the price of the provider. PARTNER_FEE: of whoever connects to it. TAX: on both. TOKENS: of the Business Agent of the provider, and of no message.',
});

@Directive('@key(fields: "id")')
@ObjectType('Message')
export class MessageType {
  @Field(() => ID)
  id!: string;
}

@Directive('@key(fields: "id")')
@ObjectType('Contact')
export class ContactType {
  @Field(() => ID)
  id!: string;

  /** Of whoever may not read contacts, absent. */
  @Directive('@external')
  @Field(() => [ID])
  knownIds?: string[];
}

@Directive('@key(fields: "id")')
@ObjectType('Conversation')
export class ConversationType {
  @Field(() => ID)
  id!: string;

  /** What the conversation service says of a reply in it: see `ReplyFacts`. */
  @Directive('@external')
  @Field(() => String, { nullable: true })
  replyFacts?: string | null;
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
  description:
    'An entry of the ledger: what the cost of a message changed by, and why. Zero is a charge too. Never changed once recorded; what was not as it seemed is taken back by an entry, and entered anew by another.',
})
export class ChargeType {
  @Field(() => ID)
  id!: string;

  @Field(() => ID, { nullable: true, description: 'Null: it is of no message, as what the provider counts otherwise.' })
  messageId!: string | null;

  @Field(() => ChargeStateEnum)
  state!: ChargeState;

  @Field(() => ChargeLineEnum)
  line!: ChargeLine;

  @Field(() => Int, {
    description: 'How many more messages are charged by it: one, none (an estimate, a fee, a tax), or one less.',
  })
  messages!: number;

  @Field(() => ID, { nullable: true, description: 'The entry that this one takes back.' })
  reverses!: string | null;

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

  @Field(() => String, {
    description: 'Day in whose period it is, `YYYY-MM-DD`: that of the delivery, or the first that was not closed yet.',
  })
  bookedOn!: string;

  @Field(() => String, {
    nullable: true,
    description: "The provider's rules by which it was rated, by the month of their beginning: `2026-10`.",
  })
  regime!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'SHA-256 of the price book in force; null where an entry only takes back another.',
  })
  priceBookVersion!: string | null;

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

@ObjectType({
  description:
    'What was sent in one customer service window of a conversation: the 24 hours after each customer message, as long as they follow each other.',
})
export class WindowCost {
  conversationId!: string;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When it opened; null for all that was sent outside of a window.',
  })
  openedAt!: Date | null;

  totals!: ConversationTotal[];
}

@ObjectType({ description: 'What all messages to a contact cost: the sum of their charges.' })
export class ContactCost {
  /** Under which their conversations name them. */
  contactIds!: readonly string[];
}

@ObjectType({ description: 'What one message costs: the sum of its charges.' })
export class MessageCharge {
  @Field(() => ChargeStateEnum, { description: 'Of the latest entry.' })
  state!: ChargeState;

  @Field(() => [ChargeType], { description: 'All entries, the first one first.' })
  entries!: Charge[];
}
