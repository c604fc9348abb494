import { messageType, type MessageType as MessageKind } from '@fenster/contracts';
import {
  DateTime,
  Forbidden,
  IdempotencyConflict,
  InvalidInput,
  NotFound,
  registerUserError,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { Directive, Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { MESSAGE_DIRECTIONS, type MessageDirection } from './message.entity.js';
import { MESSAGE_STATUSES, type MessageStatus } from './message.status.js';

const toEnum = (values: readonly string[]) => Object.fromEntries(values.map((value) => [value, value]));

export const MessageStatusEnum = toEnum(MESSAGE_STATUSES);
registerEnumType(MessageStatusEnum, {
  name: 'MessageStatus',
  description:
    'RECEIVED is a customer message. Ours go QUEUED, SENT, DELIVERED, READ, PLAYED and never back, or end FAILED or UNCONFIRMED.',
});
export const MessageDirectionEnum = toEnum(MESSAGE_DIRECTIONS);
registerEnumType(MessageDirectionEnum, { name: 'MessageDirection' });
export const MessageTypeEnum = Object.fromEntries(messageType.options.map((type) => [type.toUpperCase(), type]));
registerEnumType(MessageTypeEnum, {
  name: 'MessageType',
  description: 'What the provider calls the content; UNSUPPORTED stands for anything it cannot name.',
});

@ObjectType({ description: 'Why a message did not reach the customer.' })
export class DeliveryFailure {
  @Field(() => Int, { description: 'The code of the provider.' })
  code!: number;

  @Field(() => String, { description: 'For agents.' })
  message!: string;
}

@Directive('@key(fields: "id")')
@ObjectType('Message')
export class MessageObject {
  @Field(() => ID)
  id!: string;

  @Field(() => Int, { description: 'Place in the thread: 1, 2, 3, … without gaps.' })
  seq!: number;

  @Field(() => MessageDirectionEnum)
  direction!: MessageDirection;

  @Field(() => MessageTypeEnum)
  type!: MessageKind;

  @Field(() => MessageStatusEnum)
  status!: MessageStatus;

  @Field(() => ID, { nullable: true, description: 'The API key by which a program sent it.' })
  apiKeyId?: string | null;

  @Field(() => DateTime, { description: "The provider's time for customer messages, ours for replies." })
  sentAt!: Date;

  @Field(() => DateTime)
  createdAt!: Date;
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

  @Field(() => String, { description: 'At most 4096 characters.' })
  text!: string;

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
}

@ObjectType({
  implements: UserError,
  description: 'More than 24 hours since the customer last wrote: only a template may be sent.',
})
export class WindowClosed extends UserError {}

@ObjectType({ implements: UserError, description: 'Somebody wrote since `expectedLastSeq`.' })
export class StaleThread extends UserError {}

@ObjectType({ implements: UserError, description: 'Your API key may do this only so often, and has done so.' })
export class QuotaExceeded extends UserError {
  @Field(() => DateTime, { description: 'When it may do so again.' })
  resetsAt!: Date;
}

registerUserError(QuotaExceeded, 'QUOTA_EXCEEDED');
registerUserError(WindowClosed, 'WINDOW_CLOSED');
registerUserError(StaleThread, 'STALE_THREAD');

export const SendMessageResult = resultUnion('SendMessageResult', MessageObject, [
  InvalidInput,
  NotFound,
  IdempotencyConflict,
  WindowClosed,
  StaleThread,
  Forbidden,
  QuotaExceeded,
]);
