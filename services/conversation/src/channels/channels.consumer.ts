import { channelChanged, type ChannelChanged, type Envelope } from '@fenster/contracts';
import { defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';

/** Which channels there are, and what they are called, and whether they can send. */
export const channelsConsumer = defineConsumer({
  name: 'conversation-channels',
  filter: 'channels.channel.>',
  subscriptions: [on(channelChanged, storeChannels)],
});

async function storeChannels(tx: Tx, events: readonly Envelope<ChannelChanged>[]): Promise<void> {
  // Each event says all of its subject, so only the last one of a batch counts.
  const latest = new Map(events.map((event) => [`${event.workspaceId} ${event.data.channelId}`, event]));
  await sql`
    insert into channel (workspace_id, id, name, account_id, state, state_reason, state_reason_code,
      capabilities)
    select * from ${unnest(
      'input',
      {
        workspace_id: 'uuid',
        id: 'uuid',
        name: 'text',
        account_id: 'text',
        state: 'text',
        state_reason: 'text',
        state_reason_code: 'text',
        capabilities: 'jsonb',
      },
      [...latest.values()].map(({ workspaceId, data }) => ({
        workspace_id: workspaceId,
        id: data.channelId,
        name: data.name,
        account_id: data.accountId,
        state: data.state,
        state_reason: data.stateReason,
        state_reason_code: data.stateReasonCode,
        capabilities: data.capabilities,
      })),
    )}
    on conflict (workspace_id, id) do update
      set name = excluded.name, account_id = excluded.account_id, state = excluded.state, state_reason = excluded.state_reason,
        state_reason_code = excluded.state_reason_code,
        capabilities = excluded.capabilities
  `.execute(tx.sql);
}
