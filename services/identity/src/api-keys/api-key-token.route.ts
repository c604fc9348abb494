import { timingSafeEqual } from 'node:crypto';
import { knownGrants, knownPermissions, signToken, tokenEnd } from '@fenster/auth';
import { transact, type Ctx } from '@fenster/database';
import { sendJson, type Handler } from '@fenster/runtime';
import { LockMode } from '@mikro-orm/core';
import { hashSecret } from '../sessions/refresh-token.js';
import type { KeyRing } from '../signing-keys/key-ring.js';
import { ApiKey } from './api-key.entity.js';
import { parseAuthorization, type ApiKeyCredential } from './api-key.secret.js';

/** How precise the last use is; more would write at each exchange. */
const LAST_USE_MS = 60_000;

export interface ApiKeyTokenOptions {
  ctx: Ctx;
  keyRing: KeyRing;
  tokenSeconds: number;
}

/**
 * `POST /internal/api-key-token`, for the gateway: `authorization: Bearer fk_…` becomes
 * `{ accessToken, expiresAt, apiKeyId }`. An unknown, expired or revoked key gets the same 401 as none at all.
 */
export function createApiKeyTokenRoute(options: ApiKeyTokenOptions): Handler {
  return async (request, response) => {
    request.resume();
    response.setHeader('cache-control', 'no-store');
    const presented = parseAuthorization(request.headers.authorization);
    const token = presented && (await exchange(options, presented));
    if (token) sendJson(response, 200, token);
    else sendJson(response, 401, { error: 'unauthenticated' });
  };
}

async function exchange({ ctx, keyRing, tokenSeconds }: ApiKeyTokenOptions, presented: ApiKeyCredential) {
  const issued = await transact(ctx, async (tx) => {
    // Revoking waits for this lock, so that a token that it did not see is dated before it.
    const apiKey = await tx.em.findOne(ApiKey, { id: presented.id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    const now = tx.now();
    const isGenuine = apiKey !== null && timingSafeEqual(apiKey.secretHash, hashSecret(presented.secret));
    if (!isGenuine || apiKey.revokedAt || apiKey.expiresAt <= now) return undefined;
    const lastUse = apiKey.lastUsedAt?.getTime() ?? -Infinity;
    if (now.getTime() - lastUse >= LAST_USE_MS) apiKey.lastUsedAt = now;
    return { apiKey, now };
  });
  if (!issued) return undefined;
  const { apiKey, now } = issued;
  const expiresAt = tokenEnd(now, tokenSeconds, apiKey.expiresAt);
  // Its last second is not enough for a token.
  if (expiresAt <= now) return undefined;
  const accessToken = await signToken(
    await keyRing.signingKey(),
    {
      kind: 'api_key',
      id: apiKey.id,
      workspaceId: apiKey.workspaceId,
      role: 'bot',
      permissions: knownPermissions(apiKey.permissions),
      grants: knownGrants(apiKey.grants),
      teamIds: [],
      channelIds: [],
      sessionId: undefined,
    },
    now,
    expiresAt,
  );
  return { accessToken, expiresAt: expiresAt.toISOString(), apiKeyId: apiKey.id };
}
