import { defineEntity, p } from '@mikro-orm/core';
import type { RoutingMode } from './routing.rule.js';

const TeamRoutingSchema = defineEntity({
  name: 'TeamRouting',
  tableName: 'team_routing',
  properties: {
    teamId: p.uuid().primary(),
    workspaceId: p.uuid(),
    mode: p.text().$type<RoutingMode>(),
    returningMinutes: p.integer().nullable(),
  },
});

/** How a team gives out its conversations by itself; none for a team that does not. */
export class TeamRouting extends TeamRoutingSchema.class {}
TeamRoutingSchema.setClass(TeamRouting);

const AgentCapacitySchema = defineEntity({
  name: 'AgentCapacity',
  tableName: 'agent_capacity',
  properties: { memberId: p.uuid().primary(), workspaceId: p.uuid(), capacity: p.integer() },
});

export class AgentCapacity extends AgentCapacitySchema.class {}
AgentCapacitySchema.setClass(AgentCapacity);
