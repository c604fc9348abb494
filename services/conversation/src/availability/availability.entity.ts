import { defineEntity, p } from '@mikro-orm/core';
import type { AvailabilityChoice, AvailabilityStatus } from './availability.rule.js';

const AvailabilitySchema = defineEntity({
  name: 'Availability',
  tableName: 'availability',
  properties: {
    memberId: p.uuid().primary(),
    workspaceId: p.uuid(),
    choice: p.text().$type<AvailabilityChoice>(),
    /** When they were last heard of, give or take what `heartbeat` coalesces. */
    seenAt: p.datetime(),
    /** What colleagues were last told, and since when it holds. */
    toldStatus: p.text().$type<AvailabilityStatus>(),
    toldSince: p.datetime(),
  },
});

/** Whether a member is there for customers. None for who has never said. */
export class Availability extends AvailabilitySchema.class {}
AvailabilitySchema.setClass(Availability);
