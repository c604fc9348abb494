import { readFileSync } from 'node:fs';
import { channelMessageChanged, channelMessageReceived, channelStatusReceived } from '@fenster/contracts';
import { describe, expect, it } from 'vitest';
import type { InboundMessage, InboundStatus } from '../providers/provider.js';
import { parseWebhook } from '../providers/whatsapp-cloud/webhook.js';
import { toMessageChanged, toMessageReceived, toStatusReceived, whyUnfit } from './event-data.js';

const channel = {
  id: '019aa5e0-7c1e-7cc3-98c4-dc0c0c07398f',
  capabilities: { serviceWindow: true },
  currency: 'EUR',
  timeZone: 'Europe/Berlin',
  portfolio: '1020304',
};

const message: InboundMessage = {
  kind: 'message',
  path: '$',
  address: '1',
  dedupeKey: 'message:wamid.1',
  providerMessageId: 'wamid.1',
  type: 'text',
  text: 'Servus',
  payload: { body: 'Servus' },
  truncated: false,
  sentAt: new Date('2026-11-21T09:00:00Z'),
  identity: { phone: '+4915112345678', profileName: 'Anna Bauer' },
  opensWindow: true,
};

const status: InboundStatus = {
  kind: 'status',
  path: '$',
  address: '1',
  dedupeKey: 'status:failed:wamid.2',
  providerMessageId: 'wamid.2',
  status: 'failed',
  occurredAt: new Date('2026-11-21T09:00:01Z'),
  errors: [{ code: 131047, title: 'Re-engagement message', details: 'More than 24 hours', reason: 'window_closed' }],
};

describe('toMessageChanged', () => {
  it('says what changed whose message', () => {
    const changes = { providerMessageId: 'wamid.0', change: { kind: 'reaction', emoji: '👍' } } as const;
    const data = toMessageChanged({ ...message, type: 'reaction', changes }, channel);
    expect(channelMessageChanged.schema.parse(data)).toEqual({
      channelId: channel.id,
      targetProviderMessageId: 'wamid.0',
      providerMessageId: 'wamid.1',
      by: 'customer',
      change: { kind: 'reaction', emoji: '👍' },
      sentAt: '2026-11-21T09:00:00.000Z',
    });
    expect(toMessageChanged({ ...message, changes, isEcho: true }, channel).by).toBe('business');
  });
});

describe('toMessageReceived', () => {
  it('carries a text once', () => {
    expect(toMessageReceived(message, channel)).toEqual({
      channelId: channel.id,
      identity: { phone: '+4915112345678', profileName: 'Anna Bauer' },
      providerMessageId: 'wamid.1',
      type: 'text',
      text: 'Servus',
      sentAt: '2026-11-21T09:00:00.000Z',
      opensWindow: true,
    });
  });

  it('carries the content of every other type, its caption and what it answers', () => {
    const image = {
      ...message,
      type: 'image' as const,
      text: 'Mein Rad',
      payload: { id: '7', caption: 'Mein Rad' },
      contextProviderMessageId: 'wamid.0',
    };
    expect(toMessageReceived(image, channel)).toMatchObject({
      type: 'image',
      text: 'Mein Rad',
      payload: { id: '7', caption: 'Mein Rad' },
      contextProviderMessageId: 'wamid.0',
    });
  });
});

describe('a message by which somebody came from an ad', () => {
  it('says which, as the provider told', () => {
    const referral = { sourceType: 'ad', sourceId: '12', headline: 'Räder im Angebot', clickId: 'AfF' };
    expect(toMessageReceived({ ...message, referral }, channel).referral).toEqual(referral);
    expect(toMessageReceived(message, channel)).not.toHaveProperty('referral');
  });
});

describe('a notice that somebody has another number', () => {
  it('says what they were called and what they are called', () => {
    const notice = { ...message, type: 'system' as const, becomes: { phone: '+4915187654321', bsuid: 'DE.2' } };
    expect(toMessageReceived(notice, channel)).toMatchObject({
      identity: { phone: '+4915112345678' },
      becomes: { phone: '+4915187654321', bsuid: 'DE.2' },
    });
  });
});

describe('toStatusReceived', () => {
  it('says whose calendar and currency decide, and keeps what rules branch on', () => {
    expect(toStatusReceived(status, channel, undefined)).toEqual({
      channelId: channel.id,
      providerMessageId: 'wamid.2',
      status: 'failed',
      occurredAt: '2026-11-21T09:00:01.000Z',
      account: { portfolioId: '1020304', currency: 'EUR', timeZone: 'Europe/Berlin' },
      errors: [{ code: 131047, title: 'Re-engagement message', reason: 'window_closed' }],
    });
  });

  it('names our message, the recipient country and the pricing where they are known', () => {
    const pricing = { model: 'PMP', category: 'service', type: 'regular', billable: true };
    const delivered = { ...status, status: 'delivered' as const, errors: [], recipientCountry: 'DE', pricing };
    expect(toStatusReceived(delivered, channel, channel.id)).toMatchObject({
      messageId: channel.id,
      recipientCountry: 'DE',
      pricing,
    });
  });
});

describe('whyUnfit', () => {
  it('keeps group messages out of private threads', () => {
    expect(whyUnfit({ ...message, groupId: 'g1' })).toBe('written in a group');
    expect(whyUnfit(message)).toBeUndefined();
    expect(whyUnfit(status)).toBeUndefined();
  });
});

describe('every element of every fixture', () => {
  it.each(['batch', 'kinds', 'status-free-entry-point', 'statuses', 'text', 'text-bsuid-only'])(
    'fits the contract: %s',
    (name) => {
      const raw = readFileSync(new URL(`../providers/whatsapp-cloud/fixtures/${name}.json`, import.meta.url), 'utf8');
      const items = parseWebhook(JSON.parse(raw)).items.filter((item) => item.kind !== 'other');
      expect(items.length).toBeGreaterThan(0);
      for (const item of items) {
        if (item.kind === 'message') {
          const data = toMessageReceived(item, channel);
          expect(channelMessageReceived.schema.parse(data)).toEqual(data);
        } else {
          const data = toStatusReceived(item, channel, undefined);
          expect(channelStatusReceived.schema.parse(data)).toEqual(data);
        }
      }
    },
  );

  it('fits at the limits of what the parser lets through', () => {
    const far = 'x'.repeat(256);
    const limit: InboundMessage = {
      ...message,
      text: 'x'.repeat(65_536),
      providerMessageId: far,
      contextProviderMessageId: far,
      identity: {
        bsuid: 'D'.repeat(160),
        parentBsuid: 'P'.repeat(160),
        username: 'u'.repeat(100),
        profileName: 'p'.repeat(256),
      },
      referral: {
        sourceType: 't'.repeat(64),
        sourceId: far,
        sourceUrl: 'u'.repeat(2_048),
        headline: 'h'.repeat(1_024),
        clickId: 'c'.repeat(512),
      },
    };
    expect(channelMessageReceived.schema.safeParse(toMessageReceived(limit, channel)).success).toBe(true);
    const errors = Array.from({ length: 20 }, () => ({ code: Number.MAX_SAFE_INTEGER, title: 't'.repeat(256) }));
    expect(
      channelStatusReceived.schema.safeParse(toStatusReceived({ ...status, errors }, channel, undefined)).success,
    ).toBe(true);
  });

  it('tells the end of a free entry point, and of no other conversation of the provider', () => {
    const conversationExpiresAt = new Date('2026-11-24T09:00:00Z');
    const endOf = (pricing: NonNullable<InboundStatus['pricing']>) =>
      toStatusReceived({ ...status, status: 'sent', pricing, conversationExpiresAt }, channel, undefined)
        .freeEntryPointExpiresAt;
    expect(endOf({ model: 'PMP', category: 'service', type: 'free_entry_point' })).toBe('2026-11-24T09:00:00.000Z');
    expect(endOf({ model: 'CBP', category: 'referral_conversion' })).toBe('2026-11-24T09:00:00.000Z');
    expect(endOf({ model: 'PMP', category: 'service', type: 'regular' })).toBeUndefined();
    expect(endOf({ model: 'CBP', category: 'service' })).toBeUndefined();
  });
});
