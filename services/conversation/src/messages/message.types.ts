import {
  AGENT_LOCALES,
  channelState,
  deliveryWaitReason,
  FAILURE_CLASSES,
  FAILURE_REASONS,
  messageType,
  type ChannelState,
  type DeliveryWaitReason,
  type FailureClass,
  type FailureReason,
  type MessageType as MessageKind,
} from '@fenster/contracts';
import {
  DateTime,
  enumOf,
  Forbidden,
  IdempotencyConflict,
  InvalidInput,
  NotFound,
  registerUserError,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { MemberReference } from '../conversations/conversation.types.js';
import { AnotherConversationOpen } from '../status/status-refusals.types.js';
import { ClaimedByOther } from '../claims/claim.types.js';
import { NotInControl } from '../control/control.types.js';
import { StoredHeldMessage } from '../approvals/held-message.entity.js';
import { HeldMessage } from '../approvals/held-message.types.js';
import { BUDGET_OVERRIDE } from '../budgets/budget-gate.rule.js';
import { BudgetHeld, BudgetOverrideRefused, BudgetUsedUp } from '../budgets/budget-refusal.types.js';
import { ConsentMissing, OptOutHintMissing } from '../consents/consent-refusals.types.js';
import { OptedOut, PhoneNeeded, TemplateNotUsable } from '../templates/template-refusals.types.js';
import { AUTOMATIONS, MESSAGE_DIRECTIONS, type Automation, type MessageDirection } from './message.entity.js';
import { LIMITS } from './outgoing-content.rule.js';
import { MessageContentInput } from './outgoing-content.types.js';
import { MESSAGE_STATUSES, type MessageStatus } from './message.status.js';

export const MessageStatusEnum = enumOf(MESSAGE_STATUSES, {
  name: 'MessageStatus',
  description:
    'RECEIVED is a customer message. Ours go QUEUED, SENT, DELIVERED, READ, PLAYED and never back, or end FAILED or UNCONFIRMED.',
});
export const MessageDirectionEnum = enumOf(MESSAGE_DIRECTIONS, { name: 'MessageDirection' });
const AutomationEnum = enumOf(AUTOMATIONS, {
  name: 'MessageAutomation',
  description:
    'What Fenster writes to customers in words that nobody wrote for the occasion: by the settings of a channel, or a question of consent and what is said to its answer. And NEWSLETTER, which somebody sent to many.',
});
export const MessageTypeEnum = enumOf(messageType.options, {
  name: 'MessageType',
  description: 'What the provider calls the content; UNSUPPORTED stands for anything it cannot name.',
});

const FailureClassEnum = enumOf(FAILURE_CLASSES, {
  name: 'FailureClass',
  description:
    'What a failure means for what comes next. RETRY: it was temporary, and tried a few times. WAIT: a limit; send later. NEVER: this message cannot be sent. OPT_OUT: the person wants no marketing. WINDOW_CLOSED: only a template may be sent. CHANNEL_BROKEN: somebody must repair the channel. UNCERTAIN: it may have been sent; decide with settleUnconfirmedMessage.',
});
const FailureReasonEnum = enumOf(FAILURE_REASONS, {
  name: 'FailureReason',
  description: 'Why a message fails, whatever the provider calls it. REFUSED: Fenster does not know.',
});
export const AgentLocaleEnum = enumOf(AGENT_LOCALES, {
  name: 'AgentLocale',
  description: 'The language of texts for agents.',
});

@ObjectType({ description: 'Why a message did not reach the customer.' })
export class DeliveryFailure {
  @Field(() => Int, { description: 'The code of the provider; negative ones are of Fenster itself.' })
  code!: number;

  @Field(() => String, { description: 'For agents, in English; see agentText.' })
  message!: string;

  @Field(() => FailureReasonEnum)
  reason!: FailureReason;

  @Field(() => FailureClassEnum)
  class!: FailureClass;
}

const MessageWaitReasonEnum = enumOf(deliveryWaitReason.options, {
  name: 'MessageWaitReason',
  description:
    'NUMBER_LIMIT: this number sends as much as it may. PAIR_LIMIT: this person got as much as they may get at a time. PORTFOLIO_LIMIT: as many persons were written to outside their windows as may be in 24 hours. EARLIER_MESSAGE: one before it in the thread waits. PROVIDER_UNREACHABLE, PROVIDER_BUSY: WhatsApp does not answer, or asks for patience. CHANNEL_DOWN: the number cannot send until an administrator has repaired it.',
});

@ObjectType({ description: 'What a queued message waits for. Nothing has to be done: it leaves when it may.' })
export class MessageWait {
  @Field(() => MessageWaitReasonEnum)
  reason!: DeliveryWaitReason;

  @Field(() => DateTime, { nullable: true, description: 'Not before then; null where nobody can say.' })
  until!: Date | null;
}

@ObjectType({ description: 'What one side thinks of a message, in one emoji. Each side has at most one.' })
export class MessageReaction {
  @Field(() => String)
  emoji!: string;

  @Field(() => MessageDirectionEnum, { description: 'INBOUND is the customer’s, OUTBOUND is ours.' })
  direction!: MessageDirection;

  @Field(() => MemberReference, {
    nullable: true,
    description: 'Who of us reacted; null for customers, programs, and colleagues in the phone app.',
  })
  author!: MemberReference | null;

  @Field(() => ID, { nullable: true, description: 'The API key by which a program reacted.' })
  apiKeyId!: string | null;

  @Field(() => MessageStatusEnum, { description: 'As of messages. WhatsApp tells of ours no more than SENT.' })
  status!: MessageStatus;

  @Field(() => DeliveryFailure, { nullable: true })
  failure!: DeliveryFailure | null;

  @Field(() => DateTime)
  reactedAt!: Date;
}

@Directive('@key(fields: "id")')
@ObjectType('Message')
export class MessageObject {
  @Field(() => ID)
  id!: string;

  @Field(() => Int, {
    description:
      'Place in the thread: 1, 2, 3, … without gaps. Imported messages are before them: 0, -1, -2, … backwards in time. Their places alone may change, with a MessagesImported.',
  })
  seq!: number;

  @Field(() => MessageDirectionEnum)
  direction!: MessageDirection;

  @Field(() => MessageTypeEnum)
  type!: MessageKind;

  @Field(() => MessageStatusEnum)
  status!: MessageStatus;

  @Field(() => ID, { nullable: true, description: 'The API key by which a program sent it.' })
  apiKeyId?: string | null;

  @Field(() => AutomationEnum, { nullable: true, description: 'The rule of Fenster that sent it.' })
  automation?: Automation | null;

  @Field(() => Boolean, {
    description: 'A colleague wrote it in the phone app of the number; nobody knows who.',
  })
  isEcho!: boolean;

  @Field(() => Boolean, {
    description:
      'It was written in the phone app before the number was connected. Nobody has to answer it, and it opened no window.',
  })
  isImported!: boolean;

  @Field(() => DateTime, { nullable: true, description: 'When its author wrote what it says now, if they edited it.' })
  editedAt?: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'When its author took it back. Its words, old and new, are deleted then: nobody has a use for them any more.',
  })
  revokedAt?: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'When a rule of retention took what it said, and the files that came with it. That it was there, and what it cost, stays.',
  })
  contentRemovedAt?: Date | null;

  @Field(() => DateTime, { description: "The provider's time for customer messages, ours for replies." })
  sentAt!: Date;

  @Field(() => DateTime)
  createdAt!: Date;
}

@ObjectType({
  description:
    'What the customer clicked before they wrote: an ad or a post that leads to the chat. As the provider tells it.',
})
export class MessageReferral {
  @Field(() => String, { nullable: true, description: 'Such as `ad` or `post`.' })
  sourceType?: string | null;

  @Field(() => String, { nullable: true, description: 'The provider’s id of the ad or post.' })
  sourceId?: string | null;

  @Field(() => String, { nullable: true, description: 'Somebody else’s address: show it, do not load it.' })
  sourceUrl?: string | null;

  @Field(() => String, { nullable: true })
  headline?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Of this very click: by it, the ad’s own figures can be matched.',
  })
  clickId?: string | null;
}

@ObjectType({ description: 'What a message answers.' })
export class MessageReply {
  @Field(() => MessageObject, {
    nullable: true,
    description:
      'Null while it is not here: it may be older than this inbox, or still on its way; or you may not see it.',
  })
  message!: MessageObject | null;
}

@ObjectType({ description: 'Messages of a conversation in the order of their thread.' })
export class MessagePage {
  @Field(() => [MessageObject])
  nodes!: MessageObject[];

  @Field(() => Boolean, { description: 'Whether there are older ones: ask for `before` the first `seq`.' })
  hasOlder!: boolean;
}

@InputType()
export class SendMessageInput {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => String, {
    nullable: true,
    description: `In place of \`content\`, where it is nothing but words: at most ${LIMITS.text} characters.`,
  })
  text?: string | null;

  @Field(() => MessageContentInput, {
    nullable: true,
    description: 'What to send. A refusal names the field at fault: `content.buttons.buttons.0.title`.',
  })
  content?: MessageContentInput | null;

  @Field(() => String, {
    description:
      'Of your choice, 1 to 200 characters: the same key with the same input sends once, however often it is called.',
  })
  idempotencyKey!: string;

  @Field(() => Int, {
    nullable: true,
    description: 'The last `seq` you have seen: the message is refused if somebody wrote since.',
  })
  expectedLastSeq?: number;

  @Field(() => ID, {
    nullable: true,
    description: 'The message of the same thread that this one answers; the customer sees it quoted.',
  })
  replyToMessageId?: string;

  @Field(() => String, { nullable: true, description: BUDGET_OVERRIDE })
  budgetOverride?: string | null;
}

@ObjectType({
  implements: UserError,
  description: 'More than 24 hours since the customer last wrote: only a template may be sent.',
})
export class WindowClosed extends UserError {
  @Field(() => DateTime, { nullable: true, description: 'Null if the customer never wrote.' })
  expiredAt!: Date | null;
}

@ObjectType({ implements: UserError, description: 'The channel cannot carry this kind of message.' })
export class KindNotSendable extends UserError {}

@ObjectType({ implements: UserError, description: 'Somebody wrote since `expectedLastSeq`.' })
export class StaleThread extends UserError {}

@ObjectType({
  implements: UserError,
  description: 'There can be no reaction to this message: it was taken back, is too old, or WhatsApp does not have it.',
})
export class NotReactable extends UserError {}

@ObjectType({ implements: UserError, description: 'Your API key may do this only so often, and has done so.' })
export class QuotaExceeded extends UserError {
  @Field(() => DateTime, { description: 'When it may do so again.' })
  resetsAt!: Date;
}

const ChannelStateEnum = enumOf(channelState.options, {
  name: 'ChannelState',
  description:
    'ACTIVE sends. ERROR: the provider does not let it, until an administrator has repaired it. DISABLED: switched off. Customers’ messages come in whatever the state.',
});

@ObjectType({
  implements: UserError,
  description: 'The number cannot send at present. Nothing was queued; what was queued before waits.',
})
export class ChannelDown extends UserError {
  @Field(() => ChannelStateEnum)
  channelState!: ChannelState;

  @Field(() => String, { nullable: true, description: 'For people: what the provider says.' })
  stateReason!: string | null;

  @Field(() => FailureReasonEnum, {
    nullable: true,
    description: 'The same for programs, which have words of their own.',
  })
  stateReasonCode!: FailureReason | null;
}

registerUserError(ChannelDown, 'CHANNEL_DOWN');
registerUserError(QuotaExceeded, 'QUOTA_EXCEEDED');
registerUserError(NotReactable, 'NOT_REACTABLE');
registerUserError(KindNotSendable, 'KIND_NOT_SENDABLE');
registerUserError(WindowClosed, 'WINDOW_CLOSED');
registerUserError(StaleThread, 'STALE_THREAD');

/** Of whatever asks the send gate. */
export const SEND_GATE_REFUSALS = [
  InvalidInput,
  NotFound,
  WindowClosed,
  StaleThread,
  AnotherConversationOpen,
  NotInControl,
  ClaimedByOther,
  Forbidden,
  QuotaExceeded,
  ChannelDown,
  TemplateNotUsable,
  PhoneNeeded,
  OptedOut,
  ConsentMissing,
  OptOutHintMissing,
  BudgetUsedUp,
  BudgetHeld,
] as const;
const SEND_REFUSALS = [...SEND_GATE_REFUSALS, IdempotencyConflict, BudgetOverrideRefused];
export const SendMessageResult = resultUnion('SendMessageResult', MessageObject, SEND_REFUSALS, {
  type: HeldMessage,
  is: (value) => value instanceof StoredHeldMessage,
});
export const StartConversationResult = resultUnion('StartConversationResult', MessageObject, SEND_REFUSALS);

export const ReactToMessageResult = resultUnion('ReactToMessageResult', MessageObject, [
  InvalidInput,
  NotFound,
  NotReactable,
  KindNotSendable,
  WindowClosed,
  NotInControl,
  ClaimedByOther,
  Forbidden,
  QuotaExceeded,
  ChannelDown,
]);
