import { describe, expect, it } from 'vitest';
import { REGULAR_SERVICE, status, testMessage } from '../testing/events.js';
import { FactCollection } from './facts.js';
import { factsOf, providerMessageKey, statusOf } from './status.js';

const message = testMessage();
const EARLY = '2026-11-21T12:00:00.000Z';
const LATE = '2026-11-21T12:05:00.000Z';

describe('a status', () => {
  it.each([
    ['sent', { delivered_at: null, failed_at: null }],
    ['delivered', { delivered_at: new Date(EARLY), failed_at: null }],
    ['read', { delivered_at: new Date(EARLY), failed_at: null }],
    ['played', { delivered_at: new Date(EARLY), failed_at: null }],
    ['failed', { delivered_at: null, failed_at: new Date(EARLY) }],
  ] as const)('%s says when the message arrived or failed', (kind, expected) => {
    expect(factsOf(statusOf(status(message, kind, { occurredAt: EARLY }))!)).toMatchObject(expected);
  });

  it('is kept without the provider message id, which contains the phone number', () => {
    const kept = statusOf(status(message, 'sent'))!;
    expect(JSON.stringify(kept)).not.toContain(message.providerMessageId);
    expect(kept.provider_message_key).toBe(providerMessageKey(message.channelId, message.providerMessageId));
  });

  it('belongs to its channel: the same provider message id on another channel is another message', () => {
    const { channelId, providerMessageId } = message;
    expect(providerMessageKey(testMessage().channelId, providerMessageId)).not.toBe(
      providerMessageKey(channelId, providerMessageId),
    );
  });
});

describe('facts about one message', () => {
  const collect = (...statuses: ReturnType<typeof status>[]) => {
    const facts = new FactCollection();
    for (const each of statuses) facts.add(message.workspaceId, message.messageId, factsOf(statusOf(each)!));
    expect(facts.messages).toHaveLength(1);
    return facts.messages[0]!;
  };

  it('take the price that was told first, whichever comes first', () => {
    const utility = { ...REGULAR_SERVICE, category: 'utility' };
    const first = status(message, 'sent', { pricing: utility, occurredAt: EARLY });
    const second = status(message, 'delivered', { pricing: REGULAR_SERVICE, occurredAt: LATE });
    expect(collect(status(message, 'sent'), first, second).pricing).toEqual(utility);
    expect(collect(second, first)).toMatchObject({ pricing: utility, priced_at: new Date(EARLY) });
  });

  it('take the earliest delivery, whichever comes first', () => {
    const read = status(message, 'read', { occurredAt: LATE });
    const delivered = status(message, 'delivered', { occurredAt: EARLY });
    expect(collect(read, delivered).delivered_at).toEqual(new Date(EARLY));
    expect(collect(delivered, read).delivered_at).toEqual(new Date(EARLY));
    expect(collect(read, status(message, 'sent')).delivered_at).toEqual(new Date(LATE));
  });

  it('stay apart by message and by workspace', () => {
    const facts = new FactCollection();
    facts.add('a', 'message', {});
    facts.add('b', 'message', {});
    facts.add('a', 'other', {});
    facts.add('a', 'message', {});
    expect(facts.messages.map((each) => `${each.workspace_id} ${each.message_id}`)).toEqual([
      'a message',
      'b message',
      'a other',
    ]);
  });
});
