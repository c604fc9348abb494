import { safeFetchWrap } from '@atproto-labs/fetch-node';

const LOOPBACK_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export type PublicFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

export interface PublicFetchOptions {
  /** Lets this machine be called, without TLS. For the local deployment and tests. */
  allowLoopback: boolean;
  timeoutMs: number;
  maxResponseBytes: number;
}

/** For addresses that a workspace names and a service calls: what must not let it reach anything of ours. */
export function isPublicUrl(text: string, { allowLoopback }: Pick<PublicFetchOptions, 'allowLoopback'>): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const isHttps = url.protocol === 'https:' || (allowLoopback && url.protocol === 'http:' && isLoopback(url));
  return isHttps && url.username === '' && url.password === '' && url.hash === '';
}

/**
 * `fetch` for such addresses: HTTPS only, to public addresses only, judged when the connection is made and not by
 * name, without redirects, with limits of time and size. With `allowLoopback`, this machine as well.
 */
export function createPublicFetch({ allowLoopback, timeoutMs, maxResponseBytes }: PublicFetchOptions): PublicFetch {
  const limits = { responseMaxSize: maxResponseBytes, timeout: timeoutMs };
  const guarded = safeFetchWrap({ ...limits, allowCustomPort: true });
  const local = safeFetchWrap({ ...limits, ssrfProtection: false });
  return (url, init) => {
    const fetch = allowLoopback && isLoopback(new URL(url)) ? local : guarded;
    return fetch(url, { ...init, redirect: 'error' });
  };
}

function isLoopback(url: URL): boolean {
  return LOOPBACK_HOST.test(url.hostname);
}
