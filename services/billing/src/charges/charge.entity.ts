import { defineEntity, p } from '@mikro-orm/core';
import type { TraceFact } from '../ratings/rate.js';
import type { ChargeLine, ChargeState } from './standing.js';

const ChargeSchema = defineEntity({
  name: 'Charge',
  tableName: 'charge',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    /** Null: it is of no message. */
    messageId: p.uuid().nullable(),
    conversationId: p.uuid().nullable(),
    amountMicros: p.bigint('number'),
    currency: p.text(),
    category: p.text(),
    market: p.text().nullable(),
    freeReason: p.text().nullable(),
    /** Calendar day of the delivery in the account's time zone, `YYYY-MM-DD`. */
    localDate: p.date(),
    /** The day in whose period the entry is. */
    bookedOn: p.date(),
    state: p.text().$type<ChargeState>(),
    line: p.text().$type<ChargeLine>(),
    /** The entry that this one takes back. */
    reverses: p.uuid().nullable(),
    messages: p.integer(),
    expectedMicros: p.bigint('number'),
    regime: p.text().nullable(),
    priceBookVersion: p.text().nullable(),
    rateLine: p.integer().nullable(),
    trace: p.json<TraceFact[]>(),
    recordedAt: p.datetime(),
  },
});

/** One entry of the ledger. Never changed: the database refuses it. */
export class Charge extends ChargeSchema.class {}
ChargeSchema.setClass(Charge);
