import { IdempotencyConflict, InvalidInput, NotFound, resultUnion } from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { ConversationType } from '../conversations/conversation.types.js';
import {
  AnotherConversationOpen,
  ConversationResolved,
  ServiceWindowNotOpen,
  StatusUnchanged,
} from '../status/status-refusals.types.js';
import { SnoozeInput } from '../status/status.types.js';

export const MAX_BULK = 100;

@InputType()
export class BulkStatusInput {
  @Field(() => String, { nullable: true, description: 'Why, for colleagues: 1 to 500 characters.' })
  reason?: string | null;
}

@InputType({ description: 'One of `until`, `untilNextMessage` and `hoursBeforeWindowCloses`.' })
export class BulkSnoozeInput extends SnoozeInput {
  @Field(() => String, { nullable: true, description: 'Why, for colleagues: 1 to 500 characters.' })
  reason?: string | null;
}

@InputType({ description: 'As with labelConversation.' })
export class BulkLabelInput {
  @Field(() => [ID], { nullable: true })
  set?: string[] | null;

  @Field(() => [ID], { nullable: true })
  unset?: string[] | null;
}

@InputType({ description: 'As with assignConversation.' })
export class BulkAssignInput extends BulkStatusInput {
  @Field(() => ID, { nullable: true, description: 'Null for nobody.' })
  memberId?: string | null;
}

@InputType({ description: 'As with assignTeam.' })
export class BulkAssignTeamInput extends BulkStatusInput {
  @Field(() => ID, { nullable: true, description: 'Null for none.' })
  teamId?: string | null;
}

@InputType()
export class BulkParticipantsInput {
  @Field(() => [ID], { description: '1 to 50.' })
  memberIds!: string[];
}

@InputType({ description: 'Exactly one of these. Each is what the mutation for one conversation does.' })
export class BulkAction {
  @Field(() => BulkStatusInput, { nullable: true })
  resolve?: BulkStatusInput | null;

  @Field(() => BulkStatusInput, { nullable: true })
  reopen?: BulkStatusInput | null;

  @Field(() => BulkStatusInput, { nullable: true })
  setPending?: BulkStatusInput | null;

  @Field(() => BulkSnoozeInput, { nullable: true })
  snooze?: BulkSnoozeInput | null;

  @Field(() => BulkLabelInput, { nullable: true })
  label?: BulkLabelInput | null;

  @Field(() => BulkAssignInput, { nullable: true })
  assign?: BulkAssignInput | null;

  @Field(() => BulkAssignTeamInput, { nullable: true })
  assignTeam?: BulkAssignTeamInput | null;

  @Field(() => BulkParticipantsInput, { nullable: true })
  addParticipants?: BulkParticipantsInput | null;

  @Field(() => BulkParticipantsInput, { nullable: true })
  removeParticipants?: BulkParticipantsInput | null;
}

@InputType()
export class BulkUpdateConversationsInput {
  @Field(() => [ID], { description: `1 to ${MAX_BULK}; each counts once.` })
  conversationIds!: string[];

  @Field(() => BulkAction)
  action!: BulkAction;

  @Field(() => String, {
    description:
      'Of your choice, 1 to 200 characters. With the same key and input again, what has been done is not done again, and what was refused is tried again.',
  })
  idempotencyKey!: string;
}

export const BulkItemResult = resultUnion('BulkItemResult', ConversationType, [
  InvalidInput,
  NotFound,
  StatusUnchanged,
  ConversationResolved,
  AnotherConversationOpen,
  ServiceWindowNotOpen,
]);

@ObjectType({ description: 'What became of one of the conversations.' })
export class BulkItem {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => BulkItemResult, { description: 'The conversation as it is now, or why it stays as it was.' })
  result!: typeof BulkItemResult;
}

@ObjectType({ description: 'Each conversation was changed, or refused, by itself.' })
export class BulkUpdate {
  @Field(() => [BulkItem], { description: 'In the order in which they were named.' })
  items!: BulkItem[];

  @Field(() => Int, { description: 'How many were refused.' })
  refusedCount!: number;
}

export const BulkUpdateConversationsResult = resultUnion('BulkUpdateConversationsResult', BulkUpdate, [
  InvalidInput,
  IdempotencyConflict,
]);
