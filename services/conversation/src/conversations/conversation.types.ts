import { Cursor, DateTime, enumOf } from '@fenster/graphql';
import { Directive, Field, ID, Int, ObjectType } from 'type-graphql';
import { CONVERSATION_STATUSES, type ConversationStatus } from './conversation.entity.js';

export const ConversationStatusEnum = enumOf(CONVERSATION_STATUSES, {
  name: 'ConversationStatus',
  description:
    'OPEN: somebody has to do something. PENDING: it waits for a bot or for others. SNOOZED: it comes back by itself. RESOLVED: done. A customer message makes PENDING and SNOOZED ones OPEN.',
});

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Channel')
export class ChannelReference {
  @Field(() => ID)
  id!: string;
}

@Directive('@key(fields: "id")')
@ObjectType('Contact')
export class ContactReference {
  @Field(() => ID)
  id!: string;

  @Directive('@external')
  @Field(() => [ID])
  knownIds?: string[];
}

@Directive('@key(fields: "id")')
@ObjectType('Member')
export class MemberReference {
  @Field(() => ID)
  id!: string;
}

@Directive('@key(fields: "id")')
@ObjectType('Team')
export class TeamReference {
  @Field(() => ID)
  id!: string;
}

@Directive('@key(fields: "id")')
@ObjectType('Conversation', { description: 'One piece of work in a thread, from the first message to its resolution.' })
export class ConversationType {
  @Field(() => ID)
  id!: string;

  @Field(() => ConversationStatusEnum)
  status!: ConversationStatus;

  @Field(() => Boolean, {
    description:
      'What was written in its thread in the phone app, before the number was connected: RESOLVED from the start.',
  })
  isImported!: boolean;

  @Field(() => Int, { description: 'Place of the last message in the thread; 0 or less if all are imported.' })
  lastSeq!: number;

  @Field(() => DateTime)
  lastMessageAt!: Date;

  @Field(() => DateTime, {
    nullable: true,
    description: 'Since when the customer waits for an answer; null if they do not.',
  })
  waitingSince?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When the customer first got an answer.' })
  firstResponseAt?: Date | null;

  @Field(() => DateTime)
  openedAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'Null unless it is RESOLVED.' })
  resolvedAt?: Date | null;
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
