import { z } from 'zod';
import {
  channelIdentity,
  country,
  currency,
  deliveryError,
  deliveryStatus,
  id,
  instant,
  messageType,
} from './common.js';
import { defineEvent, type EventData } from './define-event.js';

export const channelMessageReceived = defineEvent({
  name: 'channels.message.received',
  version: 1,
  dataClass: 'message_body',
  description: 'A customer wrote. Carries the body, because the conversation that keeps it has no other source.',
  schema: z.object({
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
    /** Whether this kind of message opens or extends the customer service window. */
    opensWindow: z.boolean(),
  }),
});
export type ChannelMessageReceived = EventData<typeof channelMessageReceived>;

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
      })
      .optional(),
    /** Fixed when the provider account was created; decides price list and calendar. */
    account: z.object({ currency, timeZone: z.string().max(60) }),
    errors: z.array(deliveryError).max(20),
  }),
});
export type ChannelStatusReceived = EventData<typeof channelStatusReceived>;

export const channelMessageAccepted = defineEvent({
  name: 'channels.message.accepted',
  version: 1,
  dataClass: 'operational',
  description: 'The provider took a message of ours; that is not yet "sent".',
  schema: z.object({ channelId: id, messageId: id, providerMessageId: z.string().max(512), acceptedAt: instant }),
});
export type ChannelMessageAccepted = EventData<typeof channelMessageAccepted>;

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
