import { z } from 'zod';
import { id } from '../common.js';
import { defineEvent, type EventData } from '../define-event.js';

export const satisfactionRated = defineEvent({
  name: 'conversation.satisfaction.rated',
  version: 1,
  dataClass: 'operational',
  description: 'A customer answered the survey. Their words stay in the conversation service.',
  schema: z.object({ conversationId: id, threadId: id, score: z.int().min(1).max(5) }),
});
export type SatisfactionRated = EventData<typeof satisfactionRated>;
