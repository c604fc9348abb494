import { createHash } from 'node:crypto';
import { z } from 'zod';
import { failureReason } from './delivery-failures.js';

export const id = z.uuid();
export const instant = z.iso.datetime();
/** E.164 with the plus sign. */
export const phone = z.string().regex(/^\+[1-9]\d{5,14}$/);
/** Of a person, or with a star of a business: eight characters. */
export const threemaId = z.string().regex(/^[*0-9A-Z][0-9A-Z]{7}$/);
/** ISO 3166-1 alpha-2. */
export const country = z.string().regex(/^[A-Z]{2}$/);
/** ISO 4217. */
export const currency = z.string().regex(/^[A-Z]{3}$/);

/** How a provider names a person on one channel. At least one of `phone`, `bsuid` and `threemaId` is there (whatsapp.md §A5, §G). */
export const channelIdentity = z.object({
  phone: phone.optional(),
  /** Business-scoped user id: opaque, stored whole. */
  bsuid: z.string().max(160).optional(),
  /** The same person’s id for all businesses that one parent links: nobody can be written to by it, and no consent hangs on it. */
  parentBsuid: z.string().max(160).optional(),
  threemaId: threemaId.optional(),
  username: z.string().max(100).optional(),
  profileName: z.string().max(512).optional(),
});
export type ChannelIdentity = z.infer<typeof channelIdentity>;

/** What the customer clicked before they wrote: an ad or a post that leads to the chat. All of it is the provider's word. */
export const referral = z.object({
  /** `ad`, `post`; an open set. */
  sourceType: z.string().max(64).optional(),
  /** The provider's id of it. */
  sourceId: z.string().max(256).optional(),
  sourceUrl: z.string().max(2_048).optional(),
  headline: z.string().max(1_024).optional(),
  /** Of this very click, by which the advertiser's figures name it. */
  clickId: z.string().max(512).optional(),
});
export type Referral = z.infer<typeof referral>;

export const messageType = z.enum([
  'text',
  'image',
  'video',
  'audio',
  'document',
  'sticker',
  'location',
  'contacts',
  'interactive',
  'template',
  'button',
  'reaction',
  'order',
  'system',
  'edit',
  'revoke',
  'unsupported',
]);
export type MessageType = z.infer<typeof messageType>;

/** What may happen to a message after it was written. */
export const messageChange = z.discriminatedUnion('kind', [
  /** Null takes an earlier reaction back. */
  z.object({ kind: z.literal('reaction'), emoji: z.string().min(1).max(64).nullable() }),
  /** The content as it is now. */
  z.object({
    kind: z.literal('edit'),
    type: messageType,
    text: z.string().optional(),
    payload: z.record(z.string(), z.unknown()).optional(),
  }),
  z.object({ kind: z.literal('revoke') }),
]);
export type MessageChange = z.infer<typeof messageChange>;

export const deliveryStatus = z.enum(['sent', 'delivered', 'read', 'played', 'failed']);
export type DeliveryStatus = z.infer<typeof deliveryStatus>;

/** A provider's failure: its own code, what that means, and the same in English words for agents. */
export const deliveryError = z.object({
  code: z.number().int(),
  title: z.string().max(1_000),
  /** Absent for codes that the adapter does not know. */
  reason: failureReason.optional(),
});
export type DeliveryError = z.infer<typeof deliveryError>;

/** `ERROR`: the provider does not let it send, until somebody has repaired it. `DISABLED`: somebody switched it off. */
export const channelState = z.enum(['ACTIVE', 'ERROR', 'DISABLED']);
export type ChannelState = z.infer<typeof channelState>;

/** Why a message that may leave has not left yet. */
export const deliveryWaitReason = z.enum([
  'NUMBER_LIMIT',
  'PAIR_LIMIT',
  'PORTFOLIO_LIMIT',
  'EARLIER_MESSAGE',
  'PROVIDER_UNREACHABLE',
  'PROVIDER_BUSY',
  'CHANNEL_DOWN',
]);
export type DeliveryWaitReason = z.infer<typeof deliveryWaitReason>;

/** Why somebody got a conversation, or nobody has it any more. The words for it are in the activity. */
export const assignmentCause = z.enum(['MANUAL', 'ROUND_ROBIN', 'LEAST_BUSY', 'RETURNING_CUSTOMER', 'RELEASED']);
export type AssignmentCause = z.infer<typeof assignmentCause>;
export const conversationStatus = z.enum(['OPEN', 'PENDING', 'SNOOZED', 'RESOLVED']);

/** Somebody asked for it, somebody replied, the customer wrote, or a snooze came to its end. */
export const statusReason = z.enum(['REQUESTED', 'REPLIED', 'CUSTOMER_WROTE', 'SNOOZE_ENDED']);
export type StatusReason = z.infer<typeof statusReason>;
/** Who a conversation is answered by: people, whoever of them, or one program. */
export const controller = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('human') }),
  z.object({ kind: z.enum(['api_key', 'bot']), id }),
]);
export type Controller = z.infer<typeof controller>;

/** Stands for a provider's message id, which may have a phone number inside. Random parts of the id keep it from being guessed. */
export function messageKey(providerMessageId: string): string {
  return createHash('sha256').update(providerMessageId).digest('hex');
}

const ERASED = 'erased.';

/** In the place of the id of a message whose person is erased: the same for the same id, so that pairs stay pairs. */
export function erasedMessageId(providerMessageId: string): string {
  return providerMessageId.startsWith(ERASED) ? providerMessageId : `${ERASED}${messageKey(providerMessageId)}`;
}

export function withErasedMessageId<Data extends { providerMessageId: string }>(data: Data): Data {
  return { ...data, providerMessageId: erasedMessageId(data.providerMessageId) };
}
