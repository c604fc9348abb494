import type { IncomingMessage } from 'node:http';

export interface OriginPolicy {
  /** Requests without an Origin do not come from a page; those of our own pages are ours. */
  allows(request: IncomingMessage): boolean;
}

/** Which web pages may use the API: those of the same host, and those of the listed origins (`*` for every page). */
export function createOriginPolicy(allowed: readonly string[]): OriginPolicy {
  const listed = new Set(allowed);
  return {
    allows({ headers: { origin, host } }) {
      if (origin === undefined || listed.has('*') || listed.has(origin)) return true;
      return URL.canParse(origin) && host !== undefined && new URL(origin).host === host;
    },
  };
}
