import { defineEntity, p } from '@mikro-orm/core';

const BudgetStopSchema = defineEntity({
  name: 'BudgetStop',
  tableName: 'budget_stop',
  properties: {
    workspaceId: p.uuid().primary(),
    budgetId: p.uuid().primary(),
    /** `YYYY-MM`. */
    month: p.text().primary(),
    /** Whose conversations it is for; null for all. */
    teamId: p.uuid().nullable(),
    /** Which newsletter it is for; null for all messages. */
    newsletterId: p.uuid().nullable(),
    category: p.text().nullable(),
    /** HOLD: what counts in it waits for approval. */
    enforcement: p.text().$type<'HOLD' | 'STOP'>().default('STOP'),
    /** When the month is over. */
    until: p.datetime(),
  },
});

/** A budget that is used up and stops or holds messages, as billing last told. */
export class BudgetStop extends BudgetStopSchema.class {}
BudgetStopSchema.setClass(BudgetStop);
