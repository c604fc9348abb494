import { z } from 'zod';
import { id } from '../common.js';
import { defineEvent, type EventData } from '../define-event.js';

export const conversationParticipantsChanged = defineEvent({
  name: 'conversation.participants.changed',
  version: 1,
  dataClass: 'operational',
  description: 'Members follow a conversation from now on, or do so no longer.',
  schema: z.object({ conversationId: id, threadId: id, added: z.array(id), removed: z.array(id) }),
});
export type ConversationParticipantsChanged = EventData<typeof conversationParticipantsChanged>;
