import type { ActorRef } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';

const DraftSchema = defineEntity({
  name: 'Draft',
  tableName: 'draft',
  properties: {
    conversationId: p.uuid().primary(),
    workspaceId: p.uuid(),
    /** Goes up with every edit, and with every end: no later draft has the version of an earlier one. */
    version: p.integer(),
    /** Null once it was sent or deleted. */
    text: p.text().nullable(),
    editedByKind: p.text().$type<ActorRef['kind']>(),
    editedById: p.uuid(),
    editedAt: p.datetime(),
    /** The last version that was told, and when. */
    announcedVersion: p.integer(),
    announcedAt: p.datetime(),
  },
});

/** The one reply in the making of a conversation, which colleagues share. */
export class Draft extends DraftSchema.class {}
DraftSchema.setClass(Draft);
