import type { BatchLoad } from '@fenster/graphql';
import { isId, notFound } from '@fenster/runtime';
import type { EntityManager } from '@mikro-orm/core';
import { Channel } from './channel.entity.js';

/** @throws DomainError NOT_FOUND, naming the field, for what is no channel of the workspace. */
export async function findChannel(em: Pick<EntityManager, 'findOne'>, id: string): Promise<Channel> {
  const channel = isId(id) ? await em.findOne(Channel, { id }) : null;
  if (!channel) throw notFound('Channel', 'channelId');
  return channel;
}

/** As channels last told of them; to be asked about channels of what the actor may see. */
export const knownChannels: BatchLoad<string, Channel> = async (ctx, ids) => {
  const rows = await ctx.em.find(Channel, { id: { $in: [...ids] } });
  return new Map(rows.map((row) => [row.id, row]));
};
