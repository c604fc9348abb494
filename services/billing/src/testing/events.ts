import {
  channelMessageAccepted,
  channelStatusReceived,
  messageQueued,
  type ChannelStatusReceived,
  type Envelope,
  type EventData,
  type EventDefinition,
} from '@fenster/contracts';
import { newId } from '@fenster/runtime';

/** One message of ours and what events can say about it. */
export interface TestMessage {
  workspaceId: string;
  messageId: string;
  conversationId: string;
  threadId: string;
  channelId: string;
  providerMessageId: string;
}

export function testMessage(overrides: Partial<TestMessage> = {}): TestMessage {
  return {
    workspaceId: newId(),
    messageId: newId(),
    conversationId: newId(),
    threadId: newId(),
    channelId: newId(),
    providerMessageId: `wamid.${newId()}`,
    ...overrides,
  };
}

export const REGULAR_SERVICE = { model: 'PMP', category: 'service', type: 'regular', billable: true };
export const DELIVERED_AT = '2026-11-21T12:00:00.000Z';

export function queued(message: TestMessage): Envelope<EventData<typeof messageQueued>> {
  return envelope(messageQueued, message, {
    messageId: message.messageId,
    threadId: message.threadId,
    conversationId: message.conversationId,
    channelId: message.channelId,
    seq: 1,
    to: { phone: '+491701234567' },
    type: 'text',
    text: 'Guten Tag',
    authorId: newId(),
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

function envelope<Data>(
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
