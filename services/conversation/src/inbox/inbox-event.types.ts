import { Cursor } from '@fenster/graphql';
import { Directive, Field, ID, InterfaceType, ObjectType } from 'type-graphql';
import { ConversationType } from '../conversations/conversation.types.js';
import { MessageObject } from '../messages/message.types.js';

@InterfaceType({
  description: 'Something that happened in the inbox.',
  autoRegisterImplementations: false,
  resolveType: (event: InboxEvent) => event.constructor.name,
})
export abstract class InboxEvent {
  @Field(() => Cursor, { description: 'Keep the last one; after a break subscribe again with `after` set to it.' })
  cursor!: string;

  // For the gateway, which asks once for all who have the same rights.
  @Directive('@inaccessible')
  @Field(() => [ID], { nullable: true, description: 'With `shared`: who may see it, if not everybody.' })
  audience?: readonly string[];
}

@ObjectType({
  implements: InboxEvent,
  description: 'Everything missed has been handed over; from here on events are live.',
})
export class LiveStarted extends InboxEvent {}

@ObjectType({
  implements: InboxEvent,
  description: '`after` is too old to be replayed: load your snapshot again; events go on from `cursor`.',
})
export class ReplayGap extends InboxEvent {}

@ObjectType({ implements: InboxEvent })
export class ConversationOpened extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;
}

@ObjectType({ implements: InboxEvent, description: 'A customer wrote, or a colleague replied.' })
export class MessageAdded extends InboxEvent {
  @Field(() => MessageObject)
  message!: MessageObject;
}

@ObjectType({ implements: InboxEvent, description: 'A reply moved forward on its way to the customer.' })
export class MessageStatusChanged extends InboxEvent {
  @Field(() => MessageObject)
  message!: MessageObject;
}

@ObjectType({ implements: InboxEvent, description: 'A charge was recorded: `conversation.cost` is up to date.' })
export class ConversationCostChanged extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;
}

export const INBOX_EVENT_TYPES = [
  LiveStarted,
  ReplayGap,
  ConversationOpened,
  MessageAdded,
  MessageStatusChanged,
  ConversationCostChanged,
] as const;
