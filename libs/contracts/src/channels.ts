import { z } from 'zod';
import { channelCapabilities } from './channel-capabilities.js';
import {
  channelIdentity,
  channelState,
  country,
  currency,
  deliveryError,
  deliveryStatus,
  deliveryWaitReason,
  id,
  instant,
  messageChange,
  messageType,
  referral,
  withErasedMessageId,
} from './common.js';
import { defineEvent, type EventData } from './define-event.js';
import { failureReason } from './delivery-failures.js';
import { fileKind } from './outgoing-content.js';

/** Of the provider; fixed when it was created, it decides price list and calendar. */
const account = z.object({
  /**
   * Prices that fall with the volume count all its accounts together. The account, where nobody knows who owns it. Absent
   * from channels as they were told before they said so.
   */
  portfolioId: z.string().max(64).optional(),
  currency,
  timeZone: z.string().max(60),
});

export const channelChanged = defineEvent({
  name: 'channels.channel.changed',
  version: 1,
  dataClass: 'operational',
  description:
    'A channel as it is now. Told when it is connected, at every change, and again every few days, so that whoever reads the stream from its beginning knows all of them.',
  schema: z.object({
    channelId: id,
    name: z.string().max(100),
    /** At the provider: templates are its, and so those of all its channels. */
    accountId: z.string().max(64).optional(),
    state: channelState.default('ACTIVE'),
    /** For people: why it cannot send. */
    stateReason: z.string().max(1_000).optional(),
    /** Absent from what was told before there were others than WhatsApp. */
    capabilities: channelCapabilities.optional(),
    /** What its messages are charged by; absent where none has a price of its own. */
    account: account.optional(),
    /** The same for programs. */
    stateReasonCode: failureReason.optional(),
    /** What may leave over it; channels keeps to that, whoever sends. Absent from what was told before newsletters. */
    limits: z
      .object({
        messagesPerSecond: z.number().positive(),
        /** How many persons may be written to outside their windows in 24 hours; absent where unlimited or not known. */
        recipientsPerDay: z.int().positive().optional(),
      })
      .optional(),
    /** Begins a chat with it: what the customer is to write follows, percent-encoded. Absent from what was told before. */
    chatUrl: z.url().max(200).optional(),
    /** Who carries its messages, and so processes them for the business; the one that customers are with first. */
    processors: z
      .array(z.object({ name: z.string().max(100), country }))
      .max(10)
      .optional(),
    /** Where the first of them stores messages, if it was told to: a country. */
    storageRegion: z.string().max(40).optional(),
  }),
});
export type ChannelChanged = EventData<typeof channelChanged>;

/** What somebody wrote. */
const written = z.object({
  channelId: id,
  identity: channelIdentity,
  providerMessageId: z.string().max(512),
  type: messageType,
  text: z.string().optional(),
  /** The content object of the type, as the provider sent it. */
  payload: z.record(z.string(), z.unknown()).optional(),
  /** The provider's id of the message that this one answers. */
  contextProviderMessageId: z.string().max(512).optional(),
  sentAt: instant,
  referral: referral.optional(),
});

export const channelMessageReceived = defineEvent({
  name: 'channels.message.received',
  version: 1,
  dataClass: 'message_body',
  description:
    'A customer wrote, or the business did in its phone app. Carries the body, because the conversation that keeps it has no other source.',
  schema: written.extend({
    /** Whether this kind of message opens or extends the customer service window, where its channel has one: something that wants an answer. */
    opensWindow: z.boolean(),
    /** Its channel has no service window: people may be written to at any time. */
    isWindowless: z.boolean().optional(),
    /** A notice that the person has another number or user id: what they are called from now on. `identity` is what they were called. */
    becomes: channelIdentity.pick({ phone: true, bsuid: true, parentBsuid: true }).optional(),
    /** Written by the business itself, in its phone app; `identity` is then who got it. */
    isEcho: z.boolean().optional(),
  }),
});
export type ChannelMessageReceived = EventData<typeof channelMessageReceived>;

export const channelMessageImported = defineEvent({
  name: 'channels.message.imported',
  version: 1,
  dataClass: 'message_body',
  description:
    'A message of before the number was connected, from the phone app that had it until then. `identity` is the customer, whoever wrote. What came without its file may come again with it.',
  schema: written.extend({
    by: z.enum(['customer', 'business']),
    /** How far a message of the business got. */
    status: deliveryStatus.optional(),
    /** That there was a file is all that is known. */
    isPlaceholder: z.boolean().optional(),
  }),
});
export type ChannelMessageImported = EventData<typeof channelMessageImported>;

export const channelMessageChanged = defineEvent({
  name: 'channels.message.changed',
  version: 1,
  dataClass: 'message_body',
  description:
    'Somebody reacted to a message, edited or revoked it: the customer, or the business in its phone app. May come before the message.',
  schema: z.object({
    channelId: id,
    /** The message that it is about. */
    targetProviderMessageId: z.string().max(512),
    /** The provider's id of the change itself. */
    providerMessageId: z.string().max(512),
    by: z.enum(['customer', 'business']),
    change: messageChange,
    sentAt: instant,
  }),
});
export type ChannelMessageChanged = EventData<typeof channelMessageChanged>;

export const channelStatusReceived = defineEvent({
  name: 'channels.status.received',
  version: 1,
  dataClass: 'operational',
  description: 'The provider reported a status of a message of ours. Statuses come late, twice and unordered.',
  schema: z.object({
    channelId: id,
    providerMessageId: z.string().max(512),
    /** Our message id, when the provider echoed it or channels knows the pair. */
    messageId: id.optional(),
    status: deliveryStatus,
    occurredAt: instant,
    recipientCountry: country.optional(),
    pricing: z
      .object({
        model: z.string().max(40),
        category: z.string().max(60),
        type: z.string().max(60).optional(),
        billable: z.boolean().optional(),
        /** The provider's own estimate, for categories whose price is on no rate card. */
        estimate: z.object({ amountMicros: z.int().nonnegative(), currency }).optional(),
      })
      .optional(),
    /** The provider's own unit of charge until 2025-06-30: which messages share a price. */
    chargedConversationId: z.string().max(128).optional(),
    /** End of a free entry point, which only the provider knows. */
    freeEntryPointExpiresAt: instant.optional(),
    /** Absent where no message has a price. */
    account: account.optional(),
    errors: z.array(deliveryError).max(20),
  }),
  withoutPerson: withErasedMessageId,
});
export type ChannelStatusReceived = EventData<typeof channelStatusReceived>;

export const channelMessageAccepted = defineEvent({
  name: 'channels.message.accepted',
  version: 1,
  dataClass: 'operational',
  description: 'The provider took a message of ours; that is not yet "sent".',
  schema: z.object({ channelId: id, messageId: id, providerMessageId: z.string().max(512), acceptedAt: instant }),
  withoutPerson: withErasedMessageId,
});
export type ChannelMessageAccepted = EventData<typeof channelMessageAccepted>;

export const channelRecipientIdentified = defineEvent({
  name: 'channels.recipient.identified',
  version: 1,
  dataClass: 'identity',
  description:
    'The provider calls the person a message went to by another number than it was asked to write to: in some countries both are the same phone. They will write under this one.',
  schema: z.object({ channelId: id, messageId: id, identity: channelIdentity.pick({ phone: true }).required() }),
});
export type ChannelRecipientIdentified = EventData<typeof channelRecipientIdentified>;

export const channelMessageFailed = defineEvent({
  name: 'channels.message.failed',
  version: 1,
  dataClass: 'operational',
  description: 'A message of ours will not be sent, or nobody can say whether it was (`unconfirmed`).',
  schema: z.object({
    channelId: id,
    messageId: id,
    outcome: z.enum(['rejected', 'unconfirmed']),
    error: deliveryError,
    failedAt: instant,
  }),
});
export type ChannelMessageFailed = EventData<typeof channelMessageFailed>;

export const channelStateChanged = defineEvent({
  name: 'channels.channel.state_changed',
  version: 1,
  dataClass: 'operational',
  description:
    'A channel cannot send any more, or can again. What is queued on it waits; nothing else stops. How it is now is in `channels.channel.changed` too.',
  schema: z.object({
    channelId: id,
    before: channelState,
    state: channelState,
    /** What the provider said, where it was the provider. */
    error: deliveryError.optional(),
    changedAt: instant,
  }),
});
export type ChannelStateChanged = EventData<typeof channelStateChanged>;

export const channelMessageDelayed = defineEvent({
  name: 'channels.message.delayed',
  version: 1,
  dataClass: 'operational',
  description: 'A message of ours waits, and will be sent later. Nothing is told of waits of a moment.',
  schema: z.object({
    channelId: id,
    messageId: id,
    reason: deliveryWaitReason,
    /** Not before then; absent where nobody can say. */
    until: instant.optional(),
    delayedAt: instant,
  }),
});
export type ChannelMessageDelayed = EventData<typeof channelMessageDelayed>;

const media = z.object({
  mediaId: id,
  channelId: id,
  mimeType: z.string().max(255).nullable(),
  sizeBytes: z.int().nonnegative(),
});

export const channelMediaStored = defineEvent({
  name: 'channels.media.stored',
  version: 1,
  dataClass: 'operational',
  description:
    'A file that came with a message is here now. Told after the message, or after its edit that brought the file.',
  schema: media.extend({ providerMessageId: z.string().max(512) }),
  withoutPerson: withErasedMessageId,
});
export type ChannelMediaStored = EventData<typeof channelMediaStored>;

export const channelMediaFailed = defineEvent({
  name: 'channels.media.failed',
  version: 1,
  dataClass: 'operational',
  description:
    'A file that came with a message will not be here: it is gone at the provider, infected, or cannot be had.',
  schema: z.object({
    mediaId: id,
    channelId: id,
    providerMessageId: z.string().max(512),
    state: z.enum(['FAILED', 'INFECTED', 'GONE']),
  }),
  withoutPerson: withErasedMessageId,
});
export type ChannelMediaFailed = EventData<typeof channelMediaFailed>;

export const channelMediaUploaded = defineEvent({
  name: 'channels.media.uploaded',
  version: 1,
  dataClass: 'message_body',
  description: 'A member or a program brought a file that may be sent. Carries its name, which goes into the message.',
  schema: media.extend({ kind: fileKind, mimeType: z.string().max(255), fileName: z.string().max(240).nullable() }),
});
export type ChannelMediaUploaded = EventData<typeof channelMediaUploaded>;

export const volumeTierReached = defineEvent({
  name: 'channels.volume_tier.reached',
  version: 1,
  dataClass: 'operational',
  description:
    'The provider tells from when on in a month a portfolio has the price of another volume, in one market and category. May be told again: the earliest time counts.',
  schema: z.object({
    accountId: z.string().max(64),
    /** Whose messages count together; the account, where nobody knows who owns it. */
    portfolioId: z.string().max(64),
    /** As the provider calls it. */
    region: z.string().max(100),
    category: z.string().max(60),
    /** `YYYY-MM` */
    month: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/),
    /** Of the first message that has its price, and of the last; absent where it has no end. */
    from: z.int().nonnegative(),
    to: z.int().nonnegative().optional(),
    since: instant,
  }),
});
export type VolumeTierReached = EventData<typeof volumeTierReached>;

export const channelPreferenceReceived = defineEvent({
  name: 'channels.preference.received',
  version: 1,
  dataClass: 'identity',
  description:
    'The provider tells that a person has stopped marketing of this business in its app, or wants it again. Only the person can change that.',
  schema: z.object({
    channelId: id,
    identity: channelIdentity.pick({ phone: true, bsuid: true }),
    purpose: z.enum(['MARKETING']),
    value: z.enum(['STOP', 'RESUME']),
    changedAt: instant,
  }),
});
export type ChannelPreferenceReceived = EventData<typeof channelPreferenceReceived>;
