import { isObject, listOf, type Json } from '../rules/json.js';
import { checkContent, MESSAGE_TYPES, type MessageType } from '../rules/message-content.js';
import { invalidParameter, parameterError, type GraphError } from './graph-error.js';

export interface MessageCall {
  kind: 'message';
  type: MessageType;
  to: { phone: string } | { bsuid: string };
  input: string;
  /** Of `contacts` a list, of all others an object. */
  content: unknown;
  replyTo?: string;
  callbackData?: string;
}
export interface ReadCall {
  kind: 'read';
  messageId: string;
  isTyping: boolean;
}
export type GraphCall = ReadCall | MessageCall;

const MAX_CALLBACK_DATA = 512;

/**
 * Reads the body of `POST /{phone-number-id}/messages`.
 * @param callingCode of the business number: Meta puts it before a `to` without plus.
 */
export function readGraphCall(body: unknown, callingCode: string): GraphCall | GraphError {
  if (!isObject(body)) return parameterError('The request body must be a JSON object.');
  if (body['messaging_product'] !== 'whatsapp') return parameterError('The parameter messaging_product is required.');
  if (body['status'] !== undefined) return readReceipt(body);
  const recipient = readRecipient(body, callingCode);
  if ('code' in recipient) return recipient;
  const type = body['type'] ?? 'text';
  if (!MESSAGE_TYPES.includes(type as MessageType)) return parameterError('Param type is not a known message type.');
  const content = body[type as MessageType];
  const contentError = checkContent(type as MessageType, content);
  if (contentError) return contentError;
  const callbackData = body['biz_opaque_callback_data'];
  if (callbackData !== undefined && (typeof callbackData !== 'string' || callbackData.length > MAX_CALLBACK_DATA)) {
    return parameterError(
      `Param biz_opaque_callback_data must be a string of at most ${MAX_CALLBACK_DATA} characters.`,
    );
  }
  const { context } = body;
  if (context !== undefined && !(isObject(context) && typeof context['message_id'] === 'string')) {
    return parameterError('Param context must be an object with message_id.');
  }
  return {
    kind: 'message',
    type: type as MessageType,
    ...recipient,
    content,
    ...(isObject(context) && { replyTo: String(context['message_id']) }),
    ...(callbackData !== undefined && { callbackData }),
  };
}

function readReceipt(body: Json): ReadCall | GraphError {
  const { status, message_id: messageId, typing_indicator: typing } = body;
  if (status !== 'read') return parameterError('Param status must be one of {READ} - got something else.');
  if (typeof messageId !== 'string') return parameterError('The parameter message_id is required.');
  if (typing !== undefined && !(isObject(typing) && typing['type'] === 'text')) {
    return parameterError("Param typing_indicator['type'] must be one of {TEXT}.");
  }
  return { kind: 'read', messageId, isTyping: typing !== undefined };
}

type Recipient = Pick<MessageCall, 'to' | 'input'>;

function readRecipient(body: Json, callingCode: string): Recipient | GraphError {
  const { to, recipient, recipient_type: kind } = body;
  if (kind !== undefined && kind !== 'individual') {
    return parameterError('The sandbox has no groups: recipient_type must be individual.');
  }
  // `to` wins if both are given.
  if (to !== undefined) {
    if (typeof to !== 'string') return parameterError('Param to must be a string.');
    const digits = to.replaceAll(/[\s()-]/g, '');
    const phone = digits.startsWith('+') ? digits.slice(1) : `${callingCode}${digits}`;
    return /^[1-9]\d{5,14}$/.test(phone)
      ? { to: { phone }, input: to }
      : invalidParameter('The recipient is not a phone number.');
  }
  if (recipient !== undefined) {
    if (typeof recipient !== 'string' || !/^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$/.test(recipient)) {
      return invalidParameter('The recipient is not a user id.');
    }
    return { to: { bsuid: recipient }, input: recipient };
  }
  return parameterError('The parameter to is required.');
}

/** Every media that the content refers to by id, headers of interactive messages and templates included. */
export function mediaIdsOf({ type, content }: Pick<MessageCall, 'type' | 'content'>): { kind: string; id: string }[] {
  if (!isObject(content)) return [];
  const from = (holder: unknown): { kind: string; id: string }[] =>
    isObject(holder)
      ? ['image', 'video', 'document', 'audio', 'sticker'].flatMap((kind) => {
          const media = holder[kind];
          return isObject(media) && typeof media['id'] === 'string' ? [{ kind, id: media['id'] }] : [];
        })
      : [];
  if (type === 'interactive') return from(content['header']);
  if (type === 'template') {
    return listOf(content['components'])
      .filter(isObject)
      .flatMap((component) => listOf(component['parameters']).flatMap(from));
  }
  return from({ [type]: content });
}
