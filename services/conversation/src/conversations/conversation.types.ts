import { DateTime } from '@fenster/graphql';
import { Cursor } from '@fenster/graphql';
import { Directive, Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { CONVERSATION_STATUSES, type ConversationStatus } from './conversation.entity.js';

export const ConversationStatusEnum = Object.fromEntries(CONVERSATION_STATUSES.map((status) => [status, status]));
registerEnumType(ConversationStatusEnum, { name: 'ConversationStatus' });

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Channel')
export class ChannelReference {
  @Field(() => ID)
  id!: string;
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Contact')
export class ContactReference {
  @Field(() => ID)
  id!: string;
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Member')
export class MemberReference {
  @Field(() => ID)
  id!: string;
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Team')
export class TeamReference {
  @Field(() => ID)
  id!: string;
}

@ObjectType('ServiceWindow', {
  description: 'How long free-form replies may be sent: 24 hours from the last customer message.',
})
export class ServiceWindowType {
  @Field(() => Boolean, { description: 'At the time of the answer.' })
  isOpen!: boolean;

  @Field(() => DateTime, { nullable: true, description: 'Null if the customer never wrote.' })
  expiresAt!: Date | null;
}

@Directive('@key(fields: "id")')
@ObjectType('Conversation', { description: 'One piece of work in a thread, from the first message to its resolution.' })
export class ConversationType {
  @Field(() => ID)
  id!: string;

  @Field(() => ConversationStatusEnum)
  status!: ConversationStatus;

  @Field(() => Int, { description: 'Place of the last message in the thread.' })
  lastSeq!: number;

  @Field(() => DateTime)
  lastMessageAt!: Date;

  @Field(() => DateTime)
  openedAt!: Date;
}

@ObjectType({ description: 'A page of conversations, the most recent first.' })
export class ConversationPage {
  @Field(() => [ConversationType])
  nodes!: ConversationType[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;

  @Field(() => Cursor, {
    description: 'The position in the events that this page reflects: subscribe with `after` set to it.',
  })
  cursor!: string;
}
