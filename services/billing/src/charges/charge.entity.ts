import { defineEntity, p } from '@mikro-orm/core';
import type { TraceFact } from '../ratings/rate.js';

const ChargeSchema = defineEntity({
  name: 'Charge',
  tableName: 'charge',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    messageId: p.uuid(),
    conversationId: p.uuid(),
    amountMicros: p.bigint('number'),
    currency: p.text(),
    category: p.text(),
    market: p.text().nullable(),
    freeReason: p.text().nullable(),
    /** Calendar day of the delivery in the account's time zone, `YYYY-MM-DD`. */
    localDate: p.date(),
    priceBookVersion: p.text(),
    rateLine: p.integer().nullable(),
    trace: p.json<TraceFact[]>(),
    recordedAt: p.datetime(),
  },
});

/** One entry of the ledger. Never changed: the database refuses it. */
export class Charge extends ChargeSchema.class {}
ChargeSchema.setClass(Charge);
