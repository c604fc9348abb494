import type {
  ChannelCapabilities,
  ChannelMessageChanged,
  ChannelMessageImported,
  ChannelMessageReceived,
  ChannelStatusReceived,
} from '@fenster/contracts';
import type { InboundMessage, InboundStatus } from '../providers/provider.js';

export interface ChannelFacts {
  id: string;
  capabilities: Pick<ChannelCapabilities, 'serviceWindow'>;
  /** Null where no message has a price of its own. */
  currency: string | null;
  timeZone: string | null;
  /** Of the provider, who owns the account; the account, as long as that is not known. */
  portfolio: string | null;
}

/** Why a readable element cannot become an event yet, if so. */
export function whyUnfit(item: InboundMessage | InboundStatus): string | undefined {
  // In the sender's own thread it would look like a private message.
  return item.kind === 'message' && item.groupId !== undefined ? 'written in a group' : undefined;
}

/** @param mediaId of the file that it brings. */
export function toMessageReceived(
  item: InboundMessage,
  channel: ChannelFacts,
  mediaId?: string,
): ChannelMessageReceived {
  const data: ChannelMessageReceived = { ...toWritten(item, channel, mediaId), opensWindow: item.opensWindow };
  if (!channel.capabilities.serviceWindow) data.isWindowless = true;
  if (item.becomes !== undefined) data.becomes = item.becomes;
  if (item.isEcho) data.isEcho = true;
  return data;
}

/** @param mediaId of the file that it brings. */
export function toMessageImported(
  { imported, ...item }: InboundMessage & Required<Pick<InboundMessage, 'imported'>>,
  channel: ChannelFacts,
  mediaId?: string,
): ChannelMessageImported {
  return { ...toWritten(item, channel, mediaId), by: item.isEcho ? 'business' : 'customer', ...imported };
}

function toWritten(item: InboundMessage, channel: ChannelFacts, mediaId: string | undefined) {
  const { identity, providerMessageId, type, text, contextProviderMessageId, referral } = item;
  return {
    channelId: channel.id,
    identity,
    providerMessageId,
    type,
    sentAt: item.sentAt.toISOString(),
    ...(text !== undefined && { text }),
    // A text's object holds the text once more.
    ...(type !== 'text' && { payload: withMedia(item.payload, mediaId) }),
    ...(contextProviderMessageId !== undefined && { contextProviderMessageId }),
    ...(referral !== undefined && { referral }),
  };
}

/** Beside what the provider says. A key of that name from elsewhere would be a way to files of other messages. */
function withMedia(payload: Record<string, unknown>, mediaId: string | undefined): Record<string, unknown> {
  if (mediaId === undefined && !Object.hasOwn(payload, 'mediaId')) return payload;
  const { mediaId: _theirs, ...rest } = payload;
  return mediaId === undefined ? rest : { ...rest, mediaId };
}

/** @param mediaId of the file that an edit brings. */
export function toMessageChanged(
  { changes, isEcho, providerMessageId, sentAt }: InboundMessage & Required<Pick<InboundMessage, 'changes'>>,
  channel: ChannelFacts,
  mediaId?: string,
): ChannelMessageChanged {
  const { change } = changes;
  const isEdit = change.kind === 'edit' && (change.payload !== undefined || mediaId !== undefined);
  return {
    channelId: channel.id,
    targetProviderMessageId: changes.providerMessageId,
    providerMessageId,
    by: isEcho ? 'business' : 'customer',
    change: isEdit ? { ...change, payload: withMedia(change.payload ?? {}, mediaId) } : change,
    sentAt: sentAt.toISOString(),
  };
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
    ...(channel.currency !== null &&
      channel.timeZone !== null && {
        account: {
          ...(channel.portfolio !== null && { portfolioId: channel.portfolio }),
          currency: channel.currency,
          timeZone: channel.timeZone,
        },
      }),
    errors: item.errors.map(({ code, title, reason }) => ({ code, title, ...(reason && { reason }) })),
  };
  if (messageId !== undefined) data.messageId = messageId;
  if (item.recipientCountry !== undefined) data.recipientCountry = item.recipientCountry;
  if (item.pricing !== undefined) data.pricing = item.pricing;
  if (item.pricing?.model === 'CBP' && item.conversationId !== undefined) {
    data.chargedConversationId = item.conversationId;
  }
  // Until 2025-06-30 every conversation had an end, and this was the category of those that an ad began (whatsapp.md §C1).
  const { type, category } = item.pricing ?? {};
  const isFreeEntryPoint = type === 'free_entry_point' || category === 'referral_conversion';
  if (isFreeEntryPoint && item.conversationExpiresAt) {
    data.freeEntryPointExpiresAt = item.conversationExpiresAt.toISOString();
  }
  return data;
}
