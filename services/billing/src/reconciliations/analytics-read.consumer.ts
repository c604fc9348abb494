import { pricingAnalyticsRead, type Envelope, type PricingAnalyticsRead } from '@fenster/contracts';
import { defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';
import { marketOf } from '../price-books/market.js';
import { localDateOf } from '../ratings/local-date.js';
import { normalise, providerVerdict } from '../ratings/verdict.js';

/** What the provider counted, in the words of the ledger. */
export const analyticsReadConsumer = defineConsumer({
  name: 'billing-analytics-read',
  filter: 'channels.pricing_analytics.read.>',
  subscriptions: [on(pricingAnalyticsRead, storeAnalytics)],
});

const FIGURE = {
  workspace_id: 'uuid',
  reading_id: 'uuid',
  account_id: 'text',
  month: 'text',
  starts_at: 'timestamptz',
  channel_id: 'uuid',
  market: 'text',
  category: 'text',
  free_reason: 'text',
  tier: 'text',
  messages: 'bigint',
  cost_micros: 'bigint',
} as const;

async function storeAnalytics(tx: Tx, events: readonly Envelope<PricingAnalyticsRead>[]): Promise<void> {
  const names = sql.join(Object.keys(FIGURE).map((name) => sql.ref(name)));
  for (const { workspaceId, data } of events) {
    const { accountId, month, readingId, points, part, parts, granularity, currency, readAt } = data;
    await sql`
      insert into analytics_figure (${names})
      select ${names} from ${unnest(
        'input',
        FIGURE,
        points.map((point) => ({
          workspace_id: workspaceId,
          reading_id: readingId,
          account_id: accountId,
          month,
          starts_at: point.startsAt,
          channel_id: point.channelId ?? null,
          tier: point.tier ?? null,
          messages: point.messages,
          cost_micros: point.costMicros ?? null,
          ...inOurWords(point, data),
        })),
      )}
    `.execute(tx.sql);
    if (part < parts) continue;
    await sql`
      insert into analytics_reading (workspace_id, account_id, month, reading_id, granularity, currency, read_at)
      values (${workspaceId}, ${accountId}, ${month}, ${readingId}, ${granularity}, ${currency}, ${readAt})
      on conflict (workspace_id, account_id, month) do update set reading_id = excluded.reading_id,
        granularity = excluded.granularity, currency = excluded.currency, read_at = excluded.read_at
    `.execute(tx.sql);
    await sql`
      delete from analytics_figure
      where workspace_id = ${workspaceId} and account_id = ${accountId} and month = ${month}
        and reading_id <> ${readingId}
    `.execute(tx.sql);
  }
}

/** A word that we do not know stays as it is: it makes a line of its own, and is seen. */
function inOurWords(
  { category, type, country, startsAt }: PricingAnalyticsRead['points'][number],
  { timeZone }: PricingAnalyticsRead,
): { market: string | null; category: string; free_reason: string | null } {
  const localDate = localDateOf(new Date(startsAt), timeZone);
  const verdict = providerVerdict({ model: 'PMP', category, type }, localDate);
  const freeReason =
    verdict.kind === 'free' ? verdict.reason : normalise(type) === 'regular' ? null : normalise(type).toUpperCase();
  const market = country === undefined ? undefined : marketOf({ countryCode: country }, localDate);
  return { market: market ?? null, category: normalise(category), free_reason: freeReason };
}
