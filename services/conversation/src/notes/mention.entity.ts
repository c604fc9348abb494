import { defineEntity, p } from '@mikro-orm/core';

const MentionSchema = defineEntity({
  name: 'Mention',
  tableName: 'mention',
  properties: {
    noteId: p.uuid().primary(),
    memberId: p.uuid().primary(),
    workspaceId: p.uuid(),
    conversationId: p.uuid(),
    createdAt: p.datetime(),
    readAt: p.datetime().nullable(),
  },
});

/** A note names a member. */
export class Mention extends MentionSchema.class {}
MentionSchema.setClass(Mention);
