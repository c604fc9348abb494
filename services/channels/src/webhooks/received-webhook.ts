import { hash } from 'node:crypto';
import { newId, seal } from '@fenster/runtime';
import type { ProviderApp } from '../provider-apps/app-directory.js';
import type {
  InboundItem,
  InboundMessage,
  InboundOther,
  InboundStatus,
  OpenedWebhook,
  Provider,
} from '../providers/provider.js';

/** A signed webhook, read as far as it can be without the database. */
export interface ReceivedWebhook {
  id: string;
  /** SHA-256, hexadecimal. Also the correlation id of all that it causes, so that every event leads to its raw body. */
  bodyHash: string;
  sealedBody: Buffer;
  query: string | null;
  /** It was encrypted, and could be decrypted this time. */
  wasOpened: boolean;
  app: ProviderApp;
  elements: ReceivedElement[];
  /** What is no message and no status. */
  others: InboundOther[];
  /** What it is about, in the provider's words. */
  fields: Set<string>;
  /** The numbers and accounts that it names. */
  subjects: Set<string>;
  /** How many elements the body had, readable or not. */
  itemCount: number;
  problems: Problem[];
}

export interface ReceivedElement {
  item: InboundMessage | InboundStatus;
  /** Hexadecimal. */
  dedupeHash: string;
}

/** Why a part of a webhook has no effect. Fixed phrases and places, never content. */
export interface Problem {
  path: string;
  reason: string;
}

const DEDUPE_HEX_DIGITS = 32;

/** What was posted, as it is stored. */
export interface RawWebhook {
  raw: Buffer;
  /** Of the address that it was posted to, if that says something. */
  query: string | null;
  receivedAt: Date;
  /** What was in it, where it had to be decrypted. */
  opened?: OpenedWebhook | undefined;
}

/** What cannot be read is a problem and not an error: it was signed, so it is kept and not asked for again. */
export function readWebhook(
  { raw, query, receivedAt, opened }: RawWebhook,
  app: ProviderApp,
  provider: Provider,
  secretKey: Buffer,
): ReceivedWebhook {
  const bodyHash = hash('sha256', raw);
  const webhook: ReceivedWebhook = {
    id: newId(),
    bodyHash,
    sealedBody: seal(secretKey, raw, bodyContext(bodyHash)),
    query,
    wasOpened: false,
    app,
    elements: [],
    others: [],
    fields: new Set(),
    subjects: new Set(),
    itemCount: 0,
    problems: [],
  };
  const posted = { rawBody: raw, query: new URLSearchParams(query ?? ''), receivedAt, ...(opened && { opened }) };
  webhook.wasOpened = opened?.kind === 'opened';
  const { items, rejected } = provider.parse(posted);
  webhook.itemCount = items.length + rejected.length;
  webhook.problems.push(...rejected);
  for (const item of items) {
    webhook.fields.add(fieldOf(item));
    for (const subject of subjectsOf(item)) webhook.subjects.add(subject);
    if (item.kind === 'other') webhook.others.push(item);
    else webhook.elements.push({ item, dedupeHash: hash('sha256', item.dedupeKey).slice(0, DEDUPE_HEX_DIGITS) });
  }
  return webhook;
}

function fieldOf(item: InboundItem): string {
  if (item.kind === 'other') return item.field;
  if (item.kind === 'message' && item.imported) return 'history';
  return item.kind === 'message' && item.isEcho ? 'smb_message_echoes' : 'messages';
}

/** As `webhook_event.subjects` has them. */
function subjectsOf(item: InboundItem): string[] {
  const { address } = item;
  if (item.kind !== 'other') return [`number ${address}`];
  const { displayPhoneNumber: phone, account } = item;
  return [
    ...(address === undefined ? [] : [`number ${address}`]),
    ...(phone === undefined ? [] : [`phone ${phone}`]),
    ...(account === undefined ? [] : [`account ${account}`]),
  ];
}

/** Whether all that it says has no effect in this version. */
export function isOnlyKept({ elements, others, problems }: ReceivedWebhook): boolean {
  const isNews = ({ news, preferences, template, volumeTier }: InboundOther) =>
    news ?? preferences ?? template ?? volumeTier;
  return elements.length === 0 && problems.length === 0 && !others.some(isNews);
}

/** Ties a sealed body to its row. */
export function bodyContext(bodyHash: string): string {
  return `webhook_event:${bodyHash}`;
}
