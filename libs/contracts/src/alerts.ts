import { z } from 'zod';
import { id } from './common.js';
import { defineEvent, type EventData } from './define-event.js';

/** Of what people who manage costs are told by themselves. */
export const ALERT_KINDS = [
  'TEMPLATE_CATEGORY_CHANGED',
  'UNUSUAL_CONVERSATION_COST',
  'ALLOWANCE_NEARLY_USED',
  'ALLOWANCE_USED_UP',
  'BUDGET_WARNING',
  'BUDGET_STOPPED',
  'BUDGET_HOLDS',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export const alertRaised = defineEvent({
  name: 'billing.alert.raised',
  version: 1,
  dataClass: 'cost',
  description: 'Something about costs that somebody should look at. Once for each cause.',
  schema: z.object({
    alertId: id,
    kind: z.enum(ALERT_KINDS),
    /** What it is about. */
    templateId: id.optional(),
    conversationId: id.optional(),
    channelId: id.optional(),
    budgetId: id.optional(),
  }),
});
export type AlertRaised = EventData<typeof alertRaised>;

export const alertAcknowledged = defineEvent({
  name: 'billing.alert.acknowledged',
  version: 1,
  dataClass: 'cost',
  description: 'Somebody has looked at an alert: nobody else has to.',
  schema: z.object({ alertId: id }),
});
export type AlertAcknowledged = EventData<typeof alertAcknowledged>;
