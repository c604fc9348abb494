import { defineEntity, p } from '@mikro-orm/core';

export const CONVERSATION_STATUSES = ['OPEN', 'PENDING', 'SNOOZED', 'RESOLVED'] as const;
export type ConversationStatus = (typeof CONVERSATION_STATUSES)[number];

export const SNOOZE_KINDS = ['UNTIL', 'NEXT_MESSAGE', 'BEFORE_WINDOW_CLOSES'] as const;
export type SnoozeKind = (typeof SNOOZE_KINDS)[number];

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
    /** All that was written in its thread before the number was connected. */
    isImported: p.boolean().default(false),
    lastSeq: p.integer(),
    /** Of the last message from the customer; 0 for none. */
    lastCustomerSeq: p.integer().default(0),
    lastMessageAt: p.datetime(),
    /** The customer's oldest message that nobody has answered. */
    waitingSince: p.datetime().nullable(),
    /** When a person or program first answered. */
    firstResponseAt: p.datetime().nullable(),
    openedAt: p.datetime(),
    resolvedAt: p.datetime().nullable(),
    /** While it is SNOOZED: what ends it. A customer message always does. */
    snoozeKind: p.text().$type<SnoozeKind>().nullable(),
    /** When time ends it, as things stand now; null if only a customer message does. */
    snoozedUntil: p.datetime().nullable(),
    /** With BEFORE_WINDOW_CLOSES: how many hours before. */
    snoozeHours: p.integer().nullable(),
    /** With which the customer began it. */
    clickToChatLinkId: p.uuid().nullable(),
  },
});

/** What an agent works on: one piece of work in a thread. */
export class Conversation extends ConversationSchema.class {}
ConversationSchema.setClass(Conversation);
