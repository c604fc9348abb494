import {
  channelMessageAccepted,
  channelMessageFailed,
  channelStatusReceived,
  messageQueued,
  channelChanged,
  volumeTierReached,
  type ChannelMessageFailed,
  type ChannelStatusReceived,
  type MessageQueued,
  type Envelope,
  type EventData,
  type EventDefinition,
  type VolumeTierReached,
} from '@fenster/contracts';
import { newId } from '@fenster/runtime';

/** One message of ours and what events can say about it. */
export interface TestMessage {
  workspaceId: string;
  messageId: string;
  conversationId: string;
  threadId: string;
  contactId: string;
  channelId: string;
  providerMessageId: string;
}

export function testMessage(overrides: Partial<TestMessage> = {}): TestMessage {
  return {
    workspaceId: newId(),
    messageId: newId(),
    conversationId: newId(),
    threadId: newId(),
    contactId: newId(),
    channelId: newId(),
    providerMessageId: `wamid.${newId()}`,
    ...overrides,
  };
}

export const REGULAR_SERVICE = { model: 'PMP', category: 'service', type: 'regular', billable: true };
export const DELIVERED_AT = '2026-11-21T12:00:00.000Z';

export function queued(
  message: TestMessage,
  overrides: Partial<Extract<MessageQueued, { type: 'text' }>> = {},
): Envelope<EventData<typeof messageQueued>> {
  return envelope(messageQueued, message, {
    messageId: message.messageId,
    threadId: message.threadId,
    conversationId: message.conversationId,
    channelId: message.channelId,
    seq: 1,
    to: { phone: '+491701234567' },
    type: 'text',
    text: 'Guten Tag',
    authorId: AUTHOR_ID,
    contactId: message.contactId,
    ...overrides,
  });
}

/** The channel of a message, charged in euro by the calendar of Berlin. */
export function channel(message: TestMessage): Envelope<EventData<typeof channelChanged>> {
  return envelope(channelChanged, message, {
    channelId: message.channelId,
    name: 'Kundendienst',
    state: 'ACTIVE',
    account: { currency: 'EUR', timeZone: 'Europe/Berlin' },
  });
}

export function accepted(message: TestMessage): Envelope<EventData<typeof channelMessageAccepted>> {
  const { channelId, messageId, providerMessageId } = message;
  return envelope(channelMessageAccepted, message, {
    channelId,
    messageId,
    providerMessageId,
    acceptedAt: DELIVERED_AT,
  });
}

/** Not taken by the provider, or maybe not. */
export function failed(message: TestMessage, outcome: ChannelMessageFailed['outcome']): Envelope<ChannelMessageFailed> {
  const { channelId, messageId } = message;
  const error = { code: 'REJECTED', message: 'Not sent.' } as unknown as ChannelMessageFailed['error'];
  return envelope(channelMessageFailed, message, { channelId, messageId, outcome, error, failedAt: DELIVERED_AT });
}

/** Who writes all messages of the tests. */
export const AUTHOR_ID = newId();

/** A status that names our message, to Germany, without a price. */
export function status(
  message: TestMessage,
  kind: ChannelStatusReceived['status'],
  overrides: Partial<ChannelStatusReceived> = {},
): Envelope<ChannelStatusReceived> {
  return envelope(channelStatusReceived, message, {
    channelId: message.channelId,
    providerMessageId: message.providerMessageId,
    messageId: message.messageId,
    status: kind,
    occurredAt: DELIVERED_AT,
    recipientCountry: 'DE',
    account: { currency: 'EUR', timeZone: 'Europe/Berlin' },
    errors: [],
    ...overrides,
  });
}

/** German utility messages of the portfolio have the price of another volume. */
export function tierReached(
  message: TestMessage,
  overrides: Partial<VolumeTierReached> = {},
): Envelope<VolumeTierReached> {
  return envelope(volumeTierReached, message, {
    accountId: 'account',
    portfolioId: 'portfolio',
    region: 'Germany',
    category: 'UTILITY',
    month: '2026-11',
    from: 2,
    since: DELIVERED_AT,
    ...overrides,
  });
}

export function envelope<Data>(
  event: EventDefinition<string, Data>,
  { workspaceId, messageId }: TestMessage,
  data: Data,
): Envelope<Data> {
  return {
    id: newId(),
    name: event.name,
    version: event.version,
    workspaceId,
    seq: 1,
    entityId: messageId,
    occurredAt: DELIVERED_AT,
    recordedAt: DELIVERED_AT,
    actor: { kind: 'provider' },
    correlationId: newId(),
    dataClass: event.dataClass,
    data,
  };
}
