import { request } from 'undici';
import type { ExchangeOptions } from './exchange.js';

export interface HttpCall {
  method: 'GET' | 'POST' | 'DELETE';
  url: URL;
  headers: Readonly<Record<string, string>>;
  body?: string;
}

export type HttpAnswer =
  | { kind: 'answered'; status: number; body: Buffer }
  | { kind: 'unreachable'; reason: string }
  /** No header can carry the credentials. */
  | { kind: 'impossible' };

/** One call that may be repeated without harm, so that a lost answer needs no name of its own. Never rejects. */
export async function callHttp(
  { url, ...call }: HttpCall,
  { dispatcher, timeoutMs, maxResponseBytes }: ExchangeOptions,
): Promise<HttpAnswer> {
  try {
    const response = await request(url, { ...call, dispatcher, signal: AbortSignal.timeout(timeoutMs) });
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxResponseBytes) return { kind: 'unreachable', reason: 'answer too large' };
      chunks.push(chunk);
    }
    return { kind: 'answered', status: response.statusCode, body: Buffer.concat(chunks, length) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? (error as Error).name;
    return code === 'UND_ERR_INVALID_ARG' ? { kind: 'impossible' } : { kind: 'unreachable', reason: String(code) };
  }
}

/** Below a base that may have a path of its own. @throws TypeError if the base is no URL. */
export function urlBelow(baseUrl: string, path: readonly string[], query: Record<string, string> = {}): URL {
  const { origin, pathname } = new URL(baseUrl);
  const below = path.map((part) => `/${encodeURIComponent(part)}`).join('');
  const url = new URL(`${origin}${pathname.replace(/\/+$/, '')}${below}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}
