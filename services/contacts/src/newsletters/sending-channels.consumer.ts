import { channelChanged, type ChannelChanged, type Envelope } from '@fenster/contracts';
import { defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';

/** Which channels there are, what may leave over them and who carries it, and how chats with them begin. */
export const sendingChannelsConsumer = defineConsumer({
  name: 'contacts-sending-channels',
  filter: 'channels.channel.changed.>',
  subscriptions: [on(channelChanged, storeChannels)],
});

/** Each event says all of its channel, so only the last one of a batch counts. */
async function storeChannels(tx: Tx, events: readonly Envelope<ChannelChanged>[]): Promise<void> {
  const latest = new Map(events.map((event) => [event.data.channelId, event]));
  await sql`
    insert into sending_channel (workspace_id, id, account_id, messages_per_second, recipients_per_day, chat_url,
      name, processors, storage_region)
    select * from ${unnest(
      'input',
      {
        workspace_id: 'uuid',
        id: 'uuid',
        account_id: 'text',
        messages_per_second: 'float8',
        recipients_per_day: 'int',
        chat_url: 'text',
        name: 'text',
        processors: 'jsonb',
        storage_region: 'text',
      },
      [...latest.values()].map(({ workspaceId, data }) => ({
        workspace_id: workspaceId,
        id: data.channelId,
        account_id: data.accountId,
        messages_per_second: data.limits?.messagesPerSecond,
        recipients_per_day: data.limits?.recipientsPerDay,
        chat_url: data.chatUrl,
        name: data.name,
        processors: data.processors,
        storage_region: data.storageRegion,
      })),
    )}
    on conflict (workspace_id, id) do update set account_id = excluded.account_id,
      messages_per_second = excluded.messages_per_second, recipients_per_day = excluded.recipients_per_day,
      chat_url = excluded.chat_url, name = excluded.name, processors = excluded.processors,
      storage_region = excluded.storage_region
  `.execute(tx.sql);
}
