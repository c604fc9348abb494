import { sql, unnest, type Tx } from '@fenster/database';
import { asksForAllowance, type FreeLeft } from '../charges/target.js';
import type { BillableMessage } from '../messages/billable-message.js';
import { monthOf } from '../ratings/local-date.js';
import { allowanceOn } from '../ratings/regimes.js';

const NUMBER_AND_MONTH = { workspace_id: 'uuid', channel_id: 'uuid', month: 'text' } as const;

/**
 * What is left of the allowances that estimates of these messages ask for: what was free by the provider's word counts,
 * and what is on its way. Nothing is left once the provider has charged a message, whatever our own count says.
 */
export async function readFreeLeft(tx: Tx, messages: readonly BillableMessage[]): Promise<FreeLeft> {
  const asked = new Map<string, { workspace_id: string; channel_id: string; month: string }>();
  const sizes = new Map<string, number>();
  /** Of what is used: by these messages themselves. They keep it before others get any. */
  const quoted = new Map<string, number>();
  for (const message of messages) {
    const localDate = asksForAllowance(message);
    if (!message.channel_id || localDate === undefined) continue;
    const month = monthOf(localDate);
    const key = `${message.channel_id} ${month}`;
    const { workspace_id, channel_id } = message;
    asked.set(key, { workspace_id, channel_id, month });
    sizes.set(key, allowanceOn(localDate)!.allowance.size);
    if (hasQuoteIn(message, month)) quoted.set(key, (quoted.get(key) ?? 0) + 1);
  }
  if (asked.size === 0) return () => 0;
  const left = new Map<string, number>();
  const { rows } = await sql<{ channel_id: string; month: string; taken: string; charged: string }>`
    select input.channel_id, input.month, coalesce(known.taken, 0) as taken, coalesce(known.charged, 0) as charged
    from ${unnest('input', NUMBER_AND_MONTH, [...asked.values()])}
    left join allowance_month known using (workspace_id, channel_id, month)
  `.execute(tx.sql);
  for (const { channel_id, month, taken, charged } of rows) {
    const key = `${channel_id} ${month}`;
    left.set(key, Number(charged) > 0 ? 0 : sizes.get(key)! - Number(taken) + (quoted.get(key) ?? 0));
  }
  return (message, month) => {
    const key = `${message.channel_id} ${month}`;
    const now = left.get(key) ?? 0;
    const kept = quoted.get(key) ?? 0;
    if (hasQuoteIn(message, month)) quoted.set(key, kept - 1);
    else if (now <= kept) return 0;
    left.set(key, now - 1);
    return now;
  };
}

/** Whether it is among what is expected to be free in a month. */
function hasQuoteIn({ standing }: BillableMessage, month: string): boolean {
  return standing.some(
    ({ state, freeReason, localDate }) =>
      state === 'QUOTED' && freeReason === 'SERVICE_ALLOWANCE' && monthOf(localDate) === month,
  );
}
