import type { MessagesByTier } from './explain-differences.rule.js';

/** How many messages each of our meters has at the price of which tier: by market and category, as in `Germany|utility`. */
export function meterTiers(
  slots: readonly { meter: string; slot: number; messages: number }[],
): Map<string, MessagesByTier> {
  const found = new Map<string, Record<string, number>>();
  for (const { meter, slot, messages } of slots) {
    const [market, category, , , sizes = ''] = meter.split('|').slice(-5);
    const ends = sizes
      .split(',')
      .map(Number)
      .reduce<number[]>((all, size) => [...all, (all.at(-1) ?? 0) + size], []);
    const from = slot === 0 ? 0 : ends[slot - 1]! + 1;
    const tier = `${from}:${ends[slot] ?? 'MAX'}`;
    const key = `${market}|${category}`;
    const tiers = found.get(key) ?? {};
    tiers[tier] = (tiers[tier] ?? 0) + messages;
    found.set(key, tiers);
  }
  return found;
}
