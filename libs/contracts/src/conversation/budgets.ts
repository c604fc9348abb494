import { z } from 'zod';
import { id, instant } from '../common.js';
import { defineEvent, type EventData } from '../define-event.js';

export const budgetStopChanged = defineEvent({
  name: 'conversation.budget_stop.changed',
  version: 1,
  dataClass: 'operational',
  description:
    'A budget is used up, so that the send gate refuses or holds what would count in it; or it allows it again before its month is over. Not of budgets of newsletters: those are paused.',
  schema: z.object({
    budgetId: id,
    isStopped: z.boolean(),
    /** What would count in it waits for approval, or is refused where it cannot wait. */
    isHeld: z.boolean().default(false),
    /** Then it stops nothing any more. */
    monthEndsAt: instant,
    /** Whose conversations it is for; null for all. */
    teamId: id.nullable(),
    /** `marketing`, `utility`, `authentication` or `service`; null for all. */
    category: z.string().nullable(),
  }),
});
export type BudgetStopChanged = EventData<typeof budgetStopChanged>;
