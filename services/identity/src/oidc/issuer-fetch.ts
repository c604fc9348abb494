import { safeFetchWrap } from '@atproto-labs/fetch-node';

/** A key set or a discovery document has a few kilobytes. */
const MAX_RESPONSE_BYTES = 256 * 1024;
export const ISSUER_TIMEOUT_MS = 5_000;
const LIMITS = { responseMaxSize: MAX_RESPONSE_BYTES, timeout: ISSUER_TIMEOUT_MS };
const LOOPBACK_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export type IssuerFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** For addresses that a workspace names and this service calls: what must not let it reach anything of ours. */
export function isIssuerUrl(text: string, { allowLoopback }: { allowLoopback: boolean }): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const isHttps = url.protocol === 'https:' || (allowLoopback && url.protocol === 'http:' && isLoopback(url));
  return isHttps && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
}

/**
 * `fetch` for such addresses: HTTPS only, to public addresses only, judged when the connection is made and not by
 * name, without redirects, with limits of time and size. With `allowLoopback`, this machine as well.
 */
export function createIssuerFetch({ allowLoopback }: { allowLoopback: boolean }): IssuerFetch {
  const guarded = safeFetchWrap({ ...LIMITS, allowCustomPort: true });
  const local = safeFetchWrap({ ...LIMITS, ssrfProtection: false });
  return (url, init) => {
    const fetch = allowLoopback && isLoopback(new URL(url)) ? local : guarded;
    return fetch(url, { ...init, redirect: 'error' });
  };
}

function isLoopback(url: URL): boolean {
  return LOOPBACK_HOST.test(url.hostname);
}
