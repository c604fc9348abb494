import { createHash } from 'node:crypto';
import type { ChannelStatusReceived, DeliveryStatus, Envelope } from '@fenster/contracts';
import type { ProviderPricing } from '../ratings/verdict.js';
import type { Facts } from './facts.js';

/** A provider's status as billing keeps it: no phone number, no provider message id. */
export interface Status {
  workspace_id: string;
  provider_message_key: string;
  event_id: string;
  channel_id: string;
  status: DeliveryStatus;
  occurred_at: Date;
  pricing: ProviderPricing | null;
  recipient_country: string | null;
  currency: string;
  time_zone: string;
  portfolio: string | null;
  /** The provider's conversation that the price pays for, named like its message. */
  conversation_key: string | null;
}

/** Undefined where no message has a price of its own. */
export function statusOf({ id, workspaceId, data }: Envelope<ChannelStatusReceived>): Status | undefined {
  if (!data.account) return undefined;
  return {
    workspace_id: workspaceId,
    provider_message_key: providerMessageKey(data.channelId, data.providerMessageId),
    event_id: id,
    channel_id: data.channelId,
    status: data.status,
    occurred_at: new Date(data.occurredAt),
    pricing: data.pricing ?? null,
    recipient_country: data.recipientCountry ?? null,
    currency: data.account.currency,
    time_zone: data.account.timeZone,
    portfolio: data.account.portfolioId ?? null,
    conversation_key:
      data.chargedConversationId === undefined ? null : providerMessageKey(data.channelId, data.chargedConversationId),
  };
}

/** Names a provider's message without keeping its id, because a wamid contains the phone number. */
export function providerMessageKey(channelId: string, providerMessageId: string): string {
  return createHash('sha256').update(`${channelId} ${providerMessageId}`).digest('base64url');
}

const DELIVERED: ReadonlySet<DeliveryStatus> = new Set(['delivered', 'read', 'played']);

/** What a status says about its message. `read` without `delivered` counts as delivered (whatsapp.md §A3). */
export function factsOf(status: Status): Facts {
  return {
    channel_id: status.channel_id,
    provider_message_key: status.provider_message_key,
    pricing: status.pricing,
    priced_at: status.pricing && status.occurred_at,
    conversation_key: status.pricing && status.conversation_key,
    recipient_country: status.recipient_country,
    currency: status.currency,
    time_zone: status.time_zone,
    portfolio: status.portfolio,
    delivered_at: DELIVERED.has(status.status) ? status.occurred_at : null,
    failed_at: status.status === 'failed' ? status.occurred_at : null,
  };
}
