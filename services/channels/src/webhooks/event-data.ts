import type { ChannelMessageReceived, ChannelStatusReceived } from '@fenster/contracts';
import type { InboundMessage, InboundStatus } from '../providers/provider.js';

export interface ChannelFacts {
  id: string;
  currency: string;
  timeZone: string;
}

/** Why a readable element cannot become an event yet, if so. */
export function whyUnfit(item: InboundMessage | InboundStatus): string | undefined {
  // In the sender's own thread it would look like a private message.
  return item.kind === 'message' && item.groupId !== undefined ? 'written in a group' : undefined;
}

export function toMessageReceived(item: InboundMessage, channel: ChannelFacts): ChannelMessageReceived {
  const data: ChannelMessageReceived = {
    channelId: channel.id,
    identity: item.identity,
    providerMessageId: item.providerMessageId,
    type: item.type,
    sentAt: item.sentAt.toISOString(),
    opensWindow: item.opensWindow,
  };
  if (item.text !== undefined) data.text = item.text;
  // A text's object holds the text once more.
  if (item.type !== 'text') data.payload = item.payload;
  if (item.contextProviderMessageId !== undefined) data.contextProviderMessageId = item.contextProviderMessageId;
  return data;
}

/** @param messageId our message, if channels knows which one it is. */
export function toStatusReceived(
  item: InboundStatus,
  channel: ChannelFacts,
  messageId: string | undefined,
): ChannelStatusReceived {
  const data: ChannelStatusReceived = {
    channelId: channel.id,
    providerMessageId: item.providerMessageId,
    status: item.status,
    occurredAt: item.occurredAt.toISOString(),
    account: { currency: channel.currency, timeZone: channel.timeZone },
    errors: item.errors.map(({ code, title }) => ({ code, title })),
  };
  if (messageId !== undefined) data.messageId = messageId;
  if (item.recipientCountry !== undefined) data.recipientCountry = item.recipientCountry;
  if (item.pricing !== undefined) data.pricing = item.pricing;
  return data;
}
