import { z } from 'zod';
import { id } from '../common.js';
import { defineEvent, type EventData } from '../define-event.js';

export const conversationOpened = defineEvent({
  name: 'conversation.conversation.opened',
  version: 1,
  dataClass: 'operational',
  description: 'A piece of work began in a thread.',
  schema: z.object({ conversationId: id, threadId: id, channelId: id, contactId: id }),
});
export type ConversationOpened = EventData<typeof conversationOpened>;

export const conversationCostChanged = defineEvent({
  name: 'conversation.cost.changed',
  version: 1,
  dataClass: 'cost',
  description: 'Billing recorded a charge for a message of this conversation. The figures stay in billing.',
  schema: z.object({ conversationId: id, threadId: id }),
});
export type ConversationCostChanged = EventData<typeof conversationCostChanged>;
