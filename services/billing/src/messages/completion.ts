import type { ProviderPricing } from '../ratings/rate.js';

/** Everything that is known about one message of ours; null is not known yet. */
export interface BillableMessage {
  workspace_id: string;
  message_id: string;
  channel_id: string | null;
  conversation_id: string | null;
  thread_id: string | null;
  author_id: string | null;
  provider_message_key: string | null;
  /** The first price that any status carried. */
  pricing: ProviderPricing | null;
  recipient_country: string | null;
  currency: string | null;
  time_zone: string | null;
  /** The earliest known of delivered, read and played. */
  delivered_at: Date | null;
  failed_at: Date | null;
}

export interface CompleteMessage {
  workspaceId: string;
  messageId: string;
  conversationId: string;
  pricing: ProviderPricing;
  recipientCountry: string | undefined;
  currency: string;
  timeZone: string;
  deliveredAt: Date;
}

export type MissingFact = 'attribution' | 'price' | 'delivery';

export type Completion =
  | { state: 'complete'; message: CompleteMessage }
  | { state: 'pending'; missing: readonly MissingFact[] }
  | { state: 'failed' };

/**
 * Whether a message can be rated: it was delivered, a status carried its price, and its conversation is known.
 * `sent` with a price is pending (whatsapp.md §H5). A failure costs nothing; but where both were reported the
 * delivery counts, because the provider charges by it, and so the order of the reports does not matter.
 */
export function completionOf(message: BillableMessage): Completion {
  const { conversation_id, pricing, currency, time_zone, delivered_at, failed_at } = message;
  if (failed_at && !delivered_at) return { state: 'failed' };
  // Every status names the account, so a delivered message has one.
  if (!conversation_id || !pricing || !delivered_at || !currency || !time_zone) {
    const missing: MissingFact[] = [];
    if (!conversation_id) missing.push('attribution');
    if (!pricing) missing.push('price');
    if (!delivered_at) missing.push('delivery');
    return { state: 'pending', missing };
  }
  return {
    state: 'complete',
    message: {
      workspaceId: message.workspace_id,
      messageId: message.message_id,
      conversationId: conversation_id,
      pricing,
      recipientCountry: message.recipient_country ?? undefined,
      currency,
      timeZone: time_zone,
      deliveredAt: delivered_at,
    },
  };
}
