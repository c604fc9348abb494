import { defineEntity, p } from '@mikro-orm/core';
import type { ServiceLevelTarget } from './service-level.rule.js';

export const CLOCK_STATES = ['RUNNING', 'MET', 'BREACHED'] as const;

const ServiceLevelClockSchema = defineEntity({
  name: 'ServiceLevelClock',
  tableName: 'service_level_clock',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    conversationId: p.uuid(),
    target: p.text().$type<ServiceLevelTarget>(),
    startedAt: p.datetime(),
    dueAt: p.datetime(),
    /** Judged when it is due, not before. */
    state: p.text().$type<(typeof CLOCK_STATES)[number]>(),
  },
});

/** Something promised to a customer: an answer or a resolution until then. Its row stays, for reports. */
export class ServiceLevelClock extends ServiceLevelClockSchema.class {}
ServiceLevelClockSchema.setClass(ServiceLevelClock);
