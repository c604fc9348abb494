import { z } from 'zod';
import { currency, id } from './common.js';
import { defineEvent, type EventData } from './define-event.js';

export const chargeRecorded = defineEvent({
  name: 'billing.charge.recorded',
  version: 1,
  dataClass: 'cost',
  description:
    'One delivered message was rated. Amounts are integer micro-units of the currency; zero is a charge too.',
  schema: z.object({
    chargeId: id,
    messageId: id,
    conversationId: id,
    amountMicros: z.int().nonnegative(),
    currency,
    category: z.string(),
  }),
});
export type ChargeRecorded = EventData<typeof chargeRecorded>;
