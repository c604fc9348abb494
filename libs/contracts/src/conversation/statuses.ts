import { z } from 'zod';
import { conversationStatus, id, instant, statusReason } from '../common.js';
import { defineEvent, type EventData } from '../define-event.js';

export const conversationStatusChanged = defineEvent({
  name: 'conversation.status.changed',
  version: 1,
  dataClass: 'operational',
  description: 'A conversation was resolved, reopened, snoozed (also anew, from SNOOZED), set pending, or woke up.',
  schema: z.object({
    conversationId: id,
    threadId: id,
    channelId: id,
    from: conversationStatus,
    to: conversationStatus,
    reason: statusReason,
    /** When time ends the snooze; null if only a customer message does, and for all that is not snoozed. */
    snoozedUntil: instant.nullable(),
  }),
});
export type ConversationStatusChanged = EventData<typeof conversationStatusChanged>;
