import { z } from 'zod';
import { id, instant } from '../common.js';
import { defineEvent, type EventData } from '../define-event.js';

export const serviceLevelBreached = defineEvent({
  name: 'conversation.service_level.breached',
  version: 1,
  dataClass: 'operational',
  description: 'What was promised to a customer did not happen in time. Once for each promise.',
  schema: z.object({
    conversationId: id,
    threadId: id,
    target: z.enum(['FIRST_RESPONSE', 'NEXT_RESPONSE', 'RESOLUTION']),
    dueAt: instant,
  }),
});
export type ServiceLevelBreached = EventData<typeof serviceLevelBreached>;
