import { randomInt } from 'node:crypto';
import type { FileKind } from '@fenster/contracts';
import { isObject, optionalText, parseJson } from '../json.js';
import type { DeliveryStatus, InboundItem, InboundMessage, ParsedWebhook, PostedWebhook } from '../provider.js';
import { rejectWebhook } from '../reject-webhook.js';
import { readCallback, type Callback } from './callback.js';

/** The first byte of what is in the box. */
const TEXT = 0x01;
const FILE = 0x17;
const RECEIPT = 0x80;
const TYPING = 0x90;

const MAX_TEXT = 65_536;
const ID_BYTES = 8;
const MIN_PADDED_BYTES = 32;

/** A text, as it goes into the box: padded, so that its length tells little. */
export function writeText(text: string): Buffer {
  const content = Buffer.concat([Buffer.of(TEXT), Buffer.from(text, 'utf8')]);
  const length = Math.max(randomInt(1, 256), MIN_PADDED_BYTES - content.length);
  return Buffer.concat([content, Buffer.alloc(length, length)]);
}

/** Reads a callback whose box was opened. Pure, never throws. */
export function parseThreemaWebhook({ rawBody, opened }: PostedWebhook): ParsedWebhook {
  const callback = readCallback(rawBody);
  if (typeof callback === 'string') return rejectWebhook(callback);
  if (!opened) return rejectWebhook('was not opened');
  if (opened.kind === 'closed') return rejectWebhook(opened.reason);
  const { content } = opened;
  const padding = content.at(-1) ?? 0;
  const type = content.at(0);
  if (type === undefined || padding === 0 || padding >= content.length) return rejectWebhook('its padding is wrong');
  const data = content.subarray(1, content.length - padding);
  switch (type) {
    case TEXT:
      return items(messageOf(callback, { type: 'text', ...wordsOf(data.toString('utf8')) }));
    case FILE:
      return items(readFile(callback, data));
    case RECEIPT:
      return readReceipt(callback, data);
    case TYPING:
      return items({
        kind: 'other',
        path: '$',
        dedupeKey: keyOf('typing', callback),
        field: 'typing',
        address: callback.to,
      });
    default:
      return items(placeholder(callback, type));
  }
}

function items(...all: InboundItem[]): ParsedWebhook {
  return { items: all, rejected: [] };
}

/** People choose the ids of their messages, each for themselves. */
function keyOf(what: string, { from, messageId }: Callback): string {
  return `${what}:${from}:${messageId}`;
}

function wordsOf(text: string): Pick<InboundMessage, 'payload' | 'text' | 'truncated'> {
  const words = optionalText(text, MAX_TEXT);
  return { payload: {}, truncated: text.length > MAX_TEXT, ...(words !== undefined && { text: words }) };
}

function messageOf(
  callback: Callback,
  content: Pick<InboundMessage, 'type' | 'payload' | 'truncated'> & Partial<InboundMessage>,
): InboundMessage {
  const { from, to, messageId, date, nickname } = callback;
  const profileName = optionalText(nickname, 256);
  return {
    kind: 'message',
    path: '$',
    address: to,
    dedupeKey: keyOf('message', callback),
    providerMessageId: messageId,
    sentAt: date,
    identity: { threemaId: from, ...(profileName !== undefined && { profileName }) },
    opensWindow: true,
    ...content,
  };
}

/** What this version makes nothing of: it is there, and can be seen. */
function placeholder(callback: Callback, type: number): InboundMessage {
  const name = `threema ${type.toString(16).padStart(2, '0')}`;
  return messageOf(callback, { type: 'unsupported', payload: { type: name }, truncated: false });
}

const MESSAGE_TYPES = { IMAGE: 'image', VIDEO: 'video', AUDIO: 'audio', DOCUMENT: 'document' } as const;

/** The file itself is elsewhere: its key and its place are in the message. */
function readFile(callback: Callback, data: Buffer): InboundMessage {
  const parsed = parseJson(data, { maxDepth: 4 });
  const file = parsed.ok ? parsed.value : {};
  const { b: blobId, k: key, d: caption } = file;
  if (typeof blobId !== 'string' || !/^[0-9a-f]{32}$/i.test(blobId)) return placeholder(callback, FILE);
  if (typeof key !== 'string' || !/^[0-9a-f]{64}$/i.test(key)) return placeholder(callback, FILE);
  const mimeType = optionalText(file.m, 255);
  const fileName = optionalText(file.n, 240);
  const kind = kindOf(mimeType);
  return messageOf(callback, {
    ...wordsOf(typeof caption === 'string' ? caption : ''),
    type: MESSAGE_TYPES[kind],
    payload: {
      ...(mimeType !== undefined && { mime_type: mimeType }),
      ...(fileName !== undefined && { filename: fileName }),
    },
    media: {
      providerMediaId: JSON.stringify([blobId.toLowerCase(), key.toLowerCase()]),
      kind,
      ...(mimeType !== undefined && { mimeType }),
      ...(fileName !== undefined && { fileName }),
    },
  });
}

function kindOf(mimeType = ''): Exclude<FileKind, 'STICKER'> {
  const [main] = mimeType.toLowerCase().split('/');
  return main === 'image' ? 'IMAGE' : main === 'video' ? 'VIDEO' : main === 'audio' ? 'AUDIO' : 'DOCUMENT';
}

const STATUSES: ReadonlyMap<number, DeliveryStatus> = new Map<number, DeliveryStatus>([
  [0x01, 'delivered'],
  [0x02, 'read'],
]);
/** What people say to a message with a thumb. */
const REACTIONS: ReadonlyMap<number, string> = new Map([
  [0x03, '👍'],
  [0x04, '👎'],
]);

/** One for several messages, whose ids it brings. */
function readReceipt(callback: Callback, data: Buffer): ParsedWebhook {
  const [type] = data;
  const ids = data.subarray(1);
  if (type === undefined || ids.length === 0 || ids.length % ID_BYTES !== 0)
    return rejectWebhook('a receipt of nothing');
  const status = STATUSES.get(type);
  const emoji = REACTIONS.get(type);
  if (!status && emoji === undefined) return rejectWebhook('a receipt of an unknown kind');
  const named = Array.from({ length: ids.length / ID_BYTES }, (_, at) =>
    ids.subarray(at * ID_BYTES, (at + 1) * ID_BYTES).toString('hex'),
  );
  return items(
    ...[...new Set(named)].map((providerMessageId, at): InboundItem => {
      const path = `$.box[${at}]`;
      if (status) {
        return {
          kind: 'status',
          path,
          address: callback.to,
          dedupeKey: `status:${status}:${callback.from}:${providerMessageId}`,
          providerMessageId,
          status,
          occurredAt: callback.date,
          errors: [],
        };
      }
      return {
        ...messageOf(callback, {
          type: 'reaction',
          payload: { message_id: providerMessageId, emoji },
          truncated: false,
        }),
        path,
        dedupeKey: `${keyOf('message', callback)}:${providerMessageId}`,
        providerMessageId: `${callback.messageId}:${at}`,
        opensWindow: false,
        changes: { providerMessageId, change: { kind: 'reaction', emoji: emoji! } },
      };
    }),
  );
}

/** Where a file is, and what opens it. */
export function readMediaId(providerMediaId: string): { blobId: string; key: Buffer } | undefined {
  const parsed: unknown = JSON.parse(providerMediaId);
  if (!Array.isArray(parsed) || isObject(parsed)) return undefined;
  const [blobId, key] = parsed as [unknown, unknown];
  return typeof blobId === 'string' && typeof key === 'string' ? { blobId, key: Buffer.from(key, 'hex') } : undefined;
}
