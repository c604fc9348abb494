import { enumOf } from '@fenster/graphql';
import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { ChannelReference } from '../allowances/allowance.resolver.js';
import { Money, TraceFactType } from '../charges/charge.types.js';
import { QUOTE_LANGUAGES, QUOTE_REASON_CODES, type QuoteReason } from './quote-reason.js';

export const QuoteLanguageEnum = enumOf(QUOTE_LANGUAGES, { name: 'QuoteLanguage' });
export const QuoteReasonCodeEnum = enumOf(QUOTE_REASON_CODES, {
  name: 'QuoteReasonCode',
  description:
    'ALLOWANCE_LEFT, ALLOWANCE_USED_UP: of the free messages of the number in this month. ALLOWANCE_UNCERTAIN: messages on their way may fail, and leave some of it. FREE: by another rule. RATE: of the price book. PARTNER_FEE, TAX: added to it. UNQUOTED: no rule or rate fits. NOT_PRICED: nothing is known of what messages of the number cost.',
});

@ObjectType('QuoteReason', { description: 'Why a quote is what it is.' })
export class QuoteReasonType {
  @Field(() => QuoteReasonCodeEnum)
  code!: QuoteReason['code'];

  @Field(() => [TraceFactType], { description: 'Its figures, for example `left`, `size`, `market` or `micros`.' })
  facts!: TraceFactType[];

  reason!: QuoteReason;
}

@ObjectType({ description: 'From the least that it can cost by what is known now, to the most.' })
export class MoneyRange {
  @Field(() => Money)
  least!: Money;

  @Field(() => Money)
  most!: Money;
}

@ObjectType('QuotedLine', { description: 'Messages of one category to one country.' })
export class QuotedLineType {
  @Field(() => String)
  category!: string;

  @Field(() => String, { nullable: true, description: 'On the rate card; null where the country is not known.' })
  market!: string | null;

  @Field(() => Int)
  messages!: number;

  @Field(() => Int, { description: 'Of them: free.' })
  freeMessages!: number;

  @Field(() => Int, { description: 'Of them: in no amount, because no rule or rate fits.' })
  unquotedMessages!: number;

  @Field(() => Money)
  amount!: Money;

  @Field(() => MoneyRange)
  range!: MoneyRange;

  @Field(() => [QuoteReasonType])
  reasons!: QuoteReasonType[];
}

@ObjectType('Quote', {
  description:
    'What messages would cost if they were sent now, by the rules, rates and counts that rate them afterwards. About: if all that is on its way is delivered. The provider has the last word.',
})
export class QuoteType {
  @Field(() => ChannelReference, { description: 'The number over which they would be sent.' })
  channel!: ChannelReference;

  @Field(() => Money, { nullable: true, description: 'Fees and taxes included. Null where nothing could be priced.' })
  amount!: Money | null;

  @Field(() => MoneyRange, { nullable: true })
  range!: MoneyRange | null;

  @Field(() => Int)
  unquotedMessages!: number;

  @Field(() => [QuotedLineType])
  lines!: QuotedLineType[];

  @Field(() => [QuoteReasonType], { description: 'Of all lines, each once.' })
  reasons!: QuoteReasonType[];
}

@InputType({ description: 'So many messages of one category to one country or market.' })
export class QuoteMessagesInput {
  @Field(() => String, {
    description: 'Of the template, `marketing`, `utility` or `authentication`; `service` for anything else.',
  })
  category!: string;

  @Field(() => String, { nullable: true, description: 'Of the recipients, ISO 3166 alpha-2; or `market`.' })
  country?: string | null;

  @Field(() => String, { nullable: true, description: 'On the rate card, for example `Rest of Western Europe`.' })
  market?: string | null;

  @Field(() => Int, { defaultValue: 1 })
  recipients!: number;
}

@Directive('@key(fields: "id")')
@ObjectType('NewsletterPreview')
export class NewsletterPreviewType {
  @Field(() => ID)
  id!: string;

  /** What contacts says of its recipients: see `NewsletterFacts`. */
  @Directive('@external')
  @Field(() => String)
  quoteFacts!: string;
}
