import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EVENTS } from './catalogue.js';
import { channelMessageReceived, channelStatusReceived } from './channels.js';
import { messageQueued } from './conversation/messages.js';
import type { EventDefinition } from './define-event.js';
import type { Envelope } from './envelope.js';
import { eraseEvent, PERSONAL_EVENTS } from './erase-event.js';

const ID = '019aa5e0-7c1e-7cc3-98c4-dc0c0c07398f';
const envelopeOf = ({ name, version, dataClass }: EventDefinition, data: unknown): Envelope => ({
  id: ID,
  name,
  version,
  workspaceId: ID,
  seq: 7,
  entityId: ID,
  occurredAt: '2026-11-22T12:00:00.000Z',
  recordedAt: '2026-11-22T12:00:00.000Z',
  actor: { kind: 'provider' },
  correlationId: 'c',
  dataClass,
  data,
});

/** Names of fields by which people are called, and of what they wrote. */
const TELLING =
  /^(identity|former|becomes|phone|bsuid|parentBsuid|threemaId|username|profileName|text|payload|content|fileName|(?:target|context)?ProviderMessageId|emoji|note)$/i;
/** Of the business itself, and of members. */
const NOT_OF_CUSTOMERS = new Set([
  'channels.template.changed',
  'channels.channel.changed',
  // The same for everybody.
  'contacts.newsletter.started',
]);

describe('an event whose person is erased', () => {
  it('stays in its place as a mark that something was there', () => {
    const received = envelopeOf(channelMessageReceived, {
      channelId: ID,
      identity: { phone: '+4915112345678' },
      providerMessageId: 'wamid.1',
      type: 'text',
      text: 'Servus',
      sentAt: '2026-11-22T12:00:00.000Z',
      opensWindow: true,
    });
    const erased = eraseEvent(received)!;
    expect(erased).toMatchObject({ id: ID, seq: 7, workspaceId: ID, name: 'channels.event.erased', data: {} });
    expect(JSON.stringify(erased)).not.toMatch(/Servus|49151|wamid/);
    expect(eraseEvent(erased)).toBeUndefined();
  });

  it('keeps what costs are attributed by, and has no address any more', () => {
    const about = { messageId: ID, threadId: ID, conversationId: ID, channelId: ID, authorId: ID };
    const queued = { ...about, to: { phone: '+4915112345678' }, seq: 3, type: 'text', text: 'Hallo Anna' };
    const { data } = eraseEvent(envelopeOf(messageQueued, queued))!;
    expect(messageQueued.schema.parse(data)).toMatchObject({ ...about, to: {}, seq: 3 });
    expect(JSON.stringify(data)).not.toMatch(/Anna|49151/);
    const reaction = {
      ...about,
      to: { bsuid: 'DE.1' },
      type: 'reaction',
      targetProviderMessageId: 'wamid.2',
      emoji: '👍',
    };
    const { data: erased } = eraseEvent(envelopeOf(messageQueued, reaction))!;
    expect(messageQueued.schema.parse(erased)).toMatchObject({ to: {}, emoji: null });
    expect(JSON.stringify(erased)).not.toMatch(/wamid|DE\.1/);
  });

  it('keeps statuses, with the same stand-in for the same message id, once and for all', () => {
    const status = envelopeOf(channelStatusReceived, {
      channelId: ID,
      messageId: ID,
      providerMessageId: 'wamid.3',
      status: 'delivered',
      occurredAt: '2026-11-22T12:00:00.000Z',
      errors: [],
    });
    const erased = eraseEvent(status)!;
    expect(channelStatusReceived.schema.parse(erased.data)).toMatchObject({ messageId: ID, status: 'delivered' });
    expect(JSON.stringify(erased)).not.toContain('wamid');
    expect(eraseEvent(erased)).toEqual(erased);
  });
});

describe('the events that name people', () => {
  it('are all that have fields for it', () => {
    const personal = new Set(PERSONAL_EVENTS.map(({ name }) => name));
    const forgotten = EVENTS.filter(({ name }) => !personal.has(name) && !NOT_OF_CUSTOMERS.has(name)).flatMap(
      ({ name, schema }) =>
        fieldsOf(z.toJSONSchema(schema)).flatMap((field) => (TELLING.test(field) ? `${name}: ${field}` : [])),
    );
    expect(forgotten).toEqual([]);
  });
});

function fieldsOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties = {} } = schema as { properties?: Record<string, unknown> };
  return [...Object.keys(properties), ...Object.values(schema).flatMap(fieldsOf)];
}
