import { pricingAnalyticsWanted, type Envelope, type PricingAnalyticsWanted } from '@fenster/contracts';
import { defineConsumer, on, sql, unnest, type ConsumerDefinition, type Tx } from '@fenster/database';
import { IS_READABLE } from './read-analytics.js';

/** Somebody wants to compare a month with what the provider counted. */
export function analyticsWantedConsumer(wakeReader: () => void): ConsumerDefinition {
  return defineConsumer({
    name: 'channels-analytics-wanted',
    filter: 'billing.pricing_analytics.wanted.>',
    subscriptions: [on(pricingAnalyticsWanted, (tx, events) => wantAnalytics(tx, events, wakeReader))],
  });
}

async function wantAnalytics(
  tx: Tx,
  events: readonly Envelope<PricingAnalyticsWanted>[],
  wakeReader: () => void,
): Promise<void> {
  // In the order of the log, so that the last word on a month counts.
  const latest = new Map(
    events.map(({ workspaceId, data: { month, granularity } }) => [
      `${workspaceId} ${month}`,
      { workspace_id: workspaceId, month, granularity },
    ]),
  );
  await sql`
    insert into analytics_reading (workspace_id, account_id, month, granularity, wanted_at)
    select distinct c.workspace_id, c.account, input.month, input.granularity, ${tx.now()}::timestamptz
    from ${unnest('input', { workspace_id: 'uuid', month: 'text', granularity: 'text' }, [...latest.values()])}
    join channel c on c.workspace_id = input.workspace_id and ${IS_READABLE}
    order by 1, 2, 3
    on conflict (workspace_id, account_id, month) do update
      set granularity = excluded.granularity, wanted_at = excluded.wanted_at, next_try_at = null
  `.execute(tx.sql);
  tx.afterCommit(wakeReader);
}
