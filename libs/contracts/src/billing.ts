import { z } from 'zod';
import { currency, id, instant } from './common.js';
import { defineEvent, type EventData } from './define-event.js';

export const chargeRecorded = defineEvent({
  name: 'billing.charge.recorded',
  version: 1,
  dataClass: 'cost',
  description:
    'What a message costs is another amount now: it was rated, or something was not as it had seemed. Integer micro-units; zero is a charge too.',
  schema: z.object({
    /** The last entry of those that were made. */
    chargeId: id,
    messageId: id,
    conversationId: id,
    /** What was added to the cost, fees and taxes included; less than zero where something was taken back. */
    amountMicros: z.int(),
    currency,
    category: z.string(),
    state: z.enum(['RATED', 'CORRECTED']).default('RATED'),
  }),
});
export type ChargeRecorded = EventData<typeof chargeRecorded>;

const figures = z.object({
  category: z.string(),
  /** Why it is free; null where it is not. */
  freeReason: z.string().nullable(),
  amountMicros: z.int().nonnegative(),
});

export const estimateDiffered = defineEvent({
  name: 'billing.estimate.differed',
  version: 1,
  dataClass: 'cost',
  description:
    'The provider charges a message otherwise than our own figures said: another category, a free allowance that is used up or is not, a window, another amount. The provider’s word counts.',
  schema: z.object({
    messageId: id,
    conversationId: id,
    kind: z.enum(['CATEGORY', 'ALLOWANCE', 'WINDOW', 'AMOUNT']),
    expected: figures,
    actual: figures,
    currency,
  }),
});
export type EstimateDiffered = EventData<typeof estimateDiffered>;

export const reconciliationAccepted = defineEvent({
  name: 'billing.reconciliation.accepted',
  version: 1,
  dataClass: 'cost',
  description: 'What the provider counts otherwise in a month was entered in the ledger, as two people have agreed.',
  schema: z.object({
    reconciliationId: id,
    /** As in `2026-10`. */
    month: z.string(),
    currency,
    against: z.enum(['ANALYTICS', 'INVOICE']),
    /** What was added in all; less than zero where more was taken back. */
    amountMicros: z.int(),
    messages: z.int(),
  }),
});
export type ReconciliationAccepted = EventData<typeof reconciliationAccepted>;
export const budgetStateChanged = defineEvent({
  name: 'billing.budget_state.changed',
  version: 1,
  dataClass: 'cost',
  description:
    'A budget reached a share of its limit in a month at which people are warned or messages wait or stop, or it is below one again. Each says all of a budget and month.',
  schema: z.object({
    budgetId: id,
    /** `YYYY-MM` in the time zone of each account. */
    month: z.string(),
    /** When that month is over for all numbers of the workspace. */
    until: instant,
    /** Whose conversations it is for; null for all. */
    teamId: id.nullable(),
    /** Which newsletter it is for; null for all messages. */
    newsletterId: id.nullable().default(null),
    /** `marketing`, `utility`, `authentication` or `service`; null for all. */
    category: z.string().nullable(),
    currency,
    limitMicros: z.int().positive(),
    /** Charged, or on its way and expected to be. */
    spentMicros: z.int(),
    /** The highest share that was reached, in percent, of those at which people want to be warned. */
    warnedPercent: z.int().nullable(),
    /** What becomes of messages that it is for. */
    enforcement: z.enum(['NONE', 'HOLD', 'STOP']),
  }),
});
export type BudgetStateChanged = EventData<typeof budgetStateChanged>;

export const allowanceChanged = defineEvent({
  name: 'billing.allowance.changed',
  version: 1,
  dataClass: 'cost',
  description:
    'Of the free messages of a number in a month, few or none are left, or again more than before: by what is delivered and on its way, and by the provider’s word once it has charged one. Each says all of a number and month.',
  schema: z.object({
    channelId: id,
    /** `YYYY-MM` in the time zone of the account. */
    month: z.string(),
    /** When that month is over. */
    until: instant,
    size: z.int().nonnegative(),
    /** Free and delivered, or on its way and expected to be. */
    taken: z.int(),
    /** NEARLY: four fifths are taken. */
    level: z.enum(['PLENTY', 'NEARLY', 'USED_UP']),
  }),
});
export type AllowanceChanged = EventData<typeof allowanceChanged>;
