import { z } from 'zod';
import { channelIdentity, id } from '../common.js';
import { defineEvent, type EventData } from '../define-event.js';

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
  description:
    'A known person came with another profile name, username, phone, BSUID or parent BSUID, or is not called so any more.',
  schema: z.object({
    threadId: id,
    contactId: id,
    channelId: id,
    identity: channelIdentity,
    /** What they are called no longer, where nothing that is known takes its place. */
    former: channelIdentity.pick({ phone: true, bsuid: true }).optional(),
  }),
});
export type ThreadIdentityChanged = EventData<typeof threadIdentityChanged>;

export const customerIdentityChanged = defineEvent({
  name: 'conversation.customer_identity.changed',
  version: 1,
  dataClass: 'operational',
  description:
    'The provider told that the customer of a conversation has another number or user id, and they go on in the same thread; or their number is somebody else’s now.',
  schema: z.object({
    conversationId: id,
    threadId: id,
    change: z.enum(['NUMBER_CHANGED', 'USER_ID_CHANGED', 'WRITES_ELSEWHERE', 'NUMBER_LOST']),
  }),
});
export type CustomerIdentityChanged = EventData<typeof customerIdentityChanged>;
