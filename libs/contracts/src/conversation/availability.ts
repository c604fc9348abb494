import { z } from 'zod';
import { id } from '../common.js';
import { defineEvent, type EventData } from '../define-event.js';

export const availabilityChanged = defineEvent({
  name: 'conversation.availability.changed',
  version: 1,
  dataClass: 'operational',
  description: 'A member came, went, or says that they are busy. OFFLINE: not heard of for a while.',
  schema: z.object({ memberId: id, status: z.enum(['ONLINE', 'AWAY', 'BUSY', 'OFFLINE']) }),
});
export type AvailabilityChanged = EventData<typeof availabilityChanged>;
