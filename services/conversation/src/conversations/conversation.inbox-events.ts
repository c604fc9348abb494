import { conversationCostChanged, conversationOpened } from '@fenster/contracts';
import { Field, ObjectType } from 'type-graphql';
import { InboxEvent, tell } from '../inbox/inbox-event.js';
import { ConversationType } from './conversation.types.js';

@ObjectType({ implements: InboxEvent })
export class ConversationOpened extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;
}

@ObjectType({ implements: InboxEvent, description: 'A charge was recorded: `conversation.cost` is up to date.' })
export class ConversationCostChanged extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;
}

export const conversationTellings = [
  tell(conversationOpened, ConversationOpened, ({ conversationId }) => ({ conversationId })),
  tell(conversationCostChanged, ConversationCostChanged, ({ conversationId }) => ({ conversationId })),
];
