import type { IncomingMessage, ServerResponse } from 'node:http';
import { isTransient } from '@fenster/database';
import { BodyTooLargeError, readBody, type Handler } from '@fenster/runtime';
import type { AppDirectory } from '../provider-apps/app-directory.js';
import type { Provider } from '../providers/provider.js';
import { OverdueError, OverloadedError } from './group-commit.js';
import { readWebhook, type ReceivedWebhook } from './received-webhook.js';

/** whatsapp.md §A3. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;
/** How much of a refused body is read to its end, so that the answer reaches whoever is still writing. */
const MAX_DISCARDED_BYTES = 16 * 1024 * 1024;
const MAX_CHALLENGE = 256;
const RETRY_AFTER_SECONDS = '1';

export interface WebhookRouteOptions {
  apps: AppDirectory;
  provider: Provider;
  secretKey: Buffer;
  /** Resolves when the webhook is durable. */
  store(webhook: ReceivedWebhook, bytes: number): Promise<void>;
}

/** `GET`: the provider asks whether this address is meant (whatsapp.md §A1). */
export function handshakeRoute({ apps }: WebhookRouteOptions): Handler {
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
export function webhookRoute({ apps, provider, secretKey, store }: WebhookRouteOptions): Handler {
  return async (request, response) => {
    const refuse = (status: number, reason: string) => {
      discardBody(request);
      answer(response, status, reason);
    };
    if (!isPlainJson(request)) return refuse(415, 'content-type must be application/json, not encoded');
    let raw: Buffer;
    try {
      raw = await readBody(request, MAX_BODY_BYTES);
    } catch (error) {
      if (error instanceof BodyTooLargeError) return refuse(413, `the body exceeds ${MAX_BODY_BYTES} bytes`);
      // The sender went away in the middle: there is nobody to answer and nothing to store.
      return void response.destroy();
    }
    try {
      const app = await apps.signerOf(raw, request.headers);
      if (!app) return answer(response, 401, 'signature missing or wrong');
      await store(readWebhook(raw, app, provider, secretKey), raw.length);
      answer(response, 200, 'stored');
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

function isPlainJson({ headers }: IncomingMessage): boolean {
  const type = headers['content-type'];
  const isJson = type === 'application/json' || (type !== undefined && /^application\/json\s*(;|$)/i.test(type));
  return isJson && (headers['content-encoding'] ?? 'identity') === 'identity';
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
