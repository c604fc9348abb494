import { z } from 'zod';
import { id } from './common.js';

/**
 * Somebody types a reply: channels lets the customer see it. No event: plain NATS outside every stream, heard by whoever
 * listens now. The provider's message id has the phone number inside: it stays in the payload.
 */
export const customerTyping = z.object({
  workspaceId: id,
  channelId: id,
  /** The customer's last message, which WhatsApp marks as read with it. */
  providerMessageId: z.string().min(1).max(512),
});
export type CustomerTyping = z.infer<typeof customerTyping>;

const CUSTOMER_TYPING = 'typing.v1';

export function customerTypingSubject(workspaceId: string): string {
  return `${CUSTOMER_TYPING}.${workspaceId}`;
}

/** Of all workspaces. */
export const CUSTOMER_TYPING_SUBJECTS = `${CUSTOMER_TYPING}.*`;

/**
 * Contacts reads a file for the copy that a person gets: request and reply, some bytes at a time, so that files of any size
 * go neither through a log nor through memory as a whole. Whoever has the token may read this one file.
 */
export const mediaRead = z.object({ token: z.string().max(200), offset: z.int().nonnegative() });
export const MEDIA_READ_SUBJECT = 'media.read.v1';
/** `purpose` of the token. */
export const MEDIA_READ = 'media for a copy';
/** Of one reply; shorter, it is the end. */
export const MEDIA_READ_BYTES = 512 * 1024;
/** Header of the reply where there is no such file any more. */
export const MEDIA_GONE = 'Media-Gone';
/** It is there, and cannot be read. */
export const MEDIA_UNREADABLE = 'Media-Unreadable';
