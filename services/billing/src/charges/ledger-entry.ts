import type { CompleteMessage } from '../messages/completion.js';
import type { PriceBook } from '../price-books/price-book.js';
import { rateMessage, type RatedCharge, type TraceFact, type UnratedReason } from '../ratings/rate.js';

export type LedgerEntry =
  | { kind: 'charge'; charge: RatedCharge }
  | {
      kind: 'unrated';
      reason: UnratedReason | 'CHARGED_PER_CONVERSATION';
      detail: string;
      trace: readonly TraceFact[];
    };

/** What a delivered, priced and attributed message becomes: a charge, or a visible reason why it is none yet. */
export function ledgerEntryOf(message: CompleteMessage, book: PriceBook): LedgerEntry {
  const rating = rateMessage(
    {
      pricing: message.pricing,
      recipientCountry: message.recipientCountry,
      currency: message.currency,
      deliveredAt: message.deliveredAt,
      accountTimeZone: message.timeZone,
    },
    book,
  );
  if (rating.kind === 'pending') throw new Error('A complete message has been delivered.');
  if (rating.kind === 'unrated') return rating;
  if (rating.unit === 'conversation') {
    // One charge for many messages needs the provider's conversation id, which statuses do not carry since 2025-10.
    const detail = 'this price pays for a conversation of the provider, which its statuses do not name';
    return { kind: 'unrated', reason: 'CHARGED_PER_CONVERSATION', detail, trace: rating.trace };
  }
  return { kind: 'charge', charge: rating };
}
