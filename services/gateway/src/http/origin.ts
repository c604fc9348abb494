import type { IncomingMessage } from 'node:http';

export interface OriginPolicy {
  /** Requests of programs, which have no origin, of our own pages, and of those that are listed. */
  allows(request: IncomingMessage): boolean;
}

/** Which web pages may use the API: those of the same host, and those of the listed origins (`*` for every page). */
export function createOriginPolicy(allowed: readonly string[]): OriginPolicy {
  const listed = new Set(allowed);
  return {
    allows({ headers: { origin, host, 'sec-fetch-site': site } }) {
      // Browsers leave the origin out where a page may not read the answer, and say in this header that it is a page that asks.
      if (listed.has('*') || site === 'same-origin') return true;
      if (origin === undefined) return site === undefined || site === 'none';
      if (listed.has(origin)) return true;
      return URL.canParse(origin) && host !== undefined && new URL(origin).host === host;
    },
  };
}
