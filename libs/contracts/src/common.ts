import { z } from 'zod';

export const id = z.uuid();
export const instant = z.iso.datetime();
/** E.164 with the plus sign. */
export const phone = z.string().regex(/^\+[1-9]\d{5,14}$/);
/** ISO 3166-1 alpha-2. */
export const country = z.string().regex(/^[A-Z]{2}$/);
/** ISO 4217. */
export const currency = z.string().regex(/^[A-Z]{3}$/);

/** How a provider names a person on one channel. At least one of `phone` and `bsuid` is there (whatsapp.md §A5). */
export const channelIdentity = z.object({
  phone: phone.optional(),
  /** Business-scoped user id: opaque, stored whole. */
  bsuid: z.string().max(160).optional(),
  username: z.string().max(100).optional(),
  profileName: z.string().max(512).optional(),
});
export type ChannelIdentity = z.infer<typeof channelIdentity>;

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
  'button',
  'reaction',
  'order',
  'system',
  'edit',
  'revoke',
  'unsupported',
]);
export type MessageType = z.infer<typeof messageType>;

export const deliveryStatus = z.enum(['sent', 'delivered', 'read', 'played', 'failed']);
export type DeliveryStatus = z.infer<typeof deliveryStatus>;

/** A provider's failure: the code is what rules branch on, the text is for agents. */
export const deliveryError = z.object({ code: z.number().int(), title: z.string().max(1_000) });
export type DeliveryError = z.infer<typeof deliveryError>;
