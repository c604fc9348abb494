import { failureText, type FileKind } from '@fenster/contracts';
import { recipientCountry } from '@fenster/runtime';
import { parseForm } from '../form-body.js';
import { optionalText } from '../json.js';
import type {
  DeliveryStatus,
  InboundMessage,
  InboundStatus,
  ParsedWebhook,
  PostedWebhook,
  ProviderError,
} from '../provider.js';
import { rejectWebhook } from '../reject-webhook.js';
import { reasonOf } from './send-errors.js';

/** The query of a status callback says which of our messages it is about. */
export const MESSAGE_PARAMETER = 'message';

const MAX_TEXT = 65_536;
const MAX_MEDIA = 10;
const SID = /^[A-Z]{2}[0-9a-f]{32}$/;
const PHONE = /^\+[1-9]\d{5,14}$/;

/** On its way, as far as anybody knows: nothing that changes anything. */
const PASSING: ReadonlySet<string> = new Set(['accepted', 'scheduled', 'queued', 'sending']);

const STATUSES: ReadonlyMap<string, DeliveryStatus> = new Map<string, DeliveryStatus>([
  ['sent', 'sent'],
  ['delivered', 'delivered'],
  ['undelivered', 'failed'],
  ['failed', 'failed'],
  ['canceled', 'failed'],
]);

/** Reads what Twilio posts: a message, with its files, or a status (whatsapp.md §G). Pure, never throws. */
export function parseTwilioWebhook({ rawBody, query, receivedAt }: PostedWebhook): ParsedWebhook {
  const fields = parseForm(rawBody);
  if (!fields) return rejectWebhook('the body is no form');
  const id = fields.get('MessageSid') ?? fields.get('SmsSid') ?? '';
  if (!SID.test(id)) return rejectWebhook('MessageSid missing or malformed');
  const status = fields.get('MessageStatus');
  return status === null
    ? readMessage(id, fields, receivedAt)
    : readStatus(id, status, { fields, callbackData: query.get(MESSAGE_PARAMETER), receivedAt });
}

function readMessage(id: string, fields: URLSearchParams, sentAt: Date): ParsedWebhook {
  const address = phoneOf(fields.get('To'));
  const phone = phoneOf(fields.get('From'));
  if (address === undefined) return rejectWebhook('To missing or no number');
  // Short codes and names cannot be answered.
  if (phone === undefined) return rejectWebhook('From missing or no number');
  const text = fields.get('Body') ?? '';
  const about = { kind: 'message', address, identity: { phone }, sentAt, opensWindow: true } as const;
  const files = filesOf(fields);
  const parts: Pick<InboundMessage, 'type' | 'payload' | 'media'>[] =
    files.length === 0 ? [{ type: 'text', payload: { body: optionalText(text, MAX_TEXT) ?? '' } }] : files;
  const items = parts.map((part, index): InboundMessage => {
    const words = index === 0 ? optionalText(text, MAX_TEXT) : undefined;
    const own = index === 0 ? id : `${id}:${index}`;
    return {
      ...about,
      ...part,
      path: index === 0 ? '$' : `$.MediaUrl${index}`,
      dedupeKey: `message:${own}`,
      providerMessageId: own,
      truncated: text.length > MAX_TEXT,
      ...(words !== undefined && { text: words }),
    };
  });
  return { items, rejected: [] };
}

/** Each is a message of its own: ours bring one file. */
function filesOf(fields: URLSearchParams): Pick<InboundMessage, 'type' | 'payload' | 'media'>[] {
  const count = Math.min(Number(fields.get('NumMedia') ?? 0) || 0, MAX_MEDIA);
  return Array.from({ length: count }, (_, index) => {
    const providerMediaId = optionalText(fields.get(`MediaUrl${index}`), 2_048);
    const mimeType = optionalText(fields.get(`MediaContentType${index}`), 255);
    const payload = mimeType === undefined ? {} : { mime_type: mimeType };
    const kind = kindOf(mimeType);
    const type = MESSAGE_TYPES[kind];
    if (providerMediaId === undefined) return { type, payload };
    return { type, payload, media: { providerMediaId, kind, ...(mimeType !== undefined && { mimeType }) } };
  });
}

const MESSAGE_TYPES = { IMAGE: 'image', VIDEO: 'video', AUDIO: 'audio', DOCUMENT: 'document' } as const;

function kindOf(mimeType = ''): Exclude<FileKind, 'STICKER'> {
  const [main] = mimeType.toLowerCase().split('/');
  return main === 'image' ? 'IMAGE' : main === 'video' ? 'VIDEO' : main === 'audio' ? 'AUDIO' : 'DOCUMENT';
}

function readStatus(
  id: string,
  word: string,
  { fields, callbackData, receivedAt }: { fields: URLSearchParams; callbackData: string | null; receivedAt: Date },
): ParsedWebhook {
  const address = phoneOf(fields.get('From'));
  if (address === undefined) return rejectWebhook('From missing or no number');
  const dedupeKey = `status:${word}:${id}`;
  if (PASSING.has(word)) {
    return { items: [{ kind: 'other', path: '$', dedupeKey, field: 'message_status', address }], rejected: [] };
  }
  const status = STATUSES.get(word);
  if (!status) return rejectWebhook('MessageStatus unknown');
  const country = recipientCountry(phoneOf(fields.get('To'))?.slice(1), undefined);
  const said = optionalText(callbackData, 512);
  const item: InboundStatus = {
    kind: 'status',
    path: '$',
    address,
    dedupeKey,
    providerMessageId: id,
    ...(said !== undefined && { callbackData: said }),
    status,
    occurredAt: receivedAt,
    ...(country !== undefined && { recipientCountry: country }),
    errors: status === 'failed' ? errorsOf(fields) : [],
  };
  return { items: [item], rejected: [] };
}

/** Twilio's words are for developers. */
function errorsOf(fields: URLSearchParams): ProviderError[] {
  const text = fields.get('ErrorCode') ?? '';
  if (!/^\d{5}$/.test(text)) return [];
  const code = Number(text);
  const reason = reasonOf(code) ?? 'refused';
  return [{ code, title: failureText(reason, 'en').text, reason }];
}

function phoneOf(value: string | null): string | undefined {
  return value !== null && PHONE.test(value) ? value : undefined;
}
