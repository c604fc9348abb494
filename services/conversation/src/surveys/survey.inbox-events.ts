import { satisfactionRated } from '@fenster/contracts';
import { Field, ObjectType } from 'type-graphql';
import { ConversationType } from '../conversations/conversation.types.js';
import { InboxEvent, tell } from '../inbox/inbox-event.js';

@ObjectType({ implements: InboxEvent, description: 'The customer said how it was: `conversation.satisfaction`.' })
export class SatisfactionRated extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;
}

export const surveyTellings = [
  tell(satisfactionRated, SatisfactionRated, ({ conversationId }) => ({ conversationId })),
];
