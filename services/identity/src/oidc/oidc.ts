import type { Clock, Logger } from '@fenster/runtime';
import { createIdTokenVerifier, type IdTokenVerifier } from './id-token.js';
import { createIssuerFetch, type IssuerFetch } from './issuer-fetch.js';

/** What dealing with issuers needs. */
export interface Oidc {
  allowLoopback: boolean;
  fetch: IssuerFetch;
  idTokens: IdTokenVerifier;
}

export function createOidc({ allowLoopback, now, log }: { allowLoopback: boolean; now: Clock; log: Logger }): Oidc {
  const fetch = createIssuerFetch({ allowLoopback });
  return { allowLoopback, fetch, idTokens: createIdTokenVerifier({ fetch, now, log }) };
}
