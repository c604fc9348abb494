import { describe, expect, it } from 'vitest';
import { completionOf, type BillableMessage } from './completion.js';

const EVERYTHING: BillableMessage = {
  workspace_id: 'workspace',
  message_id: 'message',
  channel_id: 'channel',
  conversation_id: 'conversation',
  thread_id: 'thread',
  author_id: 'author',
  provider_message_key: 'key',
  pricing: { model: 'PMP', category: 'service', type: 'regular' },
  recipient_country: 'DE',
  currency: 'EUR',
  time_zone: 'Europe/Berlin',
  delivered_at: new Date('2026-11-21T12:00:00Z'),
  failed_at: null,
};
const FAILED = { failed_at: new Date('2026-11-21T12:00:01Z') };
const NOT_DELIVERED = { delivered_at: null };
const NOT_PRICED = { pricing: null };
const NOT_ATTRIBUTED = { conversation_id: null };

describe('the completion of a message', () => {
  it.each<[string, Partial<BillableMessage>, ReturnType<typeof completionOf>]>([
    ['sent with a price, not delivered', NOT_DELIVERED, { state: 'pending', missing: ['delivery'] }],
    ['delivered without a price', NOT_PRICED, { state: 'pending', missing: ['price'] }],
    [
      'delivered with a price, of no known conversation',
      NOT_ATTRIBUTED,
      { state: 'pending', missing: ['attribution'] },
    ],
    [
      'queued only',
      { ...NOT_PRICED, ...NOT_DELIVERED, currency: null, time_zone: null },
      { state: 'pending', missing: ['price', 'delivery'] },
    ],
    [
      'accepted only',
      { ...NOT_PRICED, ...NOT_DELIVERED, ...NOT_ATTRIBUTED },
      { state: 'pending', missing: ['attribution', 'price', 'delivery'] },
    ],
    ['failed with a price', { ...FAILED, ...NOT_DELIVERED }, { state: 'failed' }],
    ['failed and nothing else', { ...FAILED, ...NOT_PRICED, ...NOT_DELIVERED, ...NOT_ATTRIBUTED }, { state: 'failed' }],
    ['failed and delivered, without a price', { ...FAILED, ...NOT_PRICED }, { state: 'pending', missing: ['price'] }],
  ])('given %s, it is not to be rated', (_given, facts, expected) => {
    expect(completionOf({ ...EVERYTHING, ...facts })).toEqual(expected);
  });

  it.each<[string, Partial<BillableMessage>]>([
    ['delivered, priced and attributed', {}],
    ['reported both as failed and as delivered', FAILED],
    [
      'known without its author, thread, channel and provider message',
      { author_id: null, thread_id: null, channel_id: null, provider_message_key: null },
    ],
  ])('given a message %s, it is to be rated', (_given, facts) => {
    expect(completionOf({ ...EVERYTHING, ...facts })).toEqual({
      state: 'complete',
      message: {
        workspaceId: 'workspace',
        messageId: 'message',
        conversationId: 'conversation',
        pricing: EVERYTHING.pricing,
        recipientCountry: 'DE',
        currency: 'EUR',
        timeZone: 'Europe/Berlin',
        deliveredAt: EVERYTHING.delivered_at,
      },
    });
  });

  it('leaves an unknown country to the rating', () => {
    expect(completionOf({ ...EVERYTHING, recipient_country: null })).toMatchObject({
      state: 'complete',
      message: { recipientCountry: undefined },
    });
  });
});
