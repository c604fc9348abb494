import type { Clock, Logger } from '@fenster/runtime';
import { createPublicFetch, type PublicFetch } from '@fenster/runtime/public-fetch';
import { createIdTokenVerifier, type IdTokenVerifier } from './id-token.js';
import { ISSUER_LIMITS } from './issuer-url.js';

/** What dealing with issuers needs. */
export interface Oidc {
  allowLoopback: boolean;
  fetch: PublicFetch;
  idTokens: IdTokenVerifier;
}

export function createOidc({ allowLoopback, now, log }: { allowLoopback: boolean; now: Clock; log: Logger }): Oidc {
  const fetch = createPublicFetch({ allowLoopback, ...ISSUER_LIMITS });
  return { allowLoopback, fetch, idTokens: createIdTokenVerifier({ fetch, now, log }) };
}
