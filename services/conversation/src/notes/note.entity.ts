import { defineEntity, p } from '@mikro-orm/core';

const NoteSchema = defineEntity({
  name: 'Note',
  tableName: 'note',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    conversationId: p.uuid(),
    authorId: p.uuid().nullable(),
    apiKeyId: p.uuid().nullable(),
    text: p.text(),
    mentionedMemberIds: p.array<string>().columnType('uuid[]'),
    /** The last message of the thread when it was written: where it stands between them. */
    afterSeq: p.integer(),
    createdAt: p.datetime(),
    editedAt: p.datetime().nullable(),
  },
});

/** What colleagues write to each other about a conversation. Never sent. */
export class Note extends NoteSchema.class {}
NoteSchema.setClass(Note);
