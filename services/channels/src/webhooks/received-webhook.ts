import { hash } from 'node:crypto';
import { seal } from '@fenster/runtime';
import type { ProviderApp } from '../provider-apps/app-directory.js';
import { parseJson, type JsonRefusal } from '../providers/json.js';
import type { InboundMessage, InboundStatus, Provider } from '../providers/provider.js';

/** A signed webhook, read as far as it can be without the database. */
export interface ReceivedWebhook {
  /** SHA-256, hexadecimal. Also the correlation id of all that it causes, so that every event leads to its raw body. */
  bodyHash: string;
  sealedBody: Buffer;
  app: ProviderApp;
  elements: ReceivedElement[];
  /** Fields that are understood and have no effect yet. */
  unusedFields: string[];
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

const MAX_DEPTH = 64;
const DEDUPE_HEX_DIGITS = 32;

const REFUSALS: Record<JsonRefusal, string> = {
  'not-utf8': 'the body is not UTF-8',
  'not-json': 'the body is not JSON',
  'not-object': 'the body is not an object',
  'too-deep': `the body is nested deeper than ${MAX_DEPTH}`,
};

/** What cannot be read is a problem and not an error: it was signed, so it is kept and not asked for again. */
export function readWebhook(raw: Buffer, app: ProviderApp, provider: Provider, secretKey: Buffer): ReceivedWebhook {
  const bodyHash = hash('sha256', raw);
  const webhook: ReceivedWebhook = {
    bodyHash,
    sealedBody: seal(secretKey, raw, bodyContext(bodyHash)),
    app,
    elements: [],
    unusedFields: [],
    itemCount: 0,
    problems: [],
  };
  const body = parseJson(raw, { maxDepth: MAX_DEPTH });
  if (!body.ok) {
    webhook.problems.push({ path: '$', reason: REFUSALS[body.reason] });
    return webhook;
  }
  const { items, rejected } = provider.parse(body.value);
  webhook.itemCount = items.length + rejected.length;
  webhook.problems.push(...rejected);
  for (const item of items) {
    if (item.kind === 'other') {
      if (!webhook.unusedFields.includes(item.field)) webhook.unusedFields.push(item.field);
    } else webhook.elements.push({ item, dedupeHash: hash('sha256', item.dedupeKey).slice(0, DEDUPE_HEX_DIGITS) });
  }
  return webhook;
}

/** Ties a sealed body to its row. */
export function bodyContext(bodyHash: string): string {
  return `webhook_event:${bodyHash}`;
}
