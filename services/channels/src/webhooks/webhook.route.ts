import type { IncomingMessage, ServerResponse } from 'node:http';
import { isTransient } from '@fenster/database';
import { BodyTooLargeError, readBody, type Clock, type Handler } from '@fenster/runtime';
import type { AppDirectory, ProviderApp } from '../provider-apps/app-directory.js';
import type { ChannelKind } from '../providers/channel-kind.js';
import type { OpenedWebhook } from '../providers/provider.js';
import type { Providers } from '../providers/providers.js';
import { OverdueError, OverloadedError } from './group-commit.js';
import { readWebhook, type ReceivedWebhook } from './received-webhook.js';

/** whatsapp.md §A3. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;
/** How much of a refused body is read to its end, so that the answer reaches whoever is still writing. */
const MAX_DISCARDED_BYTES = 16 * 1024 * 1024;
const MAX_CHALLENGE = 256;
export const WEBHOOKS_PATH = '/webhooks';
/** In the address of webhooks: whose they are. */
export const APP_PARAMETER = 'app';
const RETRY_AFTER_SECONDS = '1';

const PATHS: Readonly<Record<ChannelKind, string>> = {
  WHATSAPP_CLOUD: 'whatsapp',
  WHATSAPP_360DIALOG: '360dialog',
  TWILIO_SMS: 'twilio',
  THREEMA: 'threema',
};

export function webhookPath(kind: ChannelKind): string {
  return `${WEBHOOKS_PATH}/${PATHS[kind]}`;
}

/** Where a provider posts webhooks: apps of Meta share an address, all others have one of their own. */
export function webhookUrlOf(kind: ChannelKind, webhookUrl: string, appId: string): string {
  return `${webhookUrl}/${PATHS[kind]}${kind === 'WHATSAPP_CLOUD' ? '' : `?${APP_PARAMETER}=${encodeURIComponent(appId)}`}`;
}

export interface WebhookRouteOptions {
  apps: AppDirectory;
  providers: Providers;
  secretKey: Buffer;
  now: Clock;
  /** Of `/webhooks`, as providers reach it. */
  webhookUrl(): string;
  /** Decrypts what only its channel can read. */
  open(rawBody: Buffer, app: ProviderApp): Promise<OpenedWebhook>;
  /** Resolves when the webhook is durable. */
  store(webhook: ReceivedWebhook, bytes: number): Promise<void>;
}

/** `GET`: the provider asks whether this address is meant (whatsapp.md §A1). */
export function handshakeRoute({ apps }: Pick<WebhookRouteOptions, 'apps'>): Handler {
  return async (request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const challenge = searchParams.get('hub.challenge') ?? '';
    const token = searchParams.get('hub.verify_token') ?? '';
    const isAsked =
      searchParams.get('hub.mode') === 'subscribe' && challenge !== '' && challenge.length <= MAX_CHALLENGE;
    try {
      if (isAsked && token !== '' && (await apps.isVerifyToken(token))) answer(response, 200, challenge);
      else answer(response, 403, 'wrong handshake');
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      unavailable(response);
    }
  };
}

/** `POST`: 200 means that the webhook is stored, whatever is in it, and anything else that the provider should repeat it. */
export function webhookRoute(kind: ChannelKind, options: WebhookRouteOptions): Handler {
  const { apps, providers, secretKey, now, webhookUrl, open, store } = options;
  const provider = providers[kind];
  return async (request, response) => {
    const refuse = (status: number, reason: string) => {
      discardBody(request);
      answer(response, status, reason);
    };
    if (!isPlain(request, provider.contentType)) {
      return refuse(415, `content-type must be ${provider.contentType}, not encoded`);
    }
    let raw: Buffer;
    try {
      raw = await readBody(request, MAX_BODY_BYTES);
    } catch (error) {
      if (error instanceof BodyTooLargeError) return refuse(413, `the body exceeds ${MAX_BODY_BYTES} bytes`);
      // The sender went away in the middle: there is nobody to answer and nothing to store.
      return void response.destroy();
    }
    try {
      const target = request.url ?? '';
      const query = target.includes('?') ? target.slice(target.indexOf('?') + 1) : '';
      const appId = kind === 'WHATSAPP_CLOUD' ? undefined : (new URLSearchParams(query).get(APP_PARAMETER) ?? '');
      const url = `${webhookUrl()}${target.slice(WEBHOOKS_PATH.length)}`;
      const app = await apps.signerOf(kind, { rawBody: raw, headers: request.headers, url }, appId);
      if (!app) return answer(response, 401, 'signature missing or wrong');
      const opened = provider.open && (await open(raw, app));
      const posted = { raw, query: query === '' ? null : query, receivedAt: now(), opened };
      await store(readWebhook(posted, app, provider, secretKey), raw.length);
      // It is here, and nobody can read it yet: what is posted again may be opened then.
      if (opened?.kind === 'closed' && opened.isTransient) unavailable(response);
      else answer(response, 200, 'stored');
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      unavailable(response);
    }
  };
}

function isUnavailable(error: unknown): boolean {
  return error instanceof OverloadedError || error instanceof OverdueError || isTransient(error);
}

function unavailable(response: ServerResponse): void {
  response.setHeader('retry-after', RETRY_AFTER_SECONDS);
  answer(response, 503, 'cannot store now');
}

function isPlain({ headers }: IncomingMessage, wanted: string): boolean {
  const type = headers['content-type'];
  const isWanted = type === wanted || type?.split(';')[0]!.trim().toLowerCase() === wanted;
  return isWanted && (headers['content-encoding'] ?? 'identity') === 'identity';
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'x-content-type-options': 'nosniff',
  });
  response.end(text);
}

function discardBody(request: IncomingMessage): void {
  let discarded = 0;
  // The reader's own listener would stop the flow again.
  request.removeAllListeners('data');
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > MAX_DISCARDED_BYTES) request.destroy();
  });
  request.on('error', () => undefined);
  request.resume();
}
