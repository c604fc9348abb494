import { defineEntity, p } from '@mikro-orm/core';

const ClosedPeriodSchema = defineEntity({
  name: 'ClosedPeriod',
  tableName: 'closed_period',
  properties: {
    workspaceId: p.uuid().primary(),
    /** `YYYY-MM`. */
    month: p.text().primary(),
    lastDay: p.date(),
    closedBy: p.uuid(),
    closedAt: p.datetime(),
  },
});

/** A month into which nothing is booked any more. */
export class ClosedPeriod extends ClosedPeriodSchema.class {}
ClosedPeriodSchema.setClass(ClosedPeriod);
