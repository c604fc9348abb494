import type { HeldMessageState, MessageType } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';

const HeldMessageSchema = defineEntity({
  name: 'StoredHeldMessage',
  tableName: 'held_message',
  properties: {
    /** That of the message that it becomes. */
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    conversationId: p.uuid(),
    threadId: p.uuid(),
    /** As of messages. */
    type: p.text().$type<MessageType>(),
    text: p.text().nullable(),
    payload: p.json<Record<string, unknown>>().nullable(),
    contextProviderMessageId: p.text().nullable(),
    authorKind: p.text().$type<'member' | 'api_key'>(),
    authorId: p.uuid(),
    /** One of those that held it. */
    budgetId: p.uuid(),
    state: p.text().$type<HeldMessageState>(),
    heldAt: p.datetime(),
    /** When it cannot leave any more, as far as is known. */
    expiresAt: p.datetime(),
    endedAt: p.datetime().nullable(),
    /** The member who approved, declined or withdrew it. */
    decidedById: p.uuid().nullable(),
    /** Why it was declined, or has expired. */
    reason: p.text().nullable(),
    /** A rule of retention took what it said. */
    contentRemovedAt: p.datetime().nullable(),
  },
});

/** A reply that a budget holds. It has no place in the thread before it is released. */
export class StoredHeldMessage extends HeldMessageSchema.class {}
HeldMessageSchema.setClass(StoredHeldMessage);
