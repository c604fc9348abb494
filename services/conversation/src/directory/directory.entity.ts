import type { MemberChanged } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';

const MemberSchema = defineEntity({
  name: 'Member',
  tableName: 'member',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    name: p.text(),
    status: p.text().$type<MemberChanged['status']>(),
    permissions: p.array().$type<string[]>(),
  },
});

/** Somebody of the workspace, as identity last told. */
export class Member extends MemberSchema.class {}
MemberSchema.setClass(Member);

const TeamSchema = defineEntity({
  name: 'Team',
  tableName: 'team',
  properties: { id: p.uuid().primary(), workspaceId: p.uuid() },
});

/** A team of the workspace; who and what belongs to it is in `team_member` and `team_channel`. */
export class Team extends TeamSchema.class {}
TeamSchema.setClass(Team);

const TeamMemberSchema = defineEntity({
  name: 'TeamMember',
  tableName: 'team_member',
  properties: { workspaceId: p.uuid(), teamId: p.uuid().primary(), memberId: p.uuid().primary() },
});

export class TeamMember extends TeamMemberSchema.class {}
TeamMemberSchema.setClass(TeamMember);

const ApiKeySchema = defineEntity({
  name: 'ApiKey',
  tableName: 'api_key',
  properties: { id: p.uuid().primary(), workspaceId: p.uuid(), expiresAt: p.datetime() },
});

/** A program of the workspace that is still good; see `control/`. */
export class ApiKey extends ApiKeySchema.class {}
ApiKeySchema.setClass(ApiKey);
