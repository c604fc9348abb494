import type { ActionGrant } from '@fenster/auth';
import { defineEntity, p } from '@mikro-orm/core';

const ApiKeySchema = defineEntity({
  name: 'ApiKey',
  tableName: 'api_key',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    name: p.text(),
    secretHash: p.blob().$type<Buffer>(),
    permissions: p.array<string>().columnType('text[]'),
    /** Single actions beyond the permissions. */
    grants: p.json<ActionGrant[]>(),
    createdBy: p.uuid(),
    createdAt: p.datetime(),
    expiresAt: p.datetime(),
    /** To the minute, and as late as the access token that is in use is good for. */
    lastUsedAt: p.datetime().nullable(),
    revokedAt: p.datetime().nullable(),
  },
});

/** The login of a program. It has its own rights, whatever becomes of the member who made it. */
export class ApiKey extends ApiKeySchema.class {}
ApiKeySchema.setClass(ApiKey);
