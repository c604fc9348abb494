import { draftChanged } from '@fenster/contracts';
import { Field, Int, ObjectType } from 'type-graphql';
import { ConversationType } from '../conversations/conversation.types.js';
import { InboxEvent, tell } from '../inbox/inbox-event.js';

@ObjectType({
  implements: InboxEvent,
  description:
    'The shared draft was edited, sent or deleted; `conversation.draft` has its words. While somebody writes it is told every three seconds.',
})
export class DraftChanged extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;

  @Field(() => Int, { description: 'The version of then.' })
  draftVersion!: number;

  @Field(() => Boolean, { description: 'It was sent or deleted.' })
  isDraftEmpty!: boolean;
}

export const draftTellings = [
  tell(draftChanged, DraftChanged, ({ conversationId, version, isEmpty }) => ({
    conversationId,
    says: { draftVersion: version, isDraftEmpty: isEmpty },
  })),
];
