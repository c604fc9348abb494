import { createHash } from 'node:crypto';
import { failureText, type FileKind, type MessageChange, type Referral } from '@fenster/contracts';
import { recipientCountry } from '@fenster/runtime';
import { reasonOf } from './send-errors.js';
import { preferencesOf } from './preferences.js';
import { numberNewsOf } from './number-news.js';
import { volumeTierOf } from './volume-tier.js';
import { templateNewsOf } from './template-news.js';
import {
  isObject,
  optionalText,
  parseJson,
  storableCopy,
  storableText,
  type JsonObject,
  type JsonRefusal,
} from '../json.js';
import type {
  DeliveryStatus,
  InboundMedia,
  InboundMessage,
  InboundMessageType,
  InboundOther,
  InboundStatus,
  ParsedWebhook,
  ProviderError,
  SenderIdentity,
  StatusPricing,
} from '../provider.js';
import { rejectWebhook } from '../reject-webhook.js';

/** WhatsApp clients write up to 65,536 characters; what the Cloud API sends is limited to 4,096. */
const MAX_TEXT = 65_536;
const MAX_PAYLOAD_SIZE = 131_072;
const MAX_PAYLOAD_DEPTH = 16;
const MAX_VALUE_DEPTH = 64;
const MAX_ERRORS = 20;

type MessageTypeRule = { content: 'object' | 'array'; opensWindow: boolean };

/** whatsapp.md §A6. What is not listed here becomes `unsupported`. */
const MESSAGE_TYPES: ReadonlyMap<string, MessageTypeRule> = new Map<
  Exclude<InboundMessageType, 'unsupported'>,
  MessageTypeRule
>([
  ['text', { content: 'object', opensWindow: true }],
  ['image', { content: 'object', opensWindow: true }],
  ['video', { content: 'object', opensWindow: true }],
  ['audio', { content: 'object', opensWindow: true }],
  ['document', { content: 'object', opensWindow: true }],
  ['sticker', { content: 'object', opensWindow: true }],
  ['location', { content: 'object', opensWindow: true }],
  ['contacts', { content: 'array', opensWindow: true }],
  ['interactive', { content: 'object', opensWindow: true }],
  ['button', { content: 'object', opensWindow: true }],
  ['order', { content: 'object', opensWindow: true }],
  // Whether a reaction opens Meta's window is undocumented: assume not, error 131047 would correct the opposite mistake too late.
  ['reaction', { content: 'object', opensWindow: false }],
  ['system', { content: 'object', opensWindow: false }],
  ['edit', { content: 'object', opensWindow: false }],
  ['revoke', { content: 'object', opensWindow: false }],
]);

const STATUSES: ReadonlySet<string> = new Set<DeliveryStatus>(['sent', 'delivered', 'read', 'played', 'failed']);

/** Reads a webhook of Meta, or of a partner that passes it on. */
export function parseRawWebhook(rawBody: Buffer): ParsedWebhook {
  const body = parseJson(rawBody, { maxDepth: MAX_VALUE_DEPTH });
  return body.ok ? parseWebhook(body.value) : rejectWebhook(REFUSALS[body.reason]);
}

const REFUSALS: Record<JsonRefusal, string> = {
  'not-utf8': 'the body is not UTF-8',
  'not-json': 'the body is not JSON',
  'not-object': 'the body is not an object',
  'too-deep': `the body is nested deeper than ${MAX_VALUE_DEPTH}`,
};

/**
 * What the body says (whatsapp.md §A4–A8). Pure, never throws, takes any value.
 *
 * Every element of `messages`, `statuses` and `errors`, and every change of another field, ends as one item or one rejection;
 * so does every container that cannot be opened. Unknown keys are ignored.
 */
export function parseWebhook(body: unknown): ParsedWebhook {
  const result: ParsedWebhook = { items: [], rejected: [] };
  if (!isObject(body)) reject(result, '$', 'not an object');
  else if (body.object !== 'whatsapp_business_account') reject(result, '$.object', 'not a WhatsApp webhook');
  else if (!Array.isArray(body.entry)) reject(result, '$.entry', 'not an array');
  else body.entry.forEach((entry, i) => readEntry(result, entry, `$.entry[${i}]`));
  return result;
}

function reject(result: ParsedWebhook, path: string, reason: string): void {
  result.rejected.push({ path, reason });
}

function readEntry(result: ParsedWebhook, entry: unknown, path: string): void {
  if (!isObject(entry)) return reject(result, path, 'not an object');
  if (!Array.isArray(entry.changes)) return reject(result, `${path}.changes`, 'not an array');
  const wabaId = token(entry.id, 64);
  entry.changes.forEach((change: unknown, i) => {
    const changePath = `${path}.changes[${i}]`;
    if (!isObject(change)) return reject(result, changePath, 'not an object');
    if (typeof change.field !== 'string' || !FIELD.test(change.field)) {
      return reject(result, `${changePath}.field`, 'missing or malformed');
    }
    if (change.field === HISTORY) {
      return readHistoryChange(result, { wabaId, time: entry.time }, change.value, `${changePath}.value`);
    }
    if (change.field !== 'messages' && change.field !== ECHOES) {
      const other = readOther(changePath, change.field, wabaId, entry.time, change.value);
      return add(result, changePath, typeof other === 'string' ? other : withNews(other, entry.time, change.value));
    }
    readMessagesChange(result, change.field, wabaId, change.value, `${changePath}.value`);
  });
}

/** What the business writes in its phone app, next to the API (coexistence). */
const ECHOES = 'smb_message_echoes';

function readMessagesChange(
  result: ParsedWebhook,
  field: string,
  wabaId: string | undefined,
  value: unknown,
  path: string,
): void {
  if (!isObject(value)) return reject(result, path, 'not an object');
  const phoneNumberId = isObject(value.metadata) ? token(value.metadata.phone_number_id, 64) : undefined;
  const before = result.items.length + result.rejected.length;

  const isEcho = field === ECHOES;
  const key = isEcho ? 'message_echoes' : 'messages';
  const messages = elements(result, value[key], `${path}.${key}`);
  const contacts = messages.length > 0 ? contactsOf(value.contacts, messages.length === 1) : NO_CONTACTS;
  for (let i = 0; i < messages.length; i++) {
    const at = `${path}.${key}[${i}]`;
    const by = isEcho ? 'business' : 'customer';
    const item = phoneNumberId === undefined ? NO_NUMBER : readMessage(at, phoneNumberId, contacts, messages[i], by);
    add(result, at, item);
  }
  const statuses = elements(result, value.statuses, `${path}.statuses`);
  for (let i = 0; i < statuses.length; i++) {
    const at = `${path}.statuses[${i}]`;
    add(result, at, phoneNumberId === undefined ? NO_NUMBER : readStatus(at, phoneNumberId, statuses[i]));
  }
  const errors = elements(result, value.errors, `${path}.errors`);
  for (let i = 0; i < errors.length; i++) {
    const at = `${path}.errors[${i}]`;
    const error = readError(errors[i]);
    const other = error ? readOther(at, field, wabaId, i, value) : 'not an error object';
    add(result, at, typeof other === 'string' ? other : { ...other, errors: error && [error] });
  }
  if (result.items.length + result.rejected.length === before) {
    add(result, path, readOther(path, field, wabaId, undefined, value));
  }
}

/** What was written in the phone app before the number was connected, by either side (coexistence). */
const HISTORY = 'history';

/** Comes in any order: chunks of threads, and the files of younger messages apart, as messages without a thread. */
function readHistoryChange(
  result: ParsedWebhook,
  { wabaId, time }: { wabaId: string | undefined; time: unknown },
  value: unknown,
  path: string,
): void {
  if (!isObject(value)) return reject(result, path, 'not an object');
  const metadata = isObject(value.metadata) ? value.metadata : {};
  const phoneNumberId = token(metadata.phone_number_id, 64);
  const own = phoneOf(metadata.display_phone_number);
  const chunks = elements(result, value.history, `${path}.history`);
  const files = elements(result, value.messages, `${path}.messages`);
  const read = (at: string, message: unknown, customer: string | undefined) =>
    add(
      result,
      at,
      phoneNumberId === undefined ? NO_NUMBER : readImported(at, phoneNumberId, message, { own, customer }),
    );
  for (let i = 0; i < chunks.length; i++) {
    const at = `${path}.history[${i}]`;
    const chunk = chunks[i];
    if (!isObject(chunk)) {
      reject(result, at, 'not an object');
      continue;
    }
    const threads = elements(result, chunk.threads, `${at}.threads`);
    for (let j = 0; j < threads.length; j++) {
      const thread = threads[j];
      const threadAt = `${at}.threads[${j}]`;
      if (!isObject(thread)) reject(result, threadAt, 'not an object');
      else {
        const messages = elements(result, thread.messages, `${threadAt}.messages`);
        for (let k = 0; k < messages.length; k++) {
          read(`${threadAt}.messages[${k}]`, messages[k], optionalText(thread.id, 160));
        }
      }
    }
    // What is no message: how far it is, or that the business keeps it to itself.
    const rest = { metadata: chunk.metadata, errors: chunk.errors };
    const other = readOther(at, HISTORY, wabaId, i, rest);
    if (typeof other !== 'string' && phoneNumberId !== undefined) other.address = phoneNumberId;
    add(result, at, typeof other === 'string' ? other : withNews(other, time, rest));
  }
  for (let i = 0; i < files.length; i++) read(`${path}.messages[${i}]`, files[i], undefined);
  if (chunks.length + files.length === 0) add(result, path, readOther(path, HISTORY, wabaId, undefined, value));
}

const IMPORTED_STATUSES: ReadonlyMap<unknown, DeliveryStatus> = new Map<unknown, DeliveryStatus>([
  ['sent', 'sent'],
  ['delivered', 'delivered'],
  ['read', 'read'],
  ['played', 'played'],
  ['error', 'failed'],
]);

/** @param customer whose thread it is; undefined where only the message itself says so. */
function readImported(
  path: string,
  phoneNumberId: string,
  message: unknown,
  { own, customer }: { own: string | undefined; customer: string | undefined },
): InboundMessage | string {
  if (!isObject(message)) return 'not an object';
  const context = isObject(message.history_context) ? message.history_context : {};
  const from = phoneOf(message.from);
  const isOurs = context.from_me === true || (from !== undefined && from === own);
  const other = customer ?? (isOurs ? message.to : message.from);
  const isPhone = phoneOf(other) !== undefined;
  const name = isPhone ? { from: other, to: other } : { from_user_id: other, to_user_id: other };
  const item = readMessage(
    path,
    phoneNumberId,
    NO_CONTACTS,
    { ...message, from: undefined, to: undefined, ...name },
    isOurs ? 'business' : 'customer',
  );
  if (typeof item === 'string') return item;
  // What people were called then says nothing of now.
  const { becomes: _then, ...rest } = item;
  const isPlaceholder = message.type === 'media_placeholder';
  const status = isOurs ? IMPORTED_STATUSES.get(String(context.status).toLowerCase()) : undefined;
  return {
    ...rest,
    // The same message may come once more, with what it lacks.
    ...(isPlaceholder && { dedupeKey: `placeholder:${item.providerMessageId}` }),
    identity: isPhone ? { phone: `+${phoneOf(other)}` } : { bsuid: String(other) },
    opensWindow: false,
    imported: { ...(status && { status }), ...(isPlaceholder && { isPlaceholder }) },
  };
}

const NO_NUMBER = 'no phone_number_id in the metadata';

function add(result: ParsedWebhook, path: string, item: ParsedWebhook['items'][number] | string): void {
  if (typeof item === 'string') reject(result, path, item);
  else result.items.push(item);
}

function elements(result: ParsedWebhook, value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value !== undefined) reject(result, path, 'not an array');
  return [];
}

interface Contacts {
  byBsuid: ReadonlyMap<string, JsonObject>;
  byPhone: ReadonlyMap<string, JsonObject>;
  /** One contact beside one message is its sender, even where `wa_id` and `from` differ (Brazil, Mexico). */
  only: JsonObject | undefined;
}

const NO_CONTACTS: Contacts = { byBsuid: new Map(), byPhone: new Map(), only: undefined };

function contactsOf(value: unknown, isSingleMessage: boolean): Contacts {
  if (!Array.isArray(value)) return NO_CONTACTS;
  const contacts = value.filter(isObject);
  if (isSingleMessage && contacts.length === 1) return { ...NO_CONTACTS, only: contacts[0] };
  const byBsuid = new Map<string, JsonObject>();
  const byPhone = new Map<string, JsonObject>();
  for (const contact of contacts) {
    if (typeof contact.user_id === 'string') byBsuid.set(contact.user_id, contact);
    if (typeof contact.wa_id === 'string') byPhone.set(contact.wa_id, contact);
  }
  return { byBsuid, byPhone, only: undefined };
}

function contactOf(contacts: Contacts, bsuid: unknown, from: unknown): JsonObject | undefined {
  if (contacts.only) {
    const other = contacts.only.user_id;
    return bsuid === undefined || other === undefined || other === bsuid ? contacts.only : undefined;
  }
  return contacts.byBsuid.get(bsuid as string) ?? contacts.byPhone.get(from as string);
}

function readMessage(
  path: string,
  phoneNumberId: string,
  contacts: Contacts,
  message: unknown,
  by: 'customer' | 'business',
): InboundMessage | string {
  if (!isObject(message)) return 'not an object';
  const isEcho = by === 'business';
  const id = token(message.id, 256);
  if (id === undefined) return 'id missing or malformed';
  const sentAt = unixSeconds(message.timestamp);
  if (!sentAt) return 'timestamp missing or out of range';

  const malformed: string[] = [];
  const notice = readIdentityNotice(message);
  const identity =
    notice?.was ??
    (isEcho
      ? readIdentity(
          { from: message.to, from_user_id: message.to_user_id, from_parent_user_id: message.to_parent_user_id },
          contacts,
          malformed,
        )
      : readIdentity(message, contacts, malformed));
  if (identity.phone === undefined && identity.bsuid === undefined) return 'sender missing or malformed';

  const declared = typeof message.type === 'string' ? message.type : 'unsupported';
  const rule = MESSAGE_TYPES.get(declared);
  const found = rule && contentOf(message, declared, rule);
  const changes = found && CHANGES.get(declared)?.(found);
  // A change of nothing that could be named is nothing but itself.
  const content = CHANGES.has(declared) && !changes ? undefined : found;
  const type = (content === undefined ? 'unsupported' : declared) as InboundMessageType;
  const text = content === undefined ? undefined : textOf(declared, content);
  const payload = content === undefined ? unsupportedPayload(message, declared) : storablePayload(content);
  const media = content && (changes ? mediaOfEdit(content) : mediaOf(type, content));
  const groupId = message.group_id === undefined ? undefined : token(message.group_id, 256);
  if (message.group_id !== undefined && groupId === undefined) malformed.push('group_id');

  const item: InboundMessage = {
    kind: 'message',
    path,
    address: phoneNumberId,
    dedupeKey: `message:${id}`,
    providerMessageId: id,
    type,
    payload: payload ?? {},
    truncated: payload === undefined || (text !== undefined && text.length > MAX_TEXT),
    sentAt,
    identity,
    opensWindow: rule !== undefined && rule.opensWindow && message.group_id === undefined && !isEcho,
  };
  if (changes) item.changes = changes;
  if (notice) item.becomes = notice.becomes;
  if (media) item.media = media;
  if (isEcho) item.isEcho = true;
  if (text !== undefined) item.text = storableText(text, MAX_TEXT);
  if (groupId !== undefined) item.groupId = groupId;
  if (message.context !== undefined) {
    if (!isObject(message.context)) malformed.push('context');
    else if (message.context.id !== undefined) {
      const contextId = token(message.context.id, 256);
      if (contextId === undefined) malformed.push('context');
      else item.contextProviderMessageId = contextId;
    }
  }
  if (message.referral !== undefined) {
    if (isObject(message.referral)) item.referral = readReferral(message.referral);
    else malformed.push('referral');
  }
  if (malformed.length > 0) item.malformed = malformed;
  return item;
}

const IDENTITY_NOTICES: ReadonlySet<unknown> = new Set([
  'user_changed_number',
  // Before 2025.
  'customer_changed_number',
  'user_changed_user_id',
]);

/**
 * What somebody was called, and is called from now on (whatsapp.md §A5). Which of the two `from` and `from_user_id` are is
 * not documented, so they are the former names only where they differ from the new ones. Undefined where either is not told.
 */
function readIdentityNotice(message: JsonObject): Record<'was' | 'becomes', Named> | undefined {
  const { system } = message;
  if (message.type !== 'system' || !isObject(system) || !IDENTITY_NOTICES.has(system.type)) return undefined;
  const becomes = namesOf(
    phoneOf(system.wa_id) ?? phoneOf(system.new_wa_id),
    token(system.user_id, 160),
    token(system.parent_user_id, 160),
  );
  const [from, fromId] = [phoneOf(message.from), token(message.from_user_id, 160)];
  const fromParent = token(message.from_parent_user_id, 160);
  const was = namesOf(
    from !== undefined && `+${from}` !== becomes.phone ? from : undefined,
    token(system.previous_user_id, 160) ?? (fromId === becomes.bsuid ? undefined : fromId),
    token(system.previous_parent_user_id, 160) ?? (fromParent === becomes.parentBsuid ? undefined : fromParent),
  );
  const areTold = [was, becomes].every(({ phone, bsuid }) => phone !== undefined || bsuid !== undefined);
  return areTold ? { was, becomes } : undefined;
}

type Named = Pick<SenderIdentity, 'phone' | 'bsuid' | 'parentBsuid'>;

function namesOf(phone: string | undefined, bsuid: string | undefined, parentBsuid: string | undefined): Named {
  return {
    ...(phone !== undefined && { phone: `+${phone}` }),
    ...(bsuid !== undefined && { bsuid }),
    ...(parentBsuid !== undefined && { parentBsuid }),
  };
}

/** `from` and `from_user_id` win over the contact block: they belong to this very message. */
function readIdentity(message: JsonObject, contacts: Contacts, malformed: string[]): SenderIdentity {
  const contact = contactOf(contacts, message.from_user_id, message.from);
  const identity: SenderIdentity = {};
  const phone = phoneOf(message.from) ?? phoneOf(contact?.wa_id);
  // The preview of 2025 sent an empty string where the key is missing today.
  if (message.from !== undefined && message.from !== '' && phoneOf(message.from) === undefined) malformed.push('from');
  if (phone !== undefined) identity.phone = `+${phone}`;
  const bsuid =
    token(message.from_user_id, 160) ??
    token(contact?.user_id, 160) ??
    // Notices about a person have no contact block, and no number where none is told.
    (isObject(message.system) ? token(message.system.previous_user_id, 160) : undefined);
  if (message.from_user_id !== undefined && token(message.from_user_id, 160) === undefined) {
    malformed.push('from_user_id');
  }
  if (bsuid !== undefined) identity.bsuid = bsuid;
  // Only where a parent business links portfolios; unreadable, it is left out as if it were not told.
  const parentBsuid = token(message.from_parent_user_id, 160) ?? token(contact?.parent_user_id, 160);
  if (parentBsuid !== undefined) identity.parentBsuid = parentBsuid;
  if (contact && isObject(contact.profile)) {
    const profileName = optionalText(contact.profile.name, 256);
    if (profileName !== undefined) identity.profileName = profileName;
    const username = optionalText(contact.profile.username, 100);
    if (username !== undefined) identity.username = username;
  }
  return identity;
}

function contentOf(message: JsonObject, type: string, rule: MessageTypeRule): JsonObject | undefined {
  const content = message[type];
  if (rule.content === 'array') return Array.isArray(content) ? { [type]: content } : undefined;
  if (!isObject(content)) return undefined;
  return type === 'text' && typeof content.body !== 'string' ? undefined : content;
}

const CHANGES: ReadonlyMap<string, (content: JsonObject) => InboundMessage['changes']> = new Map([
  ['reaction', (content) => changesOf(content.message_id, reactionOf(content))],
  ['edit', (content) => changesOf(content.original_message_id, editOf(content.message))],
  ['revoke', (content) => changesOf(content.original_message_id, { kind: 'revoke' })],
]);

function changesOf(target: unknown, change: MessageChange | undefined): InboundMessage['changes'] {
  const providerMessageId = token(target, 256);
  return providerMessageId !== undefined && change ? { providerMessageId, change } : undefined;
}

/** Taking a reaction back leaves the emoji out, or empty as it was before. */
function reactionOf({ emoji }: JsonObject): MessageChange | undefined {
  if (emoji !== undefined && typeof emoji !== 'string') return undefined;
  return { kind: 'reaction', emoji: optionalText(emoji, 64) ?? null };
}

function editOf(message: unknown): MessageChange | undefined {
  if (!isObject(message) || typeof message.type !== 'string') return undefined;
  const { type } = message;
  const rule = MESSAGE_TYPES.get(type);
  const content = rule?.opensWindow ? contentOf(message, type, rule) : undefined;
  if (!content) return undefined;
  const text = textOf(type, content);
  const payload = type === 'text' ? undefined : storablePayload(content);
  return {
    kind: 'edit',
    type: type as InboundMessageType,
    ...(text !== undefined && { text: storableText(text, MAX_TEXT) }),
    ...(payload && { payload }),
  };
}

const MEDIA_KINDS: ReadonlyMap<string, FileKind> = new Map([
  ['image', 'IMAGE'],
  ['video', 'VIDEO'],
  ['audio', 'AUDIO'],
  ['document', 'DOCUMENT'],
  ['sticker', 'STICKER'],
]);

/** A file without an id cannot be had: the message then is what it says of itself, as far as it goes. */
function mediaOf(type: string, content: JsonObject): InboundMedia | undefined {
  const kind = MEDIA_KINDS.get(type);
  const providerMediaId = token(content.id, 256);
  if (!kind || providerMediaId === undefined) return undefined;
  const mimeType = optionalText(content.mime_type, 255);
  const fileName = optionalText(content.filename, 240);
  const sha256 = sha256Of(content.sha256);
  return {
    providerMediaId,
    kind,
    ...(mimeType !== undefined && { mimeType }),
    ...(fileName !== undefined && { fileName }),
    ...(sha256 && { sha256 }),
  };
}

function mediaOfEdit({ message }: JsonObject): InboundMedia | undefined {
  if (!isObject(message) || typeof message.type !== 'string') return undefined;
  const content = message[message.type];
  return isObject(content) ? mediaOf(message.type, content) : undefined;
}

function textOf(type: string, content: JsonObject): string | undefined {
  const text = readableOf(type, content);
  return typeof text === 'string' && text !== '' ? text : undefined;
}

function readableOf(type: string, content: JsonObject): unknown {
  switch (type) {
    case 'text':
      return content.body;
    case 'image':
    case 'video':
    case 'document':
      return content.caption;
    case 'button':
    case 'order':
      return content.text;
    case 'interactive': {
      const reply = content.button_reply ?? content.list_reply;
      return isObject(reply) ? reply.title : undefined;
    }
    default:
      return undefined;
  }
}

function storablePayload(content: JsonObject): Record<string, unknown> | undefined {
  return storableCopy(content, MAX_PAYLOAD_DEPTH, MAX_PAYLOAD_SIZE) as Record<string, unknown> | undefined;
}

function unsupportedPayload(message: JsonObject, declared: string): Record<string, unknown> | undefined {
  const content = Object.hasOwn(message, declared) && isObject(message[declared]) ? message[declared] : undefined;
  return storablePayload({
    type: storableText(declared, 64),
    ...(content && { content }),
    ...(Array.isArray(message.errors) && { errors: readErrors(message.errors) }),
  });
}

function readReferral(referral: JsonObject): Referral {
  const result: Referral = {};
  const sourceType = optionalText(referral.source_type, 64);
  if (sourceType !== undefined) result.sourceType = sourceType;
  const sourceId = optionalText(referral.source_id, 256);
  if (sourceId !== undefined) result.sourceId = sourceId;
  const sourceUrl = optionalText(referral.source_url, 2_048);
  if (sourceUrl !== undefined) result.sourceUrl = sourceUrl;
  const headline = optionalText(referral.headline, 1_024);
  if (headline !== undefined) result.headline = headline;
  const clickId = optionalText(referral.ctwa_clid, 512);
  if (clickId !== undefined) result.clickId = clickId;
  return result;
}

function readStatus(path: string, phoneNumberId: string, value: unknown): InboundStatus | string {
  if (!isObject(value)) return 'not an object';
  const id = token(value.id, 256);
  if (id === undefined) return 'id missing or malformed';
  const { status } = value;
  if (typeof status !== 'string' || !STATUSES.has(status)) return 'status missing or unknown';
  const occurredAt = unixSeconds(value.timestamp);
  if (!occurredAt) return 'timestamp missing or out of range';

  const malformed: string[] = [];
  const item: InboundStatus = {
    kind: 'status',
    path,
    address: phoneNumberId,
    dedupeKey: `status:${status}:${id}`,
    providerMessageId: id,
    status: status as DeliveryStatus,
    occurredAt,
    errors: Array.isArray(value.errors) ? readErrors(value.errors).map(forAgents) : [],
  };
  if (value.errors !== undefined && !Array.isArray(value.errors)) malformed.push('errors');
  const callbackData = optionalText(value.biz_opaque_callback_data, 512);
  if (callbackData !== undefined) item.callbackData = callbackData;
  const country = recipientCountry(phoneOf(value.recipient_id), token(value.recipient_user_id, 160));
  if (country !== undefined) item.recipientCountry = country;
  if (value.pricing !== undefined) {
    const pricing = readPricing(value.pricing);
    if (pricing) item.pricing = pricing;
    else malformed.push('pricing');
  }
  const conversationId = isObject(value.conversation) ? optionalText(value.conversation.id, 128) : undefined;
  if (conversationId !== undefined) item.conversationId = conversationId;
  if (isObject(value.conversation) && value.conversation.expiration_timestamp !== undefined) {
    const expiresAt = unixSeconds(value.conversation.expiration_timestamp);
    if (expiresAt) item.conversationExpiresAt = expiresAt;
    else malformed.push('conversation');
  }
  if (malformed.length > 0) item.malformed = malformed;
  return item;
}

function readPricing(value: unknown): StatusPricing | undefined {
  if (!isObject(value)) return undefined;
  const { pricing_model: model, category, type, billable } = value;
  if (typeof model !== 'string' || !PRICE_WORD.test(model)) return undefined;
  if (typeof category !== 'string' || !PRICE_WORD.test(category)) return undefined;
  const pricing: StatusPricing = { model, category: category.replaceAll('-', '_') };
  if (type !== undefined) {
    // An unreadable type would turn a free message into a charged one or the reverse.
    if (typeof type !== 'string' || !PRICE_WORD.test(type)) return undefined;
    pricing.type = type;
  }
  if (typeof billable === 'boolean') pricing.billable = billable;
  const estimate = isObject(value.cost) ? readEstimate(value.cost) : undefined;
  if (estimate) pricing.estimate = estimate;
  return pricing;
}

/** Of `marketing_lite` only (whatsapp.md §A7). Whatever is not exact in micro-units is no price that can be kept. */
function readEstimate({ amount, currency }: Record<string, unknown>): StatusPricing['estimate'] {
  if (typeof amount !== 'number' || typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) return undefined;
  const amountMicros = Math.round(amount * 1_000_000);
  return Number.isSafeInteger(amountMicros) && amountMicros >= 0 ? { amountMicros, currency } : undefined;
}

/** Elements that are no errors are left out here; where one decides something (`value.errors`) it is rejected by itself. */
function readErrors(values: readonly unknown[]): ProviderError[] {
  const errors: ProviderError[] = [];
  for (const value of values) {
    const error = readError(value);
    if (error && errors.push(error) === MAX_ERRORS) break;
  }
  return errors;
}

/** Meta's titles are for developers. */
function forAgents(error: ProviderError): ProviderError {
  const reason = reasonOf(error.code);
  return reason ? { ...error, reason, title: failureText(reason, 'en').text } : error;
}

function readError(value: unknown): ProviderError | undefined {
  if (!isObject(value) || !Number.isSafeInteger(value.code)) return undefined;
  const title = optionalText(value.title, 256) ?? optionalText(value.message, 256) ?? '';
  const details = isObject(value.error_data) ? optionalText(value.error_data.details, 1_000) : undefined;
  return { code: value.code as number, title, ...(details !== undefined && { details }) };
}

/** What it says of numbers and templates. Known since it happened, not since it came. */
function withNews(other: InboundOther, time: unknown, value: unknown): InboundOther {
  const phone = isObject(value) ? phoneOf(value.display_phone_number) : undefined;
  if (phone !== undefined) other.displayPhoneNumber = `+${phone}`;
  const occurredAt = unixSeconds(time);
  if (occurredAt) other.occurredAt = occurredAt;
  const news = numberNewsOf(other.field, value);
  if (news) other.news = news;
  const preferences = other.field === 'user_preferences' ? preferencesOf(value) : [];
  if (preferences.length > 0) other.preferences = preferences;
  const template = templateNewsOf(other.field, value);
  if (template) other.template = template;
  const volumeTier = volumeTierOf(other.field, value);
  if (volumeTier) other.volumeTier = volumeTier;
  return other;
}

/** `discriminator` tells apart what has the same value: the time of an entry, the index of an error. */
function readOther(
  path: string,
  field: string,
  wabaId: string | undefined,
  discriminator: unknown,
  value: unknown,
): InboundOther | string {
  // These fields have no id of their own, so the content is the key.
  const content = storableCopy([discriminator, value], MAX_VALUE_DEPTH, Number.MAX_SAFE_INTEGER);
  if (content === undefined) return 'nested too deeply';
  const hash = createHash('sha256')
    .update(JSON.stringify([wabaId, field, content]))
    .digest('base64url');
  const item: InboundOther = { kind: 'other', path, dedupeKey: `other:${hash}`, field };
  if (wabaId !== undefined) item.account = wabaId;
  if (isObject(value) && isObject(value.metadata)) {
    const phoneNumberId = token(value.metadata.phone_number_id, 64);
    if (phoneNumberId !== undefined) item.address = phoneNumberId;
  }
  return item;
}

const FIELD = /^[a-z0-9_]{1,64}$/i;
const PRICE_WORD = /^[A-Za-z][A-Za-z_-]{0,39}$/;
const TOKEN = /^[\x21-\x7e]+$/;
const UNIX_SECONDS = /^\d{9,11}$/;
const PHONE_DIGITS = /^[1-9]\d{5,14}$/;

/** An opaque id: visible ASCII, or nothing that we would key on. */
function token(value: unknown, maxLength: number): string | undefined {
  return typeof value === 'string' && value.length <= maxLength && TOKEN.test(value) ? value : undefined;
}

function phoneOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const digits = value.startsWith('+') ? value.slice(1) : value;
  return PHONE_DIGITS.test(digits) ? digits : undefined;
}

const EARLIEST = Date.UTC(2009, 0) / 1_000;
const LATEST = Date.UTC(2100, 0) / 1_000;

/** Webhooks write it in base64, and the answer about a file in hexadecimal digits. */
export function sha256Of(value: unknown): Buffer | undefined {
  if (typeof value !== 'string') return undefined;
  if (/^[0-9a-f]{64}$/i.test(value)) return Buffer.from(value, 'hex');
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(value) ? Buffer.from(value, 'base64') : undefined;
}

/** Meta sends strings of Unix seconds; some fields and sandboxes send numbers. */
function unixSeconds(value: unknown): Date | undefined {
  const seconds = typeof value === 'string' && UNIX_SECONDS.test(value) ? Number(value) : value;
  if (!Number.isInteger(seconds)) return undefined;
  return (seconds as number) >= EARLIEST && (seconds as number) < LATEST
    ? new Date((seconds as number) * 1_000)
    : undefined;
}
