import { authorize } from '@fenster/auth';
import { apiKeyRevoked } from '@fenster/contracts';
import { once, transact } from '@fenster/database';
import { isId, newId, notFound } from '@fenster/runtime';
import { LockMode } from '@mikro-orm/core';
import { abilityOf, type IdentityContext } from '../context.js';
import { announceApiKeys } from '../directory/announce.js';
import { changeRights } from '../members/rights.js';
import { hashSecret } from '../sessions/refresh-token.js';
import { ApiKey } from './api-key.entity.js';
import { checkApiKey } from './api-key.rules.js';
import { formatCredential, newCredential } from './api-key.secret.js';
import type { CreateApiKeyInput } from './api-key.types.js';

/**
 * Makes a key with rights of its own: they stay when its maker loses theirs or leaves, and end by revocation.
 * A repeated call returns the key without the secret, of which there is only a hash.
 * @throws DomainError INVALID_INPUT, BEYOND_YOUR_RIGHTS, IDEMPOTENCY_CONFLICT.
 */
export async function createApiKey(
  ctx: IdentityContext,
  { idempotencyKey: key, ...input }: CreateApiKeyInput,
): Promise<{ apiKey: ApiKey; secret: string | null }> {
  return changeRights(ctx, 'api_key:manage', async (tx, actor) => {
    const credential = newCredential(newId());
    const id = await once(tx, { key, operation: 'createApiKey', input }, credential.id, async () => {
      const { name, permissions, grants } = checkApiKey(input, actor, tx.now());
      tx.em.create(ApiKey, {
        id: credential.id,
        workspaceId: actor.workspaceId,
        name,
        secretHash: hashSecret(credential.secret),
        permissions,
        grants,
        createdBy: actor.id,
        createdAt: tx.now(),
        expiresAt: input.expiresAt,
      });
      await tx.em.flush();
      tx.audit({
        action: 'api_key.create',
        object: { type: 'api_key', id: credential.id },
        after: {
          name,
          permissions,
          actions: grants.map(({ action, resource }) => (resource ? `${action}/${resource}` : action)),
          quotas: grants.map(({ quota }) => (quota ? `${quota.count}/${quota.per}` : '')),
          expiresAt: input.expiresAt.toISOString(),
        },
      });
      await announceApiKeys(tx, { workspaceId: actor.workspaceId, ids: [credential.id] });
    });
    const apiKey = await tx.em.findOneOrFail(ApiKey, { id });
    return { apiKey, secret: id === credential.id ? formatCredential(credential) : null };
  });
}

/**
 * Ends a key at once, and with the event the access tokens that were issued for it.
 * @throws DomainError NOT_FOUND.
 */
export async function revokeApiKey(ctx: IdentityContext, id: string): Promise<ApiKey> {
  if (!isId(id)) throw notFound('API key');
  return transact(ctx, async (tx) => {
    // Whoever issues a token holds this lock: the event is later than the last one.
    const apiKey = await tx.em.findOne(ApiKey, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    authorize(abilityOf(ctx), 'manage', 'API key', apiKey);
    if (!apiKey.revokedAt) {
      apiKey.revokedAt = tx.now();
      tx.audit({ action: 'api_key.revoke', object: { type: 'api_key', id: apiKey.id } });
      tx.emit(apiKeyRevoked, { entityId: apiKey.id, data: { apiKeyId: apiKey.id } });
    }
    return apiKey;
  });
}
