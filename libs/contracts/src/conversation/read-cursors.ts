import { z } from 'zod';
import { id, withErasedMessageId } from '../common.js';
import { defineEvent, type EventData } from '../define-event.js';

export const readCursorMoved = defineEvent({
  name: 'conversation.read_cursor.moved',
  version: 1,
  dataClass: 'operational',
  description: 'A member has read a thread further, or marked it unread. It is theirs: told to nobody else.',
  schema: z.object({
    memberId: id,
    threadId: id,
    conversationId: id,
    seq: z.int().nonnegative(),
    /** Messages count as unread from here on, whatever was read before. */
    unreadFrom: z.int().positive().nullable(),
  }),
});
export type ReadCursorMoved = EventData<typeof readCursorMoved>;

export const messagesViewed = defineEvent({
  name: 'conversation.messages.viewed',
  version: 1,
  dataClass: 'operational',
  description:
    'An agent has seen the customer’s messages up to this one, and the channel tells customers so: channels sends the read receipt.',
  schema: z.object({
    threadId: id,
    conversationId: id,
    channelId: id,
    messageId: id,
    seq: z.int().positive(),
    providerMessageId: z.string().max(512),
  }),
  withoutPerson: withErasedMessageId,
});
export type MessagesViewed = EventData<typeof messagesViewed>;
