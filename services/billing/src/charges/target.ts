import { isInFreeEntryPoint, portfolioOf, type BillableMessage } from '../messages/billable-message.js';
import { placeOf } from '../meters/slots.rule.js';
import type { PriceBook } from '../price-books/price-book.js';
import { localDateOf } from '../ratings/local-date.js';
import { estimateMessage, rateMessage, type Meter, type RatedCharge, type Unrated } from '../ratings/rate.js';
import { meterKey } from '../ratings/recalculate.js';
import { allowanceOn, regimeOn } from '../ratings/regimes.js';
import type { TierOf } from '../volume-tiers/read-volume-tiers.js';
import { linesOf, type Target } from './standing.js';

/** What should be known of the cost of a message, as far as its facts go. */
export interface Settlement {
  targets: Target[];
  /** Delivered, and neither a charge nor free: visible with its reason, never a zero. */
  unrated?: Unrated;
  /** What the message is counted with, because that decides its price. */
  meter?: { key: string; sizes: Meter['sizes'] };
}

/** How much a month's allowance of a number has left; what it answers is taken. */
export type FreeLeft = (message: BillableMessage, month: string) => number;

/**
 * - Queued: what it will cost by our own figures.
 * - Priced by the provider, not delivered: what it will cost by the provider's word. Never charged (whatsapp.md §H5).
 * - Delivered and priced: what it costs.
 * - Failed: nothing. But where both were reported the delivery counts, because the provider charges by it.
 *
 * A message of no known conversation waits for it.
 */
export function settlementOf(message: BillableMessage, book: PriceBook, freeLeft: FreeLeft): Settlement {
  const { conversation_id, currency, time_zone, delivered_at, failed_at, pricing, priced_at } = message;
  if (!conversation_id || !currency || !time_zone || (failed_at && !delivered_at)) return { targets: [] };
  const facts = {
    recipientCountry: countryOf(message),
    currency,
    accountTimeZone: time_zone,
    pricing: pricing ?? undefined,
    conversationKey: message.conversation_key ?? undefined,
  };
  if (!delivered_at) {
    if (!priced_at) return { targets: estimateOf(message, book, freeLeft) };
    const rating = rateMessage({ ...facts, deliveredAt: priced_at }, book);
    return { targets: rating.kind === 'charge' ? linesOf(rating, 'PROVISIONAL', book.version) : [] };
  }
  const rating = rateMessage({ ...facts, deliveredAt: delivered_at }, book);
  if (rating.kind === 'pending') throw new Error('A delivered message is not pending.');
  if (rating.kind === 'unrated') {
    return { targets: pricing ? [] : estimateOf(message, book, freeLeft), unrated: rating };
  }
  const meter = meterOf(rating, message);
  return { targets: linesOf(rating, 'RATED', book.version), ...(meter && { meter }) };
}

/**
 * The same of a message that has its slot. Undefined where another price book counts otherwise than the one by which it
 * was given that slot: it is rated again as far as that book is applied, and keeps its price until then.
 */
export function settlementInMeter(message: BillableMessage, book: PriceBook, tierOf: TierOf): Settlement | undefined {
  const { meter_slot: slot } = message;
  const first = settlementOf(message, book, () => 0);
  if (!first.meter || slot === null || first.meter.key !== message.meter) return undefined;
  const rating = rateMessage(
    {
      recipientCountry: countryOf(message),
      currency: message.currency!,
      accountTimeZone: message.time_zone!,
      pricing: message.pricing ?? undefined,
      conversationKey: message.conversation_key ?? undefined,
      deliveredAt: message.delivered_at!,
      placeInMeter: placeOf(slot, first.meter.sizes),
      providerTier: tierOf(message, first.meter.key),
    },
    book,
  );
  return rating.kind === 'charge' ? { ...first, targets: linesOf(rating, 'RATED', book.version) } : first;
}

/** The provider's word, else by the address that it was sent to. */
function countryOf({ recipient_country, planned_country }: BillableMessage): string | undefined {
  return recipient_country ?? planned_country ?? undefined;
}

function meterOf(rating: RatedCharge, message: BillableMessage): Settlement['meter'] {
  const key = meterKey(rating, {
    portfolioId: portfolioOf(message),
    conversationKey: message.conversation_key ?? undefined,
  });
  return key === undefined ? undefined : { key, sizes: rating.meter!.sizes };
}

/** By our own figures; none of what was charged by the conversation, which only the provider knows. */
function estimateOf(message: BillableMessage, book: PriceBook, freeLeft: FreeLeft): Target[] {
  const { planned_category: category, queued_at, delivered_at, window_expires_at } = message;
  const localDate = estimatedOn(message);
  if (!category || !queued_at || localDate === undefined) return [];
  if (regimeOn(localDate).unit === 'conversation') return [];
  const rating = estimateMessage(
    {
      recipientCountry: countryOf(message),
      currency: message.currency!,
      accountTimeZone: message.time_zone!,
      deliveredAt: delivered_at ?? queued_at,
      category,
      isInWindow: window_expires_at !== null && window_expires_at > queued_at,
      isInEntryPoint: isInFreeEntryPoint(message),
    },
    { freeLeft: () => freeLeft(message, localDate.slice(0, 7)) },
    book,
  );
  return rating.kind === 'charge' ? linesOf(rating, 'QUOTED', book.version) : [];
}

/** The local day by which a message is estimated: of its delivery, and until then of its queueing. */
function estimatedOn({ queued_at, delivered_at, time_zone }: BillableMessage): string | undefined {
  const at = delivered_at ?? queued_at;
  if (!at || !time_zone) return undefined;
  try {
    return localDateOf(at, time_zone);
  } catch {
    return undefined;
  }
}

/** The local day of whose month an estimate of this message asks for what is left of an allowance, if it does. */
export function asksForAllowance(message: BillableMessage): string | undefined {
  const { planned_category, priced_at, queued_at } = message;
  const localDate = estimatedOn(message);
  if (!planned_category || priced_at || !queued_at || localDate === undefined) return undefined;
  if (isInFreeEntryPoint(message)) return undefined;
  const rule = allowanceOn(localDate);
  return rule?.allowance.per === 'NUMBER' && rule.categories?.includes(planned_category) ? localDate : undefined;
}
