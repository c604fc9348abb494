import { createHmac } from 'node:crypto';
import { filesOf, type MessageQueued, type OutgoingContent } from '@fenster/contracts';
import { seal, unseal } from '@fenster/runtime';
import type { OutgoingMessage } from '../providers/provider.js';

/** What is sealed until the message has left. */
export type OutgoingRequest = Omit<OutgoingMessage, 'messageId' | 'media'>;

/** Undefined if there is no address to send to. The phone number wins, as it does at the provider. */
export function toOutgoingRequest(message: MessageQueued): OutgoingRequest | undefined {
  const { phone, bsuid, threemaId } = message.to;
  const to =
    phone !== undefined
      ? { phone }
      : bsuid !== undefined
        ? { bsuid }
        : threemaId !== undefined
          ? { threemaId }
          : undefined;
  if (!to) return undefined;
  if (message.type === 'reaction') {
    const { targetProviderMessageId, emoji } = message;
    return { to, content: { kind: 'reaction', targetProviderMessageId, emoji } };
  }
  const { contextProviderMessageId: replyToProviderMessageId } = message;
  return { to, content: contentOf(message), ...(replyToProviderMessageId && { replyToProviderMessageId }) };
}

function contentOf(message: Exclude<MessageQueued, { type: 'reaction' }>): OutgoingContent {
  if (message.type !== 'text') return message.content;
  const { text, previewUrl } = message;
  return { kind: 'text', body: text, ...(previewUrl && { previewUrl }) };
}

/** Our ids of the files in it, each once. */
export function filesIn(content: OutgoingRequest['content']): string[] {
  return content.kind === 'reaction' ? [] : [...new Set(filesOf(content).map(({ file }) => file.mediaId))];
}

export function sealRequest(secretKey: Buffer, messageId: string, request: OutgoingRequest): Buffer {
  return seal(secretKey, JSON.stringify(request), requestContext(messageId));
}

/** @throws Error if the key is another one. */
export function unsealRequest(secretKey: Buffer, messageId: string, sealed: Buffer): OutgoingRequest {
  return JSON.parse(unseal(secretKey, sealed, requestContext(messageId))) as OutgoingRequest;
}

const RECIPIENT_HASH_BYTES = 16;

/** Tells persons apart without saying who they are: keyed, because there are not many phone numbers. */
export function hashRecipient(secretKey: Buffer, to: OutgoingMessage['to']): Buffer {
  const [address] = Object.values(to) as [string];
  const hmac = createHmac('sha256', secretKey).update('recipient\0').update(address);
  return hmac.digest().subarray(0, RECIPIENT_HASH_BYTES);
}

function requestContext(messageId: string): string {
  return `outbound_message:${messageId}`;
}
