import { z } from 'zod';
import { deliveryStatus } from './common.js';
import { contentKind, mediaKind } from './outgoing-content.js';

/** What can be done over a channel, whatever may be done. Told of every channel, so that nobody has to know kinds of providers. */
export const channelCapabilities = z.object({
  /** Only templates may be sent, unless the customer wrote in the last 24 hours. */
  serviceWindow: z.boolean(),
  templates: z.boolean(),
  contentKinds: z.array(contentKind),
  /** Of content with files. */
  mediaKinds: z.partialRecord(mediaKind, z.object({ maxBytes: z.int().positive() })),
  /** Of a text, as people count; and in UTF-8, where that is what counts. */
  maxTextCharacters: z.int().positive(),
  maxTextBytes: z.int().positive().optional(),
  /** A message can say which one it answers. */
  quotes: z.boolean(),
  reactions: z.boolean(),
  readReceipts: z.boolean(),
  typing: z.boolean(),
  /** Those that are told of messages that were sent. */
  statuses: z.array(deliveryStatus),
  /** Who wrote is who it says: an SMS may bear anybody's number. Absent in what was told before it was asked. */
  senderProven: z.boolean().optional(),
  /** Customers see a profile of the business, which can be changed from here. */
  businessProfile: z.boolean(),
  /** PER_MESSAGE: statuses say what each message is charged as. UNTOLD: the provider's bill says it later. */
  costModel: z.enum(['PER_MESSAGE', 'UNTOLD']),
});
export type ChannelCapabilities = z.infer<typeof channelCapabilities>;
