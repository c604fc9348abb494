import { accessibleWhere, allows } from '@fenster/auth';
import { sql } from '@fenster/database';
import { Authorized, type BatchLoad, type GraphQLContext } from '@fenster/graphql';
import { isId } from '@fenster/runtime';
import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { abilityOf } from '../ability.js';
import { Channel } from './channel.entity.js';
import { ChannelType } from './channel.types.js';

@Resolver(() => ChannelType)
export class ChannelResolver {
  @Authorized('channel:read')
  @Query(() => [ChannelType], { description: 'All channels of your workspace, the oldest first.' })
  channels(@Ctx() ctx: GraphQLContext): Promise<Channel[]> {
    return ctx.em.find(Channel, accessibleWhere(abilityOf(ctx), 'read', 'Channel'), {
      orderBy: { createdAt: 'asc', id: 'asc' },
    });
  }

  @Authorized('channel:read')
  @Query(() => ChannelType, { nullable: true, description: 'Null if it does not exist or you may not see it.' })
  channel(@Ctx() ctx: GraphQLContext, @Arg('id', () => ID) id: string): Promise<Channel | undefined> {
    return ctx.loader(channelsById).load(id);
  }
}

/** How other subgraphs' references to a channel are answered. */
export async function resolveChannel(reference: { id: string }, ctx: GraphQLContext): Promise<Channel | undefined> {
  return ctx.loader(channelsById).load(reference.id);
}

/** Those of the channels that the actor may see. */
const channelsById: BatchLoad<string, Channel> = async (ctx, ids) => {
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<Channel>`/* prepared */
      select id, workspace_id as "workspaceId", kind, name, display_phone_number as "displayPhoneNumber", currency,
        time_zone as "timeZone", created_at as "createdAt"
      from channel where workspace_id = ${workspaceId} and id = any(${ids.filter(isId)}::uuid[])
    `,
  );
  const ability = abilityOf(ctx);
  return new Map(rows.filter((row) => allows(ability, 'read', 'Channel', row)).map((row) => [row.id, row]));
};
