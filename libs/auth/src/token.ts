import type { webcrypto } from 'node:crypto';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  jwtVerify,
  SignJWT,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose';
import { LRUCache } from 'lru-cache';
import { isId } from '@fenster/runtime';
import { knownPermissions, type Actor } from './actor.js';

export const TOKEN_ISSUER = 'fenster';
export const TOKEN_AUDIENCE = 'fenster-api';

/** No token, a wrong one, or one that has ended. Says nothing about which check failed. */
export class AuthenticationError extends Error {
  override readonly name = 'AuthenticationError';
  readonly code = 'UNAUTHENTICATED';
  constructor() {
    super('Sign in: the access token is missing, invalid or expired.');
  }
}

export interface TokenVerifier {
  /** @throws AuthenticationError; any other error means that the key set could not be fetched. */
  verify(token: string): Promise<Actor>;
}

export interface TokenVerifierOptions {
  /** A URL, or the key set itself where it lives (identity). */
  jwks: string | (() => Promise<JSONWebKeySet>);
  now?: () => Date;
}

/**
 * Verifies EdDSA access tokens of identity. An Ed25519 check costs about 70 µs, so actors of valid tokens are
 * remembered until the token ends.
 */
export function createTokenVerifier({ jwks, now = () => new Date() }: TokenVerifierOptions): TokenVerifier {
  const getKey: JWTVerifyGetKey =
    typeof jwks === 'string'
      ? createRemoteJWKSet(new URL(jwks), { cooldownDuration: 1_000, timeoutDuration: 2_000 })
      : async (header, token) => createLocalJWKSet(await jwks())(header, token);
  const verified = new LRUCache<string, Actor>({ max: 10_000 });

  return {
    async verify(token) {
      const remembered = verified.get(token);
      if (remembered) {
        if (remembered.expiresAt! > now()) return remembered;
        verified.delete(token);
        throw new AuthenticationError();
      }
      try {
        const { payload } = await jwtVerify(token, getKey, {
          algorithms: ['EdDSA'],
          issuer: TOKEN_ISSUER,
          audience: TOKEN_AUDIENCE,
          currentDate: now(),
          requiredClaims: ['exp', 'sub', 'ws'],
        });
        if (!isId(payload.sub) || !isId(payload.ws) || !Array.isArray(payload.perms)) throw new AuthenticationError();
        const actor: Actor = {
          kind: 'member',
          id: payload.sub,
          workspaceId: payload.ws,
          role: typeof payload.role === 'string' ? payload.role : '',
          permissions: knownPermissions(payload.perms.map(String)),
          sessionId: typeof payload.sid === 'string' ? payload.sid : undefined,
          expiresAt: new Date(payload.exp! * 1_000),
        };
        verified.set(token, actor);
        return actor;
      } catch (error) {
        const isVerdict =
          error instanceof errors.JOSEError &&
          !(error instanceof errors.JWKSTimeout) &&
          error.code !== 'ERR_JOSE_GENERIC';
        throw isVerdict ? new AuthenticationError() : error;
      }
    },
  };
}

/** Signs an access token. Only identity holds a private key. */
export async function signToken(
  key: { kid: string; privateKey: webcrypto.CryptoKey },
  actor: Omit<Actor, 'kind' | 'expiresAt'>,
  issuedAt: Date,
  lifetimeSeconds: number,
): Promise<string> {
  const seconds = Math.floor(issuedAt.getTime() / 1_000);
  return new SignJWT({ ws: actor.workspaceId, role: actor.role, perms: actor.permissions, sid: actor.sessionId })
    .setProtectedHeader({ alg: 'EdDSA', kid: key.kid })
    .setSubject(actor.id)
    .setIssuer(TOKEN_ISSUER)
    .setAudience(TOKEN_AUDIENCE)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + lifetimeSeconds)
    .sign(key.privateKey);
}

/** The token of `Bearer …`, in an HTTP header or in a WebSocket's connection parameters. */
export function bearerToken(authorization: unknown): string | undefined {
  if (typeof authorization !== 'string') return undefined;
  const match = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization.trim());
  return match?.[1];
}
