import { exchange, type ExchangeOptions, type OutgoingRequest } from '../exchange.js';
import { isObject, parseJson, type JsonObject } from '../json.js';
import type { OutgoingMessage, SendOutcome } from '../provider.js';
import { classifyHttpStatus, isRefusal, rejection, retryAfterMs, WRONG_ADDRESS } from '../rejection.js';
import { graphUrl, type GraphAccess } from './graph-access.js';
import { writeContent } from './outgoing-content.js';
import { classifyError } from './send-errors.js';

type WhatsAppMessage = OutgoingMessage & { to: { phone: string } | { bsuid: string } };

/** The Graph API call for a message (whatsapp.md §B1). @throws TypeError if its base is not a URL. */
export function buildSendRequest(message: WhatsAppMessage, access: GraphAccess): OutgoingRequest {
  return messagesRequest(access, {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    // Without the plus Meta would prefix the country code of the business.
    ...('phone' in message.to ? { to: `+${message.to.phone.replace(/^\+/, '')}` } : { recipient: message.to.bsuid }),
    ...writeContent(message),
    ...(message.replyToProviderMessageId !== undefined && {
      context: { message_id: message.replyToProviderMessageId },
    }),
    biz_opaque_callback_data: message.messageId,
  });
}

function messagesRequest(access: GraphAccess, body: object): OutgoingRequest {
  const { origin, pathname: path } = graphUrl(access, [...access.numberPath, 'messages']);
  return {
    origin,
    path,
    headers: { ...access.headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}

/** Nothing waits for a hint, and it keeps connections from messages. */
const HINT_TIMEOUT_MS = 5_000;

/** Marks the message as read, and all before it (whatsapp.md §B1). Doing it twice is as good as once. */
export async function markRead(
  providerMessageId: string,
  access: GraphAccess,
  options: ExchangeOptions,
  more: object = {},
): Promise<SendOutcome> {
  const body = { messaging_product: 'whatsapp', status: 'read', message_id: providerMessageId, ...more };
  let request: OutgoingRequest;
  try {
    request = messagesRequest(access, body);
  } catch {
    return { kind: 'rejected', ...WRONG_ADDRESS };
  }
  // It names no message of its own: success is the whole answer.
  const hint = { ...options, timeoutMs: Math.min(options.timeoutMs, HINT_TIMEOUT_MS) };
  return exchange(request, hint, (status, answer, retryAfter) => {
    const outcome = interpretResponse(status, answer, retryAfter);
    const isDone = outcome.kind === 'unconfirmed' && status >= 200 && status < 300;
    return isDone ? { kind: 'accepted', providerMessageId } : outcome;
  });
}

/** Shown for 25 seconds or until the reply; marks the message as read, and all before it (whatsapp.md §B1). */
export async function showTyping(
  providerMessageId: string,
  access: GraphAccess,
  options: ExchangeOptions,
): Promise<void> {
  await markRead(providerMessageId, access, options, { typing_indicator: { type: 'text' } });
}

/** One attempt to send. Never rejects; see {@link SendOutcome} for what may be repeated. */
export async function sendMessage(
  message: OutgoingMessage,
  access: GraphAccess,
  options: ExchangeOptions,
): Promise<SendOutcome> {
  if ('threemaId' in message.to) return { kind: 'rejected', ...rejection({ reason: 'no_address' }) };
  let request: OutgoingRequest;
  try {
    request = buildSendRequest({ ...message, to: message.to }, access);
  } catch {
    return { kind: 'rejected', ...WRONG_ADDRESS };
  }
  return exchange(request, options, (status, body, retryAfter) => {
    const outcome = interpretResponse(status, body, retryAfter);
    return outcome.kind === 'accepted' ? { ...outcome, ...otherNumber(message.to, body) } : outcome;
  });
}

/** In Brazil and Mexico WhatsApp knows many phones by a number without the digit that is dialled, or with one more. */
function otherNumber(to: OutgoingMessage['to'], body: Buffer): { recipient?: { phone: string } } {
  const parsed = parseJson(body, { maxDepth: 32 });
  const contacts = parsed.ok ? parsed.value.contacts : undefined;
  const contact: unknown = Array.isArray(contacts) ? contacts[0] : undefined;
  const id = isObject(contact) ? contact.wa_id : undefined;
  if (!('phone' in to) || typeof id !== 'string' || !/^[1-9]\d{5,14}$/.test(id)) return {};
  return `+${id}` === to.phone ? {} : { recipient: { phone: `+${id}` } };
}

/**
 * What an answer means. A 2xx without a message id and a server error without an error object leave open whether the message
 * was sent: Meta has no idempotency key, so both are `unconfirmed`.
 */
export function interpretResponse(status: number, body: Buffer, retryAfter?: string): SendOutcome {
  const parsed = parseJson(body, { maxDepth: 32 });
  const answer: JsonObject = parsed.ok ? parsed.value : {};
  const { error } = answer;
  if (isObject(error) && Number.isSafeInteger(error.code)) {
    const rejection = classifyError(error.code as number, error.is_transient === true);
    const waitMs = retryAfterMs(retryAfter);
    const mayRepeat = rejection.class === 'retry' || rejection.class === 'wait';
    return { kind: 'rejected', ...rejection, ...(mayRepeat && waitMs !== undefined && { retryAfterMs: waitMs }) };
  }
  if (status >= 200 && status < 300) {
    const first: unknown = Array.isArray(answer.messages) ? answer.messages[0] : undefined;
    if (isObject(first) && typeof first.id === 'string' && /^[\x21-\x7e]{1,256}$/.test(first.id)) {
      return { kind: 'accepted', providerMessageId: first.id };
    }
    return { kind: 'unconfirmed', reason: 'accepted without a message id' };
  }
  if (!isRefusal(status)) return { kind: 'unconfirmed', reason: `HTTP ${status} without an error object` };
  const waitMs = retryAfterMs(retryAfter);
  return {
    kind: 'rejected',
    ...classifyHttpStatus(status),
    ...(status === 429 && waitMs !== undefined && { retryAfterMs: waitMs }),
  };
}
