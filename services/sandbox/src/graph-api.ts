import { randomBytes } from 'node:crypto';

/** What the Graph API says no with (whatsapp.md §B1, §B4). */
export interface GraphError {
  status: number;
  code: number;
  subcode?: number;
  type?: 'OAuthException' | 'GraphMethodException';
  message: string;
  details?: string;
}

export function graphErrorBody(error: GraphError): object {
  return {
    error: {
      message: error.message,
      type: error.type ?? 'OAuthException',
      code: error.code,
      ...(error.subcode !== undefined && { error_subcode: error.subcode }),
      ...(error.details !== undefined && { error_data: { messaging_product: 'whatsapp', details: error.details } }),
      fbtrace_id: randomBytes(8).toString('hex'),
    },
  };
}

export const badToken: GraphError = {
  status: 401,
  code: 190,
  message: 'Invalid OAuth access token - Cannot parse access token',
};

export const overloaded: GraphError = {
  status: 503,
  code: 131016,
  message: '(#131016) Service unavailable',
  details: 'The sandbox holds too many undelivered webhooks.',
};

export const windowClosed: GraphError = {
  status: 400,
  code: 131047,
  message: '(#131047) Re-engagement message',
  details:
    'Message failed to send because more than 24 hours have passed since the customer last replied to this number.',
};

export function unknownObject(id: string): GraphError {
  return {
    status: 400,
    code: 100,
    subcode: 33,
    type: 'GraphMethodException',
    message: `Unsupported post request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation`,
  };
}

const parameter = (message: string, details?: string): GraphError => ({
  status: 400,
  code: 100,
  message: `(#100) ${message}`,
  details,
});

const missing = (details: string): GraphError => ({
  status: 400,
  code: 131008,
  message: '(#131008) Required parameter is missing',
  details,
});

const invalid = (details: string): GraphError => ({
  status: 400,
  code: 131009,
  message: '(#131009) Parameter value is not valid',
  details,
});

const TYPES: ReadonlySet<unknown> = new Set([
  'text',
  'image',
  'video',
  'audio',
  'document',
  'sticker',
  'location',
  'contacts',
  'interactive',
  'reaction',
  'template',
]);

export type GraphCall =
  | { kind: 'read' }
  | { kind: 'message'; type: string; to: { phone: string } | { bsuid: string }; input: string; callbackData?: string };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads the body of `POST /{phone-number-id}/messages`.
 * @param callingCode of the business number: Meta puts it before a `to` without plus.
 */
export function readGraphCall(body: unknown, callingCode: string): GraphCall | GraphError {
  if (!isObject(body)) return parameter('The request body must be a JSON object.');
  if (body.messaging_product !== 'whatsapp') return parameter('The parameter messaging_product is required.');
  if (body.status !== undefined) {
    if (body.status !== 'read') return parameter('Param status must be one of {READ} - got something else.');
    return typeof body.message_id === 'string' ? { kind: 'read' } : parameter('The parameter message_id is required.');
  }
  const recipient = readRecipient(body, callingCode);
  if ('code' in recipient) return recipient;
  const type = body.type ?? 'text';
  if (typeof type !== 'string' || !TYPES.has(type)) return parameter('Param type is not a known message type.');
  const contentError = checkContent(type, body[type]);
  if (contentError) return contentError;
  const callbackData = body.biz_opaque_callback_data;
  if (callbackData !== undefined && (typeof callbackData !== 'string' || callbackData.length > 512)) {
    return parameter('Param biz_opaque_callback_data must be a string of at most 512 characters.');
  }
  if (body.context !== undefined && !(isObject(body.context) && typeof body.context.message_id === 'string')) {
    return parameter('Param context must be an object with message_id.');
  }
  return { kind: 'message', type, ...recipient, ...(callbackData !== undefined && { callbackData }) };
}

type Recipient = Pick<Extract<GraphCall, { kind: 'message' }>, 'to' | 'input'>;

function readRecipient(body: Record<string, unknown>, callingCode: string): Recipient | GraphError {
  const { to, recipient } = body;
  // `to` wins if both are given.
  if (to !== undefined) {
    if (typeof to !== 'string') return parameter('Param to must be a string.');
    const digits = to.replaceAll(/[\s()-]/g, '');
    const phone = digits.startsWith('+') ? digits.slice(1) : `${callingCode}${digits}`;
    return /^[1-9]\d{5,14}$/.test(phone)
      ? { to: { phone }, input: to }
      : invalid('The recipient is not a phone number.');
  }
  if (recipient !== undefined) {
    if (typeof recipient !== 'string' || !/^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$/.test(recipient)) {
      return invalid('The recipient is not a user id.');
    }
    return { to: { bsuid: recipient }, input: recipient };
  }
  return parameter('The parameter to is required.');
}

function checkContent(type: string, content: unknown): GraphError | undefined {
  if (content === undefined) return missing(`Parameter '${type}' is mandatory for type '${type}'.`);
  if (type === 'contacts' ? !Array.isArray(content) : !isObject(content))
    return parameter(`Param ${type} has the wrong type.`);
  if (type === 'text' && isObject(content)) {
    const { body } = content;
    if (typeof body !== 'string' || body === '') return parameter("The parameter text['body'] is required.");
    // Counted as people do: an emoji is one character.
    if (Array.from(body).length > 4_096) return parameter("Param text['body'] must be at most 4096 characters long.");
  }
  return undefined;
}
