import { defineEntity, p } from '@mikro-orm/core';

const TeamSchema = defineEntity({
  name: 'Team',
  tableName: 'team',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    name: p.text(),
    createdAt: p.datetime(),
  },
});

/** People who share channels and see each other's conversations. */
export class Team extends TeamSchema.class {}
TeamSchema.setClass(Team);

const TeamMemberSchema = defineEntity({
  name: 'TeamMember',
  tableName: 'team_member',
  properties: {
    workspaceId: p.uuid(),
    teamId: p.uuid().primary(),
    memberId: p.uuid().primary(),
  },
});

export class TeamMember extends TeamMemberSchema.class {}
TeamMemberSchema.setClass(TeamMember);

const TeamChannelSchema = defineEntity({
  name: 'TeamChannel',
  tableName: 'team_channel',
  properties: {
    workspaceId: p.uuid(),
    teamId: p.uuid().primary(),
    channelId: p.uuid().primary(),
  },
});

/** A channel whose unassigned conversations the team sees. */
export class TeamChannel extends TeamChannelSchema.class {}
TeamChannelSchema.setClass(TeamChannel);
