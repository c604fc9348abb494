import { defineEntity, p } from '@mikro-orm/core';
import type { BudgetAction, BudgetCategory } from './budget.rule.js';

const BudgetSchema = defineEntity({
  name: 'Budget',
  tableName: 'budget',
  properties: {
    workspaceId: p.uuid().primary(),
    id: p.uuid().primary(),
    name: p.text(),
    /** Whose conversations it is for; null for all. */
    teamId: p.uuid().nullable(),
    /** Which newsletter it is for; null for all messages. */
    newsletterId: p.uuid().nullable(),
    category: p.text().$type<BudgetCategory>().nullable(),
    currency: p.text(),
    limitMicros: p.bigint('number'),
    warnPercents: p.json().$type<number[]>(),
    atLimit: p.text().$type<BudgetAction>(),
    createdBy: p.uuid(),
    createdAt: p.datetime(),
    archivedAt: p.datetime().nullable(),
  },
});

/** How much may be spent in each month, and what happens then. */
export class Budget extends BudgetSchema.class {}
BudgetSchema.setClass(Budget);
