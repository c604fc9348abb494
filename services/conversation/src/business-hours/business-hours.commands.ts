import { sql, transact } from '@fenster/database';
import { findChannel } from '../channels/find-channel.js';
import type { ConversationContext } from '../context.js';
import { ChannelBusinessHours } from './business-hours.entity.js';
import type { SetBusinessHoursInput } from './business-hours.types.js';
import { checkBusinessHours } from './check-business-hours.js';

/** @throws DomainError NOT_FOUND, INVALID_INPUT */
export async function setBusinessHours(
  ctx: ConversationContext,
  { channelId, ...input }: SetBusinessHoursInput,
): Promise<ChannelBusinessHours> {
  const hours = checkBusinessHours(input);
  const { workspaceId } = ctx.requireActor();
  return transact(ctx, async (tx) => {
    await findChannel(tx.em, channelId);
    tx.audit({ action: 'channel.update', object: { type: 'channel', id: channelId } });
    await sql`
      insert into business_hours (workspace_id, channel_id, time_zone, weekly, exceptions)
      values (${workspaceId}, ${channelId}, ${hours.timeZone}, ${JSON.stringify(hours.weekly)},
        ${JSON.stringify(hours.exceptions)})
      on conflict (workspace_id, channel_id) do update set time_zone = excluded.time_zone, weekly = excluded.weekly,
        exceptions = excluded.exceptions
    `.execute(tx.sql);
    return tx.em.findOneOrFail(ChannelBusinessHours, { channelId });
  });
}

/** The channel is always open again. @throws DomainError NOT_FOUND */
export async function removeBusinessHours(ctx: ConversationContext, channelId: string): Promise<boolean> {
  return transact(ctx, async (tx) => {
    await findChannel(tx.em, channelId);
    const removed = await tx.em.nativeDelete(ChannelBusinessHours, { channelId });
    if (removed > 0) tx.audit({ action: 'channel.update', object: { type: 'channel', id: channelId } });
    return removed > 0;
  });
}
