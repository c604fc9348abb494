import { channelChanged, type ChannelChanged, type Envelope } from '@fenster/contracts';
import { defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';

/** In which currency, by whose calendar and with whose volume the messages of a channel are charged. */
export const channelsConsumer = defineConsumer({
  name: 'billing-channels',
  filter: 'channels.channel.>',
  subscriptions: [on(channelChanged, storeChannels)],
});

const CHANNEL = {
  workspace_id: 'uuid',
  id: 'uuid',
  name: 'text',
  currency: 'text',
  time_zone: 'text',
  account: 'text',
  portfolio: 'text',
} as const;

async function storeChannels(tx: Tx, events: readonly Envelope<ChannelChanged>[]): Promise<void> {
  // Each event says all of its subject, so only the last one of a batch counts.
  const latest = new Map(
    events.flatMap(({ workspaceId, data: { channelId, name, accountId, account } }) =>
      account
        ? [
            [
              channelId,
              {
                workspace_id: workspaceId,
                id: channelId,
                name,
                currency: account.currency,
                time_zone: account.timeZone,
                account: accountId ?? null,
                portfolio: account.portfolioId ?? null,
              },
            ],
          ]
        : [],
    ),
  );
  if (latest.size === 0) return;
  await sql`
    insert into charged_channel as known (workspace_id, id, name, currency, time_zone, account, portfolio)
    select workspace_id, id, name, currency, time_zone, account, portfolio
    from ${unnest('input', CHANNEL, [...latest.values()])}
    order by workspace_id, id
    on conflict (workspace_id, id) do update set name = excluded.name, currency = excluded.currency,
      time_zone = excluded.time_zone, account = excluded.account, portfolio = coalesce(excluded.portfolio, known.portfolio)
  `.execute(tx.sql);
}
