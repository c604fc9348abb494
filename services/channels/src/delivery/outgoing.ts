import type { MessageQueued } from '@fenster/contracts';
import { seal, unseal } from '@fenster/runtime';
import type { OutgoingMessage } from '../providers/provider.js';

/** What is sealed until the message has left. */
export type OutgoingRequest = Omit<OutgoingMessage, 'messageId'>;

/** Undefined if there is no address to send to. The phone number wins, as it does at the provider. */
export function toOutgoingRequest({
  to,
  type,
  text,
  contextProviderMessageId,
}: MessageQueued): OutgoingRequest | undefined {
  const address =
    to.phone !== undefined ? { phone: to.phone } : to.bsuid !== undefined ? { bsuid: to.bsuid } : undefined;
  if (!address) return undefined;
  return { to: address, type, content: { body: text }, replyToProviderMessageId: contextProviderMessageId };
}

export function sealRequest(secretKey: Buffer, messageId: string, request: OutgoingRequest): Buffer {
  return seal(secretKey, JSON.stringify(request), requestContext(messageId));
}

/** @throws Error if the key is another one. */
export function unsealRequest(secretKey: Buffer, messageId: string, sealed: Buffer): OutgoingRequest {
  return JSON.parse(unseal(secretKey, sealed, requestContext(messageId))) as OutgoingRequest;
}

function requestContext(messageId: string): string {
  return `outbound_message:${messageId}`;
}
