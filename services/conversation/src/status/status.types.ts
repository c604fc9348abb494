import { statusReason } from '@fenster/contracts';
import { DateTime, enumOf, InvalidInput, NotFound, resultUnion } from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { SNOOZE_KINDS, type SnoozeKind } from '../conversations/conversation.entity.js';
import { ConversationType } from '../conversations/conversation.types.js';
import { StaleThread } from '../messages/message.types.js';
import {
  AnotherConversationOpen,
  ConversationResolved,
  ServiceWindowNotOpen,
  StatusUnchanged,
} from './status-refusals.types.js';

const SnoozeKindEnum = enumOf(SNOOZE_KINDS, {
  name: 'SnoozeKind',
  description: 'NEXT_MESSAGE: only a customer message ends it. One ends the others, too.',
});

export const StatusReasonEnum = enumOf(statusReason.options, {
  name: 'ConversationStatusReason',
  description: 'Why it changed: somebody asked for it, a reply was sent, the customer wrote, or its snooze was over.',
});
@ObjectType({ description: 'What brings a snoozed conversation back.' })
export class Snooze {
  @Field(() => SnoozeKindEnum)
  kind!: SnoozeKind;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When it comes back by itself, as things stand now; null if only by a customer message.',
  })
  until!: Date | null;

  @Field(() => Int, { nullable: true, description: 'With BEFORE_WINDOW_CLOSES.' })
  hoursBeforeWindowCloses!: number | null;
}

@InputType()
export class ChangeStatusInput {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => String, { nullable: true, description: 'Why, for colleagues: 1 to 500 characters.' })
  reason?: string | null;
}

@InputType()
export class ResolveConversationInput extends ChangeStatusInput {
  @Field(() => Int, {
    nullable: true,
    description: 'The last `seq` you have seen: it is not resolved if somebody wrote since.',
  })
  expectedLastSeq?: number | null;
}

@InputType({ description: 'One of `until`, `untilNextMessage` and `hoursBeforeWindowCloses`.' })
export class SnoozeInput {
  @Field(() => DateTime, { nullable: true, description: 'In the future, within 366 days.' })
  until?: Date | null;

  @Field(() => Boolean, { nullable: true, description: 'Only a customer message brings it back.' })
  untilNextMessage?: boolean | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'So many hours before the service window closes, 1 to 23. If the window is extended, it comes back later.',
  })
  hoursBeforeWindowCloses?: number | null;
}

@InputType({
  description: 'One of `until`, `untilNextMessage` and `hoursBeforeWindowCloses`. Snoozing again moves it.',
})
export class SnoozeConversationInput extends SnoozeInput {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => String, { nullable: true, description: 'Why, for colleagues: 1 to 500 characters.' })
  reason?: string | null;
}

export const ResolveConversationResult = resultUnion('ResolveConversationResult', ConversationType, [
  InvalidInput,
  NotFound,
  StatusUnchanged,
  StaleThread,
]);
export const ReopenConversationResult = resultUnion('ReopenConversationResult', ConversationType, [
  InvalidInput,
  NotFound,
  StatusUnchanged,
  AnotherConversationOpen,
]);
export const SetPendingResult = resultUnion('SetPendingResult', ConversationType, [
  InvalidInput,
  NotFound,
  StatusUnchanged,
  ConversationResolved,
]);
export const SnoozeConversationResult = resultUnion('SnoozeConversationResult', ConversationType, [
  InvalidInput,
  NotFound,
  ConversationResolved,
  ServiceWindowNotOpen,
]);
