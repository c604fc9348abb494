import { sql, type Sql } from '@fenster/database';
import { tierName } from './volume-tier.rule.js';

/** From when on a volume has its price by the provider's word, and where we were by our own count then. */
export interface ComparedTier {
  market: string;
  category: string;
  tier: string;
  since: Date;
  /** Of the first message since then, or of the last one before it. Null: we have delivered none that counts. */
  ours: string | null;
}

export async function compareVolumeTiers(
  db: Sql,
  { workspaceId, month, currency }: { workspaceId: string; month: string; currency: string },
): Promise<ComparedTier[]> {
  const { rows } = await sql<{
    market: string;
    category: string;
    tier_from: string;
    tier_to: string | null;
    since: string;
    meter: string | null;
    slot: number | null;
  }>`
    select distinct on (t.market, t.category, t.since, t.tier_from)
      t.market, t.category, t.tier_from, t.tier_to, t.since, m.meter, coalesce(next.slot, former.slot) as slot
    from volume_tier t
    left join lateral (
      select distinct meter from meter_slot s
      where s.workspace_id = t.workspace_id and s.messages > 0
        and starts_with(s.meter, 'volume ' || concat_ws('|', t.portfolio, t.market, t.category, ${currency}::text, t.month, ''))
    ) as m on true
    left join lateral (
      select min(slot) as slot from meter_slot s
      where s.workspace_id = t.workspace_id and s.meter = m.meter and exists (
        select from billable_message b where b.workspace_id = s.workspace_id and b.meter = s.meter
          and b.meter_slot = s.slot and b.delivered_at >= t.since)
    ) as next on true
    left join lateral (
      select max(slot) as slot from meter_slot s
      where s.workspace_id = t.workspace_id and s.meter = m.meter and exists (
        select from billable_message b where b.workspace_id = s.workspace_id and b.meter = s.meter
          and b.meter_slot = s.slot and b.delivered_at < t.since)
    ) as former on true
    where t.workspace_id = ${workspaceId} and t.month = ${month}
    order by t.market, t.category, t.since, t.tier_from, m.meter nulls last
  `.execute(db);
  return rows.map(({ market, category, tier_from, tier_to, since, meter, slot }) => ({
    market,
    category,
    tier: tierName({ from: Number(tier_from), to: tier_to === null ? null : Number(tier_to) }),
    since: new Date(since),
    ours: meter === null || slot === null ? null : tierOfSlot(meter, slot),
  }));
}

/** Of a meter by the sizes in its name, as tiers are called: the first from 0, the others from the first of them. */
export function tierOfSlot(meter: string, slot: number): string {
  const ends = endsOf(meter);
  return tierName({ from: slot === 0 ? 0 : ends[slot - 1]! + 1, to: ends[slot] ?? null });
}

function endsOf(meter: string): number[] {
  const sizes = meter.split('|').at(-1) ?? '';
  return sizes
    .split(',')
    .map(Number)
    .reduce<number[]>((all, size) => [...all, (all.at(-1) ?? 0) + size], []);
}
