import { z } from 'zod';
import { channelIdentity, deliveryError, erasedMessageId, id, instant, messageType } from '../common.js';
import { defineEvent, type EventData } from '../define-event.js';
import { outgoingContent } from '../outgoing-content.js';

/** Imported messages have the places 0, -1, -2, … before the first. */
const place = z.int();

const added = z.object({
  messageId: id,
  threadId: id,
  conversationId: id,
  channelId: id,
  seq: z.int().positive(),
  type: messageType,
});

export const messageReceived = defineEvent({
  name: 'conversation.message.received',
  version: 1,
  dataClass: 'operational',
  description: 'A customer message has its place in a thread. The body stays in the conversation service.',
  schema: added.extend({
    /** End of the customer service window after this message. */
    windowExpiresAt: instant.nullable(),
    /** What the message did to that window. There is no event of its own for it: it would double what each message costs. */
    windowChange: z.enum(['opened', 'extended']).nullable().default(null),
  }),
});
export type MessageReceived = EventData<typeof messageReceived>;

export const messageEchoed = defineEvent({
  name: 'conversation.message.echoed',
  version: 1,
  dataClass: 'operational',
  description:
    'A colleague wrote to the customer in the phone app of the number: an answer, which opens no window and costs nothing.',
  schema: added,
});
export type MessageEchoed = EventData<typeof messageEchoed>;

export const messagesImported = defineEvent({
  name: 'conversation.messages.imported',
  version: 1,
  dataClass: 'operational',
  description:
    'Messages of before the number was connected have come, or files that were missing in them. Nobody has to answer them: they open no window and cost nothing. Those that are older than the newest of them may have another `seq` now.',
  schema: z.object({
    conversationId: id,
    threadId: id,
    channelId: id,
    contactId: id,
    count: z.int().positive(),
    /** Of those that came. */
    oldestAt: instant,
    newestAt: instant,
  }),
});
export type MessagesImported = EventData<typeof messagesImported>;

export const messagesEmptied = defineEvent({
  name: 'conversation.messages.emptied',
  version: 1,
  dataClass: 'operational',
  description:
    'A rule of retention took what was said in a conversation before then, with its files. Told once for each part that goes. The messages stay, without content.',
  schema: z.object({ conversationId: id, sentBefore: instant }),
});
export type MessagesEmptied = EventData<typeof messagesEmptied>;

const queued = z.object({
  messageId: id,
  threadId: id,
  conversationId: id,
  channelId: id,
  to: channelIdentity.pick({ phone: true, bsuid: true, threemaId: true }),
  /** The member or API key that sends it; none for what a rule of Fenster sends. */
  authorId: id.optional(),
  /** The end of the service window when it was queued; null without one, absent where it does not matter. */
  windowExpiresAt: instant.nullable().optional(),
  /** When that window began: it names the window. */
  windowOpenedAt: instant.nullable().optional(),
  /** The end of the free entry point that the person came by; null without one, absent where it does not matter. */
  freeEntryExpiresAt: instant.nullable().optional(),
  /** Whose work the conversation was, and who is written to, when it was queued: its cost is theirs for ever. */
  contactId: id.optional(),
  teamId: id.nullable().optional(),
  /** The newsletter that it is of. */
  newsletterId: id.optional(),
});

const placed = queued.extend({
  seq: z.int().positive(),
  /** The provider's id of the message that this one answers. */
  contextProviderMessageId: z.string().max(512).optional(),
});

const ERASED_TEXT = '…';

export const messageQueued = defineEvent({
  name: 'conversation.message.queued',
  version: 1,
  dataClass: 'message_body',
  description: 'A message may leave: it passed the send gate. Channels delivers it, billing attributes its cost.',
  schema: z.discriminatedUnion('type', [
    placed.extend({ type: z.literal('text'), text: z.string().min(1).max(4096), previewUrl: z.boolean().optional() }),
    placed.extend({
      // All but a text, and what only comes in.
      type: messageType.exclude(['text', 'button', 'reaction', 'order', 'system', 'edit', 'revoke', 'unsupported']),
      content: outgoingContent,
    }),
    // Has no place in the thread of its own; `messageId` is the reaction's.
    queued.extend({
      type: z.literal('reaction'),
      targetProviderMessageId: z.string().max(512),
      /** Null takes the earlier one back. */
      emoji: z.string().min(1).max(64).nullable(),
    }),
  ]),
  // Billing attributes costs by the rest. Without an address nothing is sent.
  withoutPerson({ messageId, threadId, conversationId, channelId, authorId, newsletterId, ...data }) {
    const { windowExpiresAt, freeEntryExpiresAt } = data;
    const times = { windowExpiresAt, freeEntryExpiresAt };
    const kept = { messageId, threadId, conversationId, channelId, authorId, newsletterId, ...times, to: {} };
    if (data.type !== 'reaction') return { ...kept, type: 'text' as const, seq: data.seq, text: ERASED_TEXT };
    const targetProviderMessageId = erasedMessageId(data.targetProviderMessageId);
    return { ...kept, type: data.type, targetProviderMessageId, emoji: null };
  },
});
export type MessageQueued = EventData<typeof messageQueued>;

/** What happens to a message takes no `seq`: it changes the message that has one. */
const changed = z.object({ messageId: id, threadId: id, conversationId: id, seq: place });

export const messageEdited = defineEvent({
  name: 'conversation.message.edited',
  version: 1,
  dataClass: 'operational',
  description: 'Its author wrote a message anew. The words, old and new, stay in the conversation service.',
  schema: changed,
});
export type MessageEdited = EventData<typeof messageEdited>;

export const messageRevoked = defineEvent({
  name: 'conversation.message.revoked',
  version: 1,
  dataClass: 'operational',
  description: 'Its author took a message back: its words are gone, and so must be the files that it brought.',
  schema: changed.extend({ mediaIds: z.array(id).max(1_000).default([]) }),
});
export type MessageRevoked = EventData<typeof messageRevoked>;

export const messageMediaChanged = defineEvent({
  name: 'conversation.message.media_changed',
  version: 1,
  dataClass: 'operational',
  description: 'The file of a message is here now, or will not be.',
  schema: changed.extend({ mediaId: id, state: z.enum(['READY', 'FAILED', 'INFECTED', 'GONE']) }),
});
export type MessageMediaChanged = EventData<typeof messageMediaChanged>;

export const messageReactionChanged = defineEvent({
  name: 'conversation.message.reaction_changed',
  version: 1,
  dataClass: 'operational',
  description: 'A reaction to a message came, was replaced or taken back, or moved on its way to the customer.',
  schema: changed,
});
export type MessageReactionChanged = EventData<typeof messageReactionChanged>;

export const messageDelayed = defineEvent({
  name: 'conversation.message.delayed',
  version: 1,
  dataClass: 'operational',
  description: 'A message of ours waits before it is sent. What for, and until when, is at the message.',
  schema: changed,
});
export type MessageDelayed = EventData<typeof messageDelayed>;

export const messageSettled = defineEvent({
  name: 'conversation.message.settled',
  version: 1,
  dataClass: 'operational',
  description:
    'Nobody knows whether a message was sent, and an agent has decided what is to be: it was sent again, or is taken as sent.',
  schema: changed.extend({
    decision: z.enum(['SEND_AGAIN', 'TAKE_AS_SENT']),
    /** The one that was sent in its place. */
    resentAs: id.optional(),
  }),
});
export type MessageSettled = EventData<typeof messageSettled>;

export const messageStatusChanged = defineEvent({
  name: 'conversation.message.status_changed',
  version: 1,
  dataClass: 'operational',
  description: 'A message moved forward: QUEUED, SENT, DELIVERED, READ, PLAYED, or to FAILED or UNCONFIRMED.',
  schema: z.object({
    messageId: id,
    conversationId: id,
    threadId: id,
    seq: place,
    status: z.enum(['QUEUED', 'SENT', 'DELIVERED', 'READ', 'PLAYED', 'FAILED', 'UNCONFIRMED']),
    error: deliveryError.optional(),
  }),
});
export type MessageStatusChanged = EventData<typeof messageStatusChanged>;
