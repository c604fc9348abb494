import type { Logger } from '@fenster/runtime';
import type { PublicFetch } from '@fenster/runtime/public-fetch';
import { createRemoteJWKSet, customFetch, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { LRUCache } from 'lru-cache';
import { ISSUER_LIMITS } from './issuer-url.js';

/** Asymmetric ones only: with a shared secret, whoever can verify could also sign. */
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
/** It is exchanged for a session when it is new, so an old one comes from somewhere else. */
const MAX_AGE_SECONDS = 600;
const CLOCK_TOLERANCE_SECONDS = 30;
const KEY_SETS = 1_000;

/** Whose identity tokens a workspace accepts. */
export interface TrustedIssuer {
  issuer: string;
  audience: string;
  jwksUri: string;
}

export interface IdTokenVerifier {
  /** The verified e-mail address that the token is about; undefined for any token that is not to be trusted. */
  emailOf(idToken: string, trusted: TrustedIssuer): Promise<string | undefined>;
}

/** Verifies identity tokens as OpenID Connect Core 3.1.3.7 asks, by the issuer's published keys. */
export function createIdTokenVerifier({
  fetch,
  now,
  log,
}: {
  fetch: PublicFetch;
  now: () => Date;
  log: Logger;
}): IdTokenVerifier {
  const keySets = new LRUCache<string, JWTVerifyGetKey>({ max: KEY_SETS });

  function keysOf(jwksUri: string): JWTVerifyGetKey {
    let keys = keySets.get(jwksUri);
    if (!keys) {
      keys = createRemoteJWKSet(new URL(jwksUri), { [customFetch]: fetch, timeoutDuration: ISSUER_LIMITS.timeoutMs });
      keySets.set(jwksUri, keys);
    }
    return keys;
  }

  return {
    async emailOf(idToken, { issuer, audience, jwksUri }) {
      try {
        const { payload, protectedHeader } = await jwtVerify(idToken, keysOf(jwksUri), {
          algorithms: ALGORITHMS,
          issuer,
          audience,
          currentDate: now(),
          maxTokenAge: MAX_AGE_SECONDS,
          clockTolerance: CLOCK_TOLERANCE_SECONDS,
          requiredClaims: ['sub', 'exp', 'iat'],
        });
        // An access token of the same issuer says something else (RFC 9068).
        const isIdToken = protectedHeader.typ === undefined || protectedHeader.typ === 'JWT';
        const isForUs = payload['azp'] === undefined ? !Array.isArray(payload.aud) : payload['azp'] === audience;
        const { email, email_verified: isVerified } = payload;
        return isIdToken && isForUs && isVerified === true && typeof email === 'string' ? email : undefined;
      } catch (error) {
        if (!isVerdict(error)) log.warn({ err: error, jwksUri }, 'the keys of an issuer cannot be read');
        return undefined;
      }
    },
  };
}

/** Of the token, in contrast to the issuer's key set. */
function isVerdict(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout) && error.code !== 'ERR_JOSE_GENERIC'
  );
}
