import { defineEntity, p } from '@mikro-orm/core';

const ThreadSchema = defineEntity({
  name: 'Thread',
  tableName: 'thread',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    channelId: p.uuid(),
    contactId: p.uuid(),
    phone: p.text().nullable(),
    bsuid: p.text().nullable(),
    username: p.text().nullable(),
    profileName: p.text().nullable(),
    lastSeq: p.integer(),
    openConversationId: p.uuid().nullable(),
    lastCustomerMessageAt: p.datetime().nullable(),
    windowExpiresAt: p.datetime().nullable(),
    createdAt: p.datetime(),
  },
});

/** Who talks with whom: one person on one channel. Carries the service window, because the window is the pair's. */
export class Thread extends ThreadSchema.class {}
ThreadSchema.setClass(Thread);
