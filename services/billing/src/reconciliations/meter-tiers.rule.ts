import { tierOfSlot } from '../volume-tiers/compare-volume-tiers.js';
import type { MessagesByTier } from './explain-differences.rule.js';

/** How many messages each of our meters has at the price of which tier: by market and category, as in `Germany|utility`. */
export function meterTiers(
  slots: readonly { meter: string; slot: number; messages: number }[],
): Map<string, MessagesByTier> {
  const found = new Map<string, Record<string, number>>();
  for (const { meter, slot, messages } of slots) {
    const [market, category] = meter.split('|').slice(-5);
    const tier = tierOfSlot(meter, slot);
    const key = `${market}|${category}`;
    const tiers = found.get(key) ?? {};
    tiers[tier] = (tiers[tier] ?? 0) + messages;
    found.set(key, tiers);
  }
  return found;
}
