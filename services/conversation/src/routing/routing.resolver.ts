import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Resolver, Root } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import { MemberReference, TeamReference } from '../conversations/conversation.types.js';
import { knownMembers, knownTeams, queuesOfTeams, routingOfTeams, workloadsOfMembers } from './routing.queries.js';
import { setMemberCapacity, setTeamRouting } from './routing-settings.commands.js';
import { MAX_CAPACITY, MAX_RETURNING_MINUTES } from './routing-settings.js';
import type { RoutingMode } from './routing.rule.js';
import {
  RoutingModeEnum,
  SetMemberCapacityResult,
  SetTeamRoutingResult,
  TeamQueue,
  TeamRoutingType,
  Workload,
} from './routing.types.js';

@Resolver(() => TeamReference)
export class TeamRoutingResolver {
  @FieldResolver(() => TeamQueue, { nullable: true, description: 'Null if you may not see what the team sees.' })
  async queue(@Root() { id }: TeamReference, @Ctx() ctx: ConversationContext): Promise<TeamQueue | null> {
    const { permissions, teamIds } = ctx.requireActor();
    if (!permissions.includes('conversation:read')) return null;
    if (!permissions.includes('conversation:read_all') && !teamIds.includes(id)) return null;
    return (await ctx.loader(queuesOfTeams).load(id)) ?? null;
  }

  @FieldResolver(() => TeamRoutingType, { nullable: true, description: 'Null if you may not see conversations.' })
  async routing(@Root() { id }: TeamReference, @Ctx() ctx: ConversationContext): Promise<TeamRoutingType | null> {
    if (!ctx.requireActor().permissions.includes('conversation:read')) return null;
    const routing = await ctx.loader(routingOfTeams).load(id);
    return { mode: routing?.mode ?? 'OFF', returningMinutes: routing?.returningMinutes ?? null };
  }

  @Authorized('conversation:manage')
  @Mutation(() => SetTeamRoutingResult, {
    description:
      'Whether the team gives out by itself what nobody has: oldest first, to members who are ONLINE and have room. What changed by it: `activities` of the conversations say why.',
  })
  setTeamRouting(
    @Ctx() ctx: ConversationContext,
    @Arg('teamId', () => ID) teamId: string,
    @Arg('mode', () => RoutingModeEnum) mode: RoutingMode | 'OFF',
    @Arg('returningMinutes', () => Int, {
      nullable: true,
      description: `0 to ${MAX_RETURNING_MINUTES}; null: customers who come back wait for nobody.`,
    })
    returningMinutes?: number | null,
  ): Promise<{ id: string }> {
    return asResult(setTeamRouting(ctx, { teamId, mode, returningMinutes }));
  }
}

@Resolver(() => MemberReference)
export class MemberWorkloadResolver {
  @FieldResolver(() => Workload, { nullable: true, description: 'Null if you may not see conversations.' })
  async workload(@Root() { id }: MemberReference, @Ctx() ctx: ConversationContext): Promise<Workload | null> {
    if (!ctx.requireActor().permissions.includes('conversation:read')) return null;
    return (await ctx.loader(workloadsOfMembers).load(id)) ?? null;
  }

  @Authorized('conversation:manage')
  @Mutation(() => SetMemberCapacityResult, { description: 'How many open conversations rules give them at most.' })
  setMemberCapacity(
    @Ctx() ctx: ConversationContext,
    @Arg('memberId', () => ID) memberId: string,
    @Arg('capacity', () => Int, { description: `0 to ${MAX_CAPACITY}.` }) capacity: number,
  ): Promise<{ id: string }> {
    return asResult(setMemberCapacity(ctx, { memberId, capacity }));
  }
}

/** How other subgraphs' references are answered: those of the workspace only. */
export async function resolveTeam(
  { id }: { id: string },
  ctx: ConversationContext,
): Promise<TeamReference | undefined> {
  return (await ctx.loader(knownTeams).load(id)) && { id };
}

export async function resolveMember(
  { id }: { id: string },
  ctx: ConversationContext,
): Promise<MemberReference | undefined> {
  return (await ctx.loader(knownMembers).load(id)) && { id };
}
