import { defineEntity, p } from '@mikro-orm/core';

export const CONVERSATION_STATUSES = ['OPEN', 'PENDING', 'SNOOZED', 'RESOLVED'] as const;
export type ConversationStatus = (typeof CONVERSATION_STATUSES)[number];

const ConversationSchema = defineEntity({
  name: 'Conversation',
  tableName: 'conversation',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    threadId: p.uuid(),
    channelId: p.uuid(),
    contactId: p.uuid(),
    /** Whose work it is; with neither, it waits for the teams of its channel. */
    teamId: p.uuid().nullable(),
    assigneeId: p.uuid().nullable(),
    status: p.text().$type<ConversationStatus>(),
    lastSeq: p.integer(),
    lastMessageAt: p.datetime(),
    openedAt: p.datetime(),
  },
});

/** What an agent works on: one piece of work in a thread. */
export class Conversation extends ConversationSchema.class {}
ConversationSchema.setClass(Conversation);
