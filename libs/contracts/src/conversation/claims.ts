import { z } from 'zod';
import { id, instant } from '../common.js';
import { defineEvent, type EventData } from '../define-event.js';
import { actorRef } from '../envelope.js';

export const claimChanged = defineEvent({
  name: 'conversation.claim.changed',
  version: 1,
  dataClass: 'operational',
  description:
    'Somebody else, or nobody, has the claim of a conversation now: who holds it is the only one who may send. Renewals are not told.',
  schema: z.object({
    conversationId: id,
    threadId: id,
    change: z.enum(['taken', 'taken_over', 'released', 'expired']),
    /** Who holds it now; null for nobody. */
    holder: actorRef.nullable(),
    previousHolder: actorRef.nullable(),
    expiresAt: instant.nullable(),
  }),
});
export type ClaimChanged = EventData<typeof claimChanged>;
