import { array, sql, transact, type Ctx } from '@fenster/database';
import { settleAgain } from '../charges/settle-again.js';
import { lockPeriods } from '../periods/lock-periods.js';
import type { Books } from '../price-books/books.js';

const AT_ONCE = 500;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

interface TierKey {
  workspace_id: string;
  portfolio: string;
  market: string;
  category: string;
  month: string;
  tier_from: string;
}

/** Rates again what was delivered since a volume has its price. In closed periods too: its corrections are in the first open one. */
export async function applyVolumeTiers(ctx: Ctx, books: Books, isStopped = () => false): Promise<void> {
  const { rows } = await sql<TierKey>`
    select workspace_id, portfolio, market, category, month, tier_from from volume_tier
    where applied_at is null order by 1, 2, 3, 4, 5, 6
  `.execute(ctx.database.system().getKysely());
  for (const tier of rows) while (!isStopped() && (await applySome(ctx, books, tier)));
}

/** @returns whether there is more to do. */
async function applySome(ctx: Ctx, books: Books, tier: TierKey): Promise<boolean> {
  const { workspace_id, portfolio, market, category, month, tier_from } = tier;
  const isIt = sql`workspace_id = ${workspace_id} and portfolio = ${portfolio} and market = ${market}
    and category = ${category} and month = ${month} and tier_from = ${tier_from}`;
  return transact(ctx, async (tx) => {
    // First this lock, then the row: so does the consumer that stores tiers.
    await lockPeriods(tx, [workspace_id]);
    // Whoever else applies it waits, and goes on from here.
    const { rows } = await sql<{ applied_until: string | null; since: string }>`
      select applied_until, since from volume_tier where ${isIt} and applied_at is null for update
    `.execute(tx.sql);
    if (!rows[0]) return false;
    const { applied_until: after, since } = rows[0];
    const { rows: meters } = await sql<{ meter: string }>`
      select distinct meter from meter_slot
      where workspace_id = ${workspace_id} and starts_with(meter, ${`volume ${portfolio}|${market}|${category}|`})
        and split_part(meter, '|', -2) = ${month}
    `.execute(tx.sql);
    const { rows: messages } = await sql<{ message_id: string }>`
      select message_id from billable_message
      where workspace_id = ${workspace_id} and meter = any(${array('text', meters, ({ meter }) => meter)})
        and delivered_at >= ${since} and message_id > ${after ?? FIRST_ID}
      order by message_id limit ${AT_ONCE}
    `.execute(tx.sql);
    const messageIds = messages.map(({ message_id }) => message_id);
    await settleAgain(tx, books, workspace_id, messageIds);
    const isDone = messageIds.length < AT_ONCE;
    await sql`
      update volume_tier set applied_until = ${messageIds.at(-1) ?? after}, applied_at = ${isDone ? tx.now() : null}
      where ${isIt}
    `.execute(tx.sql);
    return !isDone;
  });
}
