import { readCursorMoved } from '@fenster/contracts';
import { Field, Int, ObjectType } from 'type-graphql';
import { ConversationType } from '../conversations/conversation.types.js';
import { InboxEvent, tell } from '../inbox/inbox-event.js';

@ObjectType({
  implements: InboxEvent,
  description: 'You have read a conversation further, or marked it unread, perhaps elsewhere. Nobody else is told.',
})
export class ReadCursorMoved extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;

  @Field(() => Int, { description: 'What was read: everything in the thread up to here.' })
  seq!: number;

  @Field(() => Int, { nullable: true, description: 'From here on it counts as unread all the same.' })
  unreadFrom!: number | null;
}

export const readCursorTellings = [
  tell(readCursorMoved, ReadCursorMoved, ({ conversationId, threadId, memberId, seq, unreadFrom }) => ({
    conversationId,
    ofThread: { threadId, fact: 'readSeq' },
    onlyTo: [memberId],
    says: { seq, unreadFrom },
  })),
];
