import { DateTime, enumOf } from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { MessageContentInput } from './outgoing-content.types.js';
import { REPLY_KINDS, type ReplyKind } from './send-gate.js';

const ReplyKindEnum = enumOf(REPLY_KINDS, { name: 'ReplyKind' });

@ObjectType({ description: 'A reason why something may not be sent.' })
export class SendRefusal {
  @Field(() => String, {
    description:
      'Stable, for programs: NOT_PERMITTED, BEYOND_API_KEY, INVALID_INPUT, KIND_NOT_SENDABLE, TEMPLATE_NOT_USABLE, PHONE_NEEDED, CHANNEL_DOWN, NOT_IN_CONTROL, CLAIMED_BY_OTHER, STALE_THREAD, ANOTHER_CONVERSATION_OPEN, WINDOW_CLOSED, OPTED_OUT, CONSENT_MISSING, OPT_OUT_HINT_MISSING, BUDGET_USED_UP, BUDGET_HELD (a reply is taken, and waits for approval), QUOTA_EXCEEDED; later versions know more.',
  })
  code!: string;

  @Field(() => String, { description: 'For people: what is wrong and what to do next.' })
  message!: string;

  @Field(() => String, { nullable: true, description: 'The input field at fault.' })
  field!: string | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When it ends by itself, if it does: a claim, a quota, the month of a budget.',
  })
  until!: Date | null;
}

@ObjectType({ description: 'What the send gate says now. It may say something else later.' })
export class SendCheck {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => Boolean)
  isAllowed!: boolean;

  @Field(() => [SendRefusal], {
    description: 'All of them, always in the same order; sending is refused with the first. None if it is allowed.',
  })
  reasons!: SendRefusal[];
}

@ObjectType({ description: 'Whether one kind of message may be sent now.' })
export class ReplyOption extends SendCheck {
  @Field(() => ReplyKindEnum)
  kind!: ReplyKind;

  @Field(() => DateTime, {
    nullable: true,
    description: 'The end of the service window, where it is allowed and depends on that.',
  })
  allowedUntil!: Date | null;
}

@InputType({ description: 'What `sendMessage` would get.' })
export class CheckSendInput {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => String, { nullable: true, description: 'In place of `content`, where it is nothing but words.' })
  text?: string | null;

  @Field(() => MessageContentInput, { nullable: true })
  content?: MessageContentInput | null;

  @Field(() => Int, { nullable: true })
  expectedLastSeq?: number | null;
}
