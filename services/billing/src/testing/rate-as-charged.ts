import type { PriceBook } from '../price-books/price-book.js';
import { rateMessage, type RatedCharge, type Unrated } from '../ratings/rate.js';
import type { VolumeTier } from '../volume-tiers/volume-tier.rule.js';
import { byDelivery, meterKey, type DeliveredMessage } from '../ratings/recalculate.js';

/** What messages cost by the provider's word, counted anew in the order of their delivery: what a ledger has to say. */
export function rateAsCharged(
  messages: readonly DeliveredMessage[],
  book: PriceBook,
  tierOf: (message: DeliveredMessage) => VolumeTier | undefined = () => undefined,
): Map<string, RatedCharge | Unrated> {
  const counted = new Map<string, number>();
  const rated = (message: Parameters<typeof rateMessage>[0]) => {
    const rating = rateMessage(message, book);
    if (rating.kind === 'pending') throw new Error('A delivered message is not pending.');
    return rating;
  };
  return new Map(
    messages.toSorted(byDelivery).map((message) => {
      const first = rated(message);
      const key = first.kind === 'charge' ? meterKey(first, message) : undefined;
      if (key === undefined) return [message.messageId, first];
      const placeInMeter = counted.get(key) ?? 0;
      counted.set(key, placeInMeter + 1);
      return [message.messageId, rated({ ...message, placeInMeter, providerTier: tierOf(message) })];
    }),
  );
}
