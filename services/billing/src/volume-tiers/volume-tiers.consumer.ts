import { volumeTierReached, type Envelope, type VolumeTierReached } from '@fenster/contracts';
import { defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';
import { lockForClosing } from '../periods/lock-periods.js';
import { normalise } from '../ratings/verdict.js';
import { marketNamed } from './volume-tier.rule.js';

/** What it changes is rated again afterwards (`apply-volume-tiers.ts`). */
export function volumeTiersConsumer(wakeRating: () => void) {
  return defineConsumer({
    name: 'billing-volume-tiers',
    filter: 'channels.volume_tier.>',
    subscriptions: [on(volumeTierReached, (tx, events) => storeTiers(tx, events, wakeRating))],
  });
}

const TIER = {
  workspace_id: 'uuid',
  portfolio: 'text',
  market: 'text',
  category: 'text',
  month: 'text',
  tier_from: 'bigint',
  tier_to: 'bigint',
  since: 'timestamptz',
} as const;

async function storeTiers(
  tx: Tx,
  events: readonly Envelope<VolumeTierReached>[],
  wakeRating: () => void,
): Promise<void> {
  const rows = events.flatMap(({ workspaceId, data: { accountId, portfolioId, region, category, ...tier } }) =>
    // A message of the time when nobody knew who owns the account is counted by the account.
    [...new Set([portfolioId, accountId])].map((portfolio) => ({
      workspace_id: workspaceId,
      portfolio,
      market: marketNamed(region),
      category: normalise(category),
      month: tier.month,
      tier_from: tier.from,
      tier_to: tier.to ?? null,
      since: tier.since,
    })),
  );
  // Whoever settles a message now has not read these tiers. After the lock it has been settled, and is rated again.
  for (const workspaceId of [...new Set(rows.map((row) => row.workspace_id))].toSorted()) {
    await lockForClosing(tx, workspaceId);
  }
  await sql`
    insert into volume_tier as known (workspace_id, portfolio, market, category, month, tier_from, tier_to, since)
    select workspace_id, portfolio, market, category, month, tier_from, min(tier_to), min(since)
    from ${unnest('input', TIER, rows)} group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6
    on conflict (workspace_id, portfolio, market, category, month, tier_from) do update
    set since = least(known.since, excluded.since), tier_to = least(known.tier_to, excluded.tier_to),
      applied_until = null, applied_at = null
    where excluded.since < known.since or excluded.tier_to < coalesce(known.tier_to, excluded.tier_to + 1)
  `.execute(tx.sql);
  tx.afterCommit(wakeRating);
}
