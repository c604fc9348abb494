import type { MessageQueued } from '@fenster/contracts';
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
    parentBsuid: p.text().nullable(),
    threemaId: p.text().nullable(),
    username: p.text().nullable(),
    profileName: p.text().nullable(),
    lastSeq: p.integer(),
    /** The one that is not resolved, if there is one. */
    openConversationId: p.uuid().nullable(),
    /** That one is pending or snoozed, so a customer message opens it. */
    wakesOnMessage: p.boolean().default(false),
    /** The one that was resolved last: a customer message may reopen it. */
    resolvedConversationId: p.uuid().nullable(),
    lastCustomerMessageAt: p.datetime().nullable(),
    windowExpiresAt: p.datetime().nullable(),
    windowOpenedAt: p.datetime().nullable(),
    /** The customer message that opened it. */
    windowOpenedBy: p.uuid().nullable(),
    freeEntryExpiresAt: p.datetime().nullable(),
    freeEntryOpenedAt: p.datetime().nullable(),
    /** Our reply that opened it. */
    freeEntryOpenedBy: p.uuid().nullable(),
    /** Since when the provider says that the person wants no marketing of this business. */
    marketingStoppedAt: p.datetime().nullable(),
    /** When the person last told us to stop marketing. */
    optedOutAt: p.datetime().nullable(),
    /** When we last said that we have. */
    optOutConfirmedAt: p.datetime().nullable(),
    /** Until when a plain yes answers the question of a consent, which was sent last. */
    consentAskedUntil: p.datetime().nullable(),
    /** The newsletter's message that what the person writes next is the reply to. */
    newsletterMessageId: p.uuid().nullable(),
    createdAt: p.datetime(),
  },
});

/** Who talks with whom: one person on one channel. Carries the service window, because the window is the pair's. */
export class Thread extends ThreadSchema.class {}
ThreadSchema.setClass(Thread);

/** By which the provider knows the person. */
export function addressOf({
  phone,
  bsuid,
  threemaId,
}: Pick<Thread, 'phone' | 'bsuid' | 'threemaId'>): MessageQueued['to'] {
  return { ...(phone && { phone }), ...(bsuid && { bsuid }), ...(threemaId && { threemaId }) };
}
