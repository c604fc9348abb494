import { defineEntity, p } from '@mikro-orm/core';

const SessionSchema = defineEntity({
  name: 'Session',
  tableName: 'session',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    memberId: p.uuid(),
    /** Hash of the half that all refresh tokens of this session share. */
    familyHash: p.blob().$type<Buffer>(),
    /** Hash of the half that only the latest refresh token has. */
    refreshHash: p.blob().$type<Buffer>(),
    /** What the client calls the device. */
    device: p.text().nullable(),
    createdAt: p.datetime(),
    lastUsedAt: p.datetime(),
    expiresAt: p.datetime(),
    endedAt: p.datetime().nullable(),
  },
});

/** One sign-in on one device: access tokens name it, refresh tokens prolong it. */
export class Session extends SessionSchema.class {}
SessionSchema.setClass(Session);
