import { contentKind, mediaKind, type ChannelCapabilities } from '@fenster/contracts';
import type { SendLimits } from '../../limits/token-bucket.rule.js';
import { maxBytesOf } from '../../media/media.limits.js';

/** Of WhatsApp, whoever carries it (whatsapp.md §B1, §B2). The limits within each kind of content are the send gate's. */
export const WHATSAPP_CAPABILITIES: ChannelCapabilities = {
  serviceWindow: true,
  templates: true,
  contentKinds: [...contentKind.options],
  mediaKinds: Object.fromEntries(
    mediaKind.options.map((kind) => [kind, { maxBytes: maxBytesOf(kind === 'VOICE' ? 'AUDIO' : kind) }]),
  ),
  maxTextCharacters: 4_096,
  quotes: true,
  reactions: true,
  readReceipts: true,
  typing: true,
  statuses: ['sent', 'delivered', 'read', 'played', 'failed'],
  senderProven: true,
  businessProfile: true,
  costModel: 'PER_MESSAGE',
};

/** Numbers are shown in many ways, and wa.me takes digits alone. */
export function whatsAppChatUrl({ displayPhoneNumber }: { displayPhoneNumber: string | null }): string {
  return `https://wa.me/${(displayPhoneNumber ?? '').replace(/\D/g, '')}?text=`;
}

export const META = { name: 'Meta (WhatsApp Business Platform)', country: 'US' };

/** whatsapp.md §B5: to one person one message in six seconds, and up to 45 at once on credit. */
export const WHATSAPP_LIMITS: SendLimits = {
  messagesPerSecond: 80,
  highMessagesPerSecond: 1_000,
  pair: { intervalMs: 6_000, capacity: 45 },
};
