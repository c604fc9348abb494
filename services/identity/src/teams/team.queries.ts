import { accessibleWhere } from '@fenster/auth';
import type { BatchLoad } from '@fenster/graphql';
import { isId } from '@fenster/runtime';
import { abilityOf, type IdentityContext } from '../context.js';
import { Member } from '../members/member.entity.js';
import { Team, TeamChannel, TeamMember } from './team.entity.js';

export function listTeams(ctx: IdentityContext): Promise<Team[]> {
  return ctx.em.find(Team, accessibleWhere(abilityOf(ctx), 'read', 'Team'), { orderBy: { name: 'asc', id: 'asc' } });
}

/** Those of the teams that the actor may see. */
export const teamsById: BatchLoad<string, Team> = async (ctx, ids) => {
  const where = { $and: [accessibleWhere(abilityOf(ctx), 'read', 'Team'), { id: { $in: ids.filter(isId) } }] };
  const teams = await ctx.em.find(Team, where);
  return new Map(teams.map((team) => [team.id, team]));
};

/** By name. */
export const membersOfTeams: BatchLoad<string, Member[]> = async (ctx, teamIds) => {
  const places = await ctx.em.find(TeamMember, { teamId: { $in: [...teamIds] } });
  const ids = places.map((place) => place.memberId);
  const where = { $and: [accessibleWhere(abilityOf(ctx), 'read', 'Member'), { id: { $in: ids } }] };
  const members = await ctx.em.find(Member, where, { orderBy: { name: 'asc', id: 'asc' } });
  const teamsOf = Map.groupBy(places, (place) => place.memberId);
  const pairs = members.flatMap((member) => teamsOf.get(member.id)!.map(({ teamId }) => ({ teamId, member })));
  const byTeam = Map.groupBy(pairs, (pair) => pair.teamId);
  return new Map([...byTeam].map(([teamId, found]) => [teamId, found.map((pair) => pair.member)]));
};

export const channelIdsOfTeams: BatchLoad<string, string[]> = async (ctx, teamIds) => {
  const places = await ctx.em.find(
    TeamChannel,
    { teamId: { $in: [...teamIds] } },
    { orderBy: { teamId: 'asc', channelId: 'asc' } },
  );
  const byTeam = Map.groupBy(places, (place) => place.teamId);
  return new Map([...byTeam].map(([teamId, found]) => [teamId, found.map((place) => place.channelId)]));
};

/** Those of the members' teams that the actor may see, by name. */
export const teamsOfMembers: BatchLoad<string, Team[]> = async (ctx, memberIds) => {
  const places = await ctx.em.find(TeamMember, { memberId: { $in: [...memberIds] } });
  const teams = await ctx.loader(teamsById).loadMany([...new Set(places.map((place) => place.teamId))]);
  const known = new Map(teams.flatMap((team) => (team instanceof Team ? [[team.id, team]] : [])));
  const byMember = Map.groupBy(places, (place) => place.memberId);
  return new Map(
    [...byMember].map(([memberId, found]) => [
      memberId,
      found
        .flatMap(({ teamId }) => known.get(teamId) ?? [])
        .toSorted((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1)),
    ]),
  );
};
