import { request, type Dispatcher } from 'undici';
import type { FetchedMedia } from '../provider.js';
import { retryAfterMs } from '../rejection.js';
import { authorizationOf, type TwilioCredentials, type TwilioOptions } from './credentials.js';

const MAX_REDIRECTS = 3;

/**
 * Opens a file of a message. Webhooks name its address, so only the API is asked, which gets the credentials, and where that
 * leads to, if the configuration knows the place, which does not get them.
 */
export async function fetchTwilioMedia(
  address: string,
  credentials: TwilioCredentials,
  { mediaDispatcher, dispatcher, twilioMediaHosts }: TwilioOptions,
  signal: AbortSignal,
): Promise<FetchedMedia> {
  const api = new URL(credentials.apiBaseUrl).origin;
  let url = URL.parse(address);
  if (url?.origin !== api) return { kind: 'failed', reason: 'its address is not the provider’s' };
  try {
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const headers: Record<string, string> = url.origin === api ? { authorization: authorizationOf(credentials) } : {};
      const answer = await request(url, { dispatcher: mediaDispatcher ?? dispatcher, signal, headers });
      if (answer.statusCode === 200) return contentOf(answer);
      await answer.body.dump();
      if (answer.statusCode === 404 || answer.statusCode === 410) return { kind: 'gone' };
      const next = nextOf(answer, url);
      if (!next) return { kind: 'failed', reason: `HTTP ${answer.statusCode} for the file`, ...waitOf(answer) };
      if (next.origin !== api && !(next.protocol === 'https:' && twilioMediaHosts.includes(next.hostname))) {
        return { kind: 'failed', reason: 'it leads to a place that is not the provider’s' };
      }
      url = next;
    }
    return { kind: 'failed', reason: 'it leads from one place to the next' };
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    return { kind: 'failed', reason: code ?? name };
  }
}

function contentOf({ headers, body }: Dispatcher.ResponseData): FetchedMedia {
  const type = headers['content-type'];
  const sizeBytes = Number(headers['content-length'] ?? Number.NaN);
  return {
    kind: 'content',
    content: body,
    ...(typeof type === 'string' && { mimeType: type }),
    ...(Number.isSafeInteger(sizeBytes) && { sizeBytes }),
  };
}

function nextOf({ statusCode, headers }: Dispatcher.ResponseData, from: URL): URL | undefined {
  const { location } = headers;
  if (statusCode < 300 || statusCode >= 400 || typeof location !== 'string') return undefined;
  const next = URL.parse(location, from);
  return next && next.username === '' && next.password === '' ? next : undefined;
}

function waitOf({ headers }: Dispatcher.ResponseData): { retryAfterMs?: number } {
  const ms = retryAfterMs(headers['retry-after']);
  return ms === undefined ? {} : { retryAfterMs: ms };
}
