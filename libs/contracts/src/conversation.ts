import { z } from 'zod';
import { channelIdentity, deliveryError, id, instant, messageType } from './common.js';
import { defineEvent, type EventData } from './define-event.js';

export const threadOpened = defineEvent({
  name: 'conversation.thread.opened',
  version: 1,
  dataClass: 'identity',
  description: 'A person was seen on a channel for the first time. Contacts keeps the contact under the id given here.',
  schema: z.object({ threadId: id, contactId: id, channelId: id, identity: channelIdentity }),
});
export type ThreadOpened = EventData<typeof threadOpened>;

export const threadIdentityChanged = defineEvent({
  name: 'conversation.thread.identity_changed',
  version: 1,
  dataClass: 'identity',
  description: 'A known person came with another profile name, username, phone or BSUID.',
  schema: z.object({ threadId: id, contactId: id, channelId: id, identity: channelIdentity }),
});
export type ThreadIdentityChanged = EventData<typeof threadIdentityChanged>;

export const conversationOpened = defineEvent({
  name: 'conversation.conversation.opened',
  version: 1,
  dataClass: 'operational',
  description: 'A piece of work began in a thread.',
  schema: z.object({ conversationId: id, threadId: id, channelId: id, contactId: id }),
});
export type ConversationOpened = EventData<typeof conversationOpened>;

export const messageReceived = defineEvent({
  name: 'conversation.message.received',
  version: 1,
  dataClass: 'operational',
  description: 'A customer message has its place in a thread. The body stays in the conversation service.',
  schema: z.object({
    messageId: id,
    threadId: id,
    conversationId: id,
    channelId: id,
    seq: z.int().positive(),
    type: messageType,
    /** End of the customer service window after this message. */
    windowExpiresAt: instant.nullable(),
  }),
});
export type MessageReceived = EventData<typeof messageReceived>;

export const messageQueued = defineEvent({
  name: 'conversation.message.queued',
  version: 1,
  dataClass: 'message_body',
  description: 'A message may leave: it passed the send gate. Channels delivers it, billing attributes its cost.',
  schema: z.object({
    messageId: id,
    threadId: id,
    conversationId: id,
    channelId: id,
    seq: z.int().positive(),
    to: channelIdentity.pick({ phone: true, bsuid: true }),
    type: z.literal('text'),
    text: z.string().min(1).max(4096),
    contextProviderMessageId: z.string().max(512).optional(),
    authorId: id,
  }),
});
export type MessageQueued = EventData<typeof messageQueued>;

export const messageStatusChanged = defineEvent({
  name: 'conversation.message.status_changed',
  version: 1,
  dataClass: 'operational',
  description: 'A message moved forward: QUEUED, SENT, DELIVERED, READ, PLAYED, or to FAILED or UNCONFIRMED.',
  schema: z.object({
    messageId: id,
    conversationId: id,
    threadId: id,
    seq: z.int().positive(),
    status: z.enum(['QUEUED', 'SENT', 'DELIVERED', 'READ', 'PLAYED', 'FAILED', 'UNCONFIRMED']),
    error: deliveryError.optional(),
  }),
});
export type MessageStatusChanged = EventData<typeof messageStatusChanged>;

export const conversationCostChanged = defineEvent({
  name: 'conversation.cost.changed',
  version: 1,
  dataClass: 'cost',
  description: 'Billing recorded a charge for a message of this conversation. The figures stay in billing.',
  schema: z.object({ conversationId: id, threadId: id }),
});
export type ConversationCostChanged = EventData<typeof conversationCostChanged>;
