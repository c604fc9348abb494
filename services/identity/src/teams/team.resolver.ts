import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { IdentityContext } from '../context.js';
import type { Member } from '../members/member.entity.js';
import { MemberType } from '../members/member.types.js';
import { createTeam, deleteTeam, renameTeam, setTeamChannels, setTeamMembers } from './team.commands.js';
import type { Team } from './team.entity.js';
import { channelIdsOfTeams, listTeams, membersOfTeams, teamsById, teamsOfMembers } from './team.queries.js';
import {
  ChannelReference,
  CreateTeamResult,
  DeleteTeamResult,
  RenameTeamResult,
  SetTeamChannelsResult,
  SetTeamMembersResult,
  TeamType,
} from './team.types.js';

@Resolver(() => TeamType)
export class TeamResolver {
  @Authorized()
  @Query(() => [TeamType], { description: 'Your teams, or with team:read all of your workspace; by name.' })
  teams(@Ctx() ctx: IdentityContext): Promise<Team[]> {
    return listTeams(ctx);
  }

  @Authorized()
  @Query(() => TeamType, { nullable: true, description: 'Null if it does not exist or you may not see it.' })
  team(@Ctx() ctx: IdentityContext, @Arg('id', () => ID) id: string): Promise<Team | undefined> {
    return ctx.loader(teamsById).load(id);
  }

  @FieldResolver(() => [MemberType], { description: 'By name.' })
  async members(@Root() team: Team, @Ctx() ctx: IdentityContext): Promise<Member[]> {
    return (await ctx.loader(membersOfTeams).load(team.id)) ?? [];
  }

  @FieldResolver(() => [ID])
  async channelIds(@Root() team: Team, @Ctx() ctx: IdentityContext): Promise<string[]> {
    return (await ctx.loader(channelIdsOfTeams).load(team.id)) ?? [];
  }

  @FieldResolver(() => [ChannelReference], {
    nullable: 'items',
    description: 'Null in place of one that does not exist, or while channels does not answer.',
  })
  async channels(@Root() team: Team, @Ctx() ctx: IdentityContext): Promise<ChannelReference[]> {
    return ((await ctx.loader(channelIdsOfTeams).load(team.id)) ?? []).map((id) => ({ id }));
  }

  @Authorized('team:manage')
  @Mutation(() => CreateTeamResult)
  createTeam(
    @Ctx() ctx: IdentityContext,
    @Arg('name', () => String) name: string,
    @Arg('idempotencyKey', () => ID) idempotencyKey: string,
    @Arg('memberIds', () => [ID], { defaultValue: [] }) memberIds: string[],
    @Arg('channelIds', () => [ID], { defaultValue: [], description: 'At most 100, of your workspace.' })
    channelIds: string[],
  ): Promise<Team> {
    return asResult(createTeam(ctx, { name, memberIds, channelIds, idempotencyKey }));
  }

  @Authorized('team:manage')
  @Mutation(() => RenameTeamResult)
  renameTeam(
    @Ctx() ctx: IdentityContext,
    @Arg('id', () => ID) id: string,
    @Arg('name', () => String) name: string,
  ): Promise<Team> {
    return asResult(renameTeam(ctx, id, name));
  }

  @Authorized('team:manage')
  @Mutation(() => SetTeamMembersResult, { description: 'These are its members from now on, and nobody else.' })
  setTeamMembers(
    @Ctx() ctx: IdentityContext,
    @Arg('id', () => ID) id: string,
    @Arg('memberIds', () => [ID]) memberIds: string[],
  ): Promise<Team> {
    return asResult(setTeamMembers(ctx, id, memberIds));
  }

  @Authorized('team:manage')
  @Mutation(() => SetTeamChannelsResult, { description: 'These are its channels from now on, and no others.' })
  setTeamChannels(
    @Ctx() ctx: IdentityContext,
    @Arg('id', () => ID) id: string,
    @Arg('channelIds', () => [ID], { description: 'At most 100, of your workspace.' }) channelIds: string[],
  ): Promise<Team> {
    return asResult(setTeamChannels(ctx, id, channelIds));
  }

  @Authorized('team:manage')
  @Mutation(() => DeleteTeamResult, { description: 'Its conversations wait for the teams of their channels again.' })
  deleteTeam(@Ctx() ctx: IdentityContext, @Arg('id', () => ID) id: string): Promise<{ id: string }> {
    return asResult(deleteTeam(ctx, id));
  }
}

@Resolver(() => MemberType)
export class MemberTeamsResolver {
  @FieldResolver(() => [TeamType], { description: 'Those that you may see, by name.' })
  async teams(@Root() member: Member, @Ctx() ctx: IdentityContext): Promise<Team[]> {
    return (await ctx.loader(teamsOfMembers).load(member.id)) ?? [];
  }
}

/** How other subgraphs' references to a team are answered. */
export function resolveTeam(reference: { id: string }, ctx: IdentityContext): Promise<Team | undefined> {
  return ctx.loader(teamsById).load(reference.id);
}
