import type { webcrypto } from 'node:crypto';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  jwtVerify,
  SignJWT,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose';
import { LRUCache } from 'lru-cache';
import { isId } from '@fenster/runtime';
import { knownGrants } from './action-grant.js';
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

/** Nobody can say at present whether the credentials are good: identity, or its key set, is out of reach. Try again. */
export class VerificationUnavailableError extends Error {
  override readonly name = 'VerificationUnavailableError';
  readonly code = 'UNAVAILABLE';
  constructor(cause: unknown) {
    super('Not available at present. Try again.', { cause });
  }
}

export interface TokenVerifier {
  /** @throws AuthenticationError, VerificationUnavailableError. */
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
      ? createRemoteJWKSet(new URL(jwks), { cooldownDuration: 1_000, timeoutDuration: 5_000 })
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
          requiredClaims: ['iat', 'exp'],
        });
        const actor = toActor(payload);
        if (!actor) throw new AuthenticationError();
        verified.set(token, actor);
        return actor;
      } catch (error) {
        if (error instanceof AuthenticationError) throw error;
        const isVerdict =
          error instanceof errors.JOSEError &&
          !(error instanceof errors.JWKSTimeout) &&
          error.code !== 'ERR_JOSE_GENERIC';
        throw isVerdict ? new AuthenticationError() : new VerificationUnavailableError(error);
      }
    },
  };
}

function toActor({ sub, ws, kind, role, perms, acts, teams, channels, sid, iat, exp }: JWTPayload): Actor | undefined {
  if (!isId(sub) || !isId(ws) || (kind !== 'member' && kind !== 'api_key')) return undefined;
  if (!isListOfText(perms) || !isListOfText(teams) || !isListOfText(channels)) return undefined;
  return {
    kind,
    id: sub,
    workspaceId: ws,
    role: typeof role === 'string' ? role : '',
    permissions: knownPermissions(perms),
    ...(acts !== undefined && { grants: knownGrants(acts) }),
    teamIds: teams,
    channelIds: channels,
    sessionId: typeof sid === 'string' ? sid : undefined,
    issuedAt: new Date(Math.round(iat! * 1_000)),
    expiresAt: new Date(exp! * 1_000),
  };
}

function isListOfText(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

/** When a token of so many seconds ends: with a whole second, and not after `latest`. */
export function tokenEnd(issuedAt: Date, seconds: number, latest?: Date): Date {
  const end = Math.floor(issuedAt.getTime() / 1_000) + seconds;
  return new Date(Math.min(end, Math.floor((latest?.getTime() ?? Infinity) / 1_000)) * 1_000);
}

/**
 * Signs an access token. Only identity holds a private key. `issuedAt` is when the rights were read, to the
 * millisecond (RFC 7519 allows fractions): who waits for a change of rights compares it with the change's time.
 * The end is a whole second: see {@link tokenEnd}.
 */
export async function signToken(
  key: { kid: string; privateKey: webcrypto.CryptoKey },
  actor: Omit<Actor, 'issuedAt' | 'expiresAt'>,
  issuedAt: Date,
  expiresAt: Date,
): Promise<string> {
  const { workspaceId, kind, role, permissions, grants, teamIds, channelIds, sessionId } = actor;
  const claims = { ws: workspaceId, kind, role, perms: permissions, teams: teamIds, channels: channelIds };
  return new SignJWT({ ...claims, sid: sessionId, ...(grants && { acts: grants }) })
    .setProtectedHeader({ alg: 'EdDSA', kid: key.kid })
    .setSubject(actor.id)
    .setIssuer(TOKEN_ISSUER)
    .setAudience(TOKEN_AUDIENCE)
    .setIssuedAt(issuedAt.getTime() / 1_000)
    .setExpirationTime(expiresAt)
    .sign(key.privateKey);
}

/** The token of `Bearer …`, in an HTTP header or in a WebSocket's connection parameters. */
export function bearerToken(authorization: unknown): string | undefined {
  if (typeof authorization !== 'string') return undefined;
  const match = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization.trim());
  return match?.[1];
}
