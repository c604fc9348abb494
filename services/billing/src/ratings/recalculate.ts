import type { PriceBook } from '../price-books/price-book.js';
import { localDateOf, monthOf } from './local-date.js';
import { estimateMessage, type MessageFacts, type RatedCharge, type Unrated } from './rate.js';
import type { FreeRule, Regime } from './regimes.js';
import type { OwnFacts } from './verdict.js';

/** A delivered message with everything by which any rules ever priced one. */
export interface DeliveredMessage extends MessageFacts, OwnFacts {
  messageId: string;
  deliveredAt: Date;
  /** The business number. */
  channelId: string;
  /** The business number and the person. */
  threadId: string;
  /** The provider's account: allowances of an account count together what is of it. */
  accountId: string;
  /** Whose accounts share their volume tiers. */
  portfolioId: string;
}

const HOUR_MS = 3_600_000;
const CONVERSATION_MS = 24 * HOUR_MS;
/** Of a free entry point, as long as conversations had a price. */
const ENTRY_POINT_MS = 72 * HOUR_MS;
/** A conversation of before may reach into what is calculated: its messages must be among those given. */
export const LOOK_BACK_MS = ENTRY_POINT_MS;

/**
 * What messages would have cost under these rules, in the order of their delivery, by what we know ourselves. The months
 * and volumes of the messages must be complete.
 */
export function recalculate(
  messages: readonly DeliveredMessage[],
  regime: Regime,
  book: PriceBook,
): Map<string, RatedCharge | Unrated> {
  const counts = new Counter();
  const conversations = new OpenConversations();
  const ratings = new Map<string, RatedCharge | Unrated>();
  for (const message of messages.toSorted(byDelivery)) {
    ratings.set(message.messageId, estimate(message, regime, counts, conversations, book));
  }
  return ratings;
}

/** The order in which allowances and tiers are used up. */
export function byDelivery(
  a: Pick<DeliveredMessage, 'deliveredAt' | 'messageId'>,
  b: Pick<DeliveredMessage, 'deliveredAt' | 'messageId'>,
): number {
  return a.deliveredAt.getTime() - b.deliveredAt.getTime() || (a.messageId < b.messageId ? -1 : 1);
}

/** What names a meter: among what a message is counted. */
export function meterKey(
  { meter, market, category, currency, localDate }: RatedCharge,
  { portfolioId, conversationKey }: { portfolioId: string; conversationKey?: string | undefined },
): string | undefined {
  if (!meter) return undefined;
  if (meter.kind === 'CONVERSATION') return `conversation ${conversationKey}`;
  // With its sizes: another price book has other tiers, and counts anew what it rates again.
  const volume = volumeOf({ portfolioId, market, category, currency, month: monthOf(localDate) });
  return `volume ${volume}|${meter.sizes.join()}`;
}

/** What the messages whose volume counts together have in common, whatever the tiers. */
export function volumeOf(of: {
  portfolioId: string;
  market: string | null | undefined;
  category: string;
  currency: string;
  month: string;
}): string {
  return [of.portfolioId, of.market, of.category, of.currency, of.month].join('|');
}

function estimate(
  message: DeliveredMessage,
  regime: Regime,
  counts: Counter,
  conversations: OpenConversations,
  book: PriceBook,
): RatedCharge | Unrated {
  const joins = regime.unit === 'conversation' && conversations.join(message, regime);
  const month = monthOf(localDateOf(message.deliveredAt, message.accountTimeZone));
  const keyOf = ({ reason, allowance }: FreeRule) =>
    `${reason} ${month} ${allowance?.per === 'NUMBER' ? message.channelId : message.accountId}`;
  const freeLeft = (rule: FreeRule) => (rule.allowance?.size ?? 0) - counts.of(keyOf(rule));
  const first = estimateMessage(message, { regime, freeLeft, joins }, book);
  if (first.kind === 'unrated') return first;
  const used = regime.free.find((rule) => rule.allowance && rule.reason === first.freeReason);
  if (used) counts.next(keyOf(used));
  const key = meterKey(first, message);
  if (key === undefined) return first;
  return estimateMessage({ ...message, placeInMeter: counts.next(key) }, { regime, freeLeft, joins }, book);
}

class Counter {
  readonly #counts = new Map<string, number>();

  of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  /** How many there were before; one more from now on. */
  next(key: string): number {
    const before = this.of(key);
    this.#counts.set(key, before + 1);
    return before;
  }
}

/** What was open between a number and a person, as long as that had a price (whatsapp.md §C1). */
class OpenConversations {
  readonly #byThread = new Map<string, { category: string; expiresAt: number }[]>();

  /** True for a message that belongs to one which was opened before; otherwise it opens one. */
  join({ threadId, deliveredAt, category, isInEntryPoint }: DeliveredMessage, regime: Regime): boolean {
    const now = deliveredAt.getTime();
    const open = (this.#byThread.get(threadId) ?? []).filter(({ expiresAt }) => expiresAt > now);
    const entryPoint = open.find((conversation) => conversation.category === 'referral_conversion');
    const joined =
      entryPoint ??
      (isInEntryPoint
        ? undefined
        : open.find(
            (conversation) => category === 'service' || regime.joins === 'ANY' || conversation.category === category,
          ));
    if (joined) return true;
    const opened = isInEntryPoint
      ? // It takes the place of all others.
        [{ category: 'referral_conversion', expiresAt: now + ENTRY_POINT_MS }]
      : [...open, { category, expiresAt: now + CONVERSATION_MS }];
    this.#byThread.set(threadId, opened);
    return false;
  }
}
