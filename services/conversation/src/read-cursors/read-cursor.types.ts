import { InvalidInput, NotFound, resultUnion } from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Conversation } from '../conversations/conversation.entity.js';
import { ConversationType } from '../conversations/conversation.types.js';

@InputType()
export class MarkReadInput {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => Int, {
    description: '`seq` of the last message that was on the screen. An earlier one changes nothing.',
  })
  upToSeq!: number;
}

@InputType()
export class MarkUnreadInput {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => Int, {
    nullable: true,
    description: '`seq` of the first message that is to count as unread; the last customer message unless given.',
  })
  fromSeq?: number | null;
}

@ObjectType({ description: 'What you have read of a conversation.' })
export class ReadState {
  @Field(() => ConversationType, { description: 'With its `unreadCount`.' })
  conversation!: Conversation;
}

export const MarkReadResult = resultUnion('MarkReadResult', ReadState, [InvalidInput, NotFound]);
export const MarkUnreadResult = resultUnion('MarkUnreadResult', ReadState, [InvalidInput, NotFound]);
