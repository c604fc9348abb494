import { channelChanged, type ChannelChanged, type Envelope } from '@fenster/contracts';
import { defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';

/** Which channels there are. */
export const channelsConsumer = defineConsumer({
  name: 'identity-channels',
  filter: 'channels.channel.>',
  subscriptions: [on(channelChanged, rememberChannels)],
});

async function rememberChannels(tx: Tx, events: readonly Envelope<ChannelChanged>[]): Promise<void> {
  await sql`
    insert into channel (workspace_id, id)
    select * from ${unnest(
      'input',
      { workspace_id: 'uuid', id: 'uuid' },
      events.map(({ workspaceId, data }) => ({ workspace_id: workspaceId, id: data.channelId })),
    )}
    on conflict do nothing
  `.execute(tx.sql);
}
