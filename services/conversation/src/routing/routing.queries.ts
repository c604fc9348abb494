import { array, sql } from '@fenster/database';
import type { BatchLoad } from '@fenster/graphql';
import { isId } from '@fenster/runtime';
import { Member, Team } from '../directory/directory.entity.js';
import { TeamRouting } from './routing.entity.js';
import { DEFAULT_CAPACITY } from './routing-settings.js';
import type { TeamQueue, Workload } from './routing.types.js';

export const knownTeams: BatchLoad<string, Team> = async (ctx, ids) => {
  const rows = await ctx.em.find(Team, { id: { $in: ids.filter(isId) } });
  return new Map(rows.map((row) => [row.id, row]));
};

export const knownMembers: BatchLoad<string, Member> = async (ctx, ids) => {
  const rows = await ctx.em.find(Member, { id: { $in: ids.filter(isId) } });
  return new Map(rows.map((row) => [row.id, row]));
};

export const routingOfTeams: BatchLoad<string, TeamRouting> = async (ctx, teamIds) => {
  const rows = await ctx.em.find(TeamRouting, { teamId: { $in: teamIds.filter(isId) } });
  return new Map(rows.map((row) => [row.teamId, row]));
};

export const queuesOfTeams: BatchLoad<string, TeamQueue> = async (ctx, teamIds) => {
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<{ id: string; count: string; oldest: Date | null }>`
      select team.id, queue.count, queue.oldest
      from unnest(${array('uuid', teamIds.filter(isId))}) as team(id)
      cross join lateral (
        select count(*) as count, min(coalesce(waiting_since, last_message_at)) as oldest from conversation c
        where c.workspace_id = ${workspaceId} and c.assignee_id is null and c.status = 'OPEN' and (
          c.team_id = team.id or (c.team_id is null and exists (
            select from team_channel t
            where t.workspace_id = ${workspaceId} and t.team_id = team.id and t.channel_id = c.channel_id
          ))
        )
      ) queue
    `,
  );
  return new Map(rows.map((row) => [row.id, { count: Number(row.count), oldestWaitingSince: row.oldest }]));
};

export const workloadsOfMembers: BatchLoad<string, Workload> = async (ctx, memberIds) => {
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<{ id: string; open: string; capacity: number }>`
      select member.id, coalesce(c.capacity, ${DEFAULT_CAPACITY}) as capacity, (
        select count(*) from conversation
        where workspace_id = ${workspaceId} and assignee_id = member.id and status = 'OPEN'
      ) as open
      from unnest(${array('uuid', memberIds.filter(isId))}) as member(id)
      left join agent_capacity c on c.workspace_id = ${workspaceId} and c.member_id = member.id
    `,
  );
  return new Map(rows.map((row) => [row.id, { open: Number(row.open), capacity: row.capacity }]));
};
