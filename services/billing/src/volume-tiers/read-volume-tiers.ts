import { array, sql, unnest, type Sql } from '@fenster/database';
import { portfolioOf, type BillableMessage } from '../messages/billable-message.js';
import { tierAt, type VolumeTier } from './volume-tier.rule.js';

/** What the provider said of the volume of a message that is counted in this meter. */
export type TierOf = (message: BillableMessage, meter: string) => VolumeTier | undefined;

interface TierRow {
  workspace_id: string;
  portfolio: string;
  market: string;
  category: string;
  month: string;
  tier_from: string;
  tier_to: string | null;
  since: string;
}

/** One statement for all of these messages; none, where nothing of them is counted by volume. */
export async function readVolumeTiers(db: Sql, messages: readonly BillableMessage[]): Promise<TierOf> {
  const counted = messages.filter(({ meter }) => meter?.startsWith('volume '));
  if (counted.length === 0) return () => undefined;
  const portfolios = new Map(
    counted.map((message) => {
      const portfolio = { workspace_id: message.workspace_id, portfolio: portfolioOf(message) };
      return [Object.values(portfolio).join(' '), portfolio];
    }),
  );
  const months = [...new Set(counted.map(({ meter }) => meter!.split('|').at(-2)!))];
  const { rows } = await sql<TierRow>`/* prepared */
    select workspace_id, portfolio, market, category, month, tier_from, tier_to, since
    from volume_tier join ${unnest('input', { workspace_id: 'uuid', portfolio: 'text' }, [...portfolios.values()])}
      using (workspace_id, portfolio)
    where month = any(${array('text', months)})
  `.execute(db);
  const found = Map.groupBy(rows, (row) => keyOf(row));
  const tiers = new Map(
    [...found].map(([key, of]) => [
      key,
      of.map(({ tier_from, tier_to, since }): VolumeTier => {
        return { from: Number(tier_from), to: tier_to === null ? null : Number(tier_to), since: new Date(since) };
      }),
    ]),
  );
  return (message, meter) => {
    const [market, category, , month] = meter.split('|').slice(-5);
    const of = { workspace_id: message.workspace_id, portfolio: portfolioOf(message) };
    const known = tiers.get(keyOf({ ...of, market: market!, category: category!, month: month! }));
    return known && message.delivered_at ? tierAt(known, message.delivered_at) : undefined;
  };
}

function keyOf({
  workspace_id,
  portfolio,
  market,
  category,
  month,
}: Pick<TierRow, 'workspace_id' | 'portfolio' | 'market' | 'category' | 'month'>): string {
  return [workspace_id, portfolio, market, category, month].join('|');
}
