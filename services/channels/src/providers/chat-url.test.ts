import { channelChanged } from '@fenster/contracts';
import { describe, expect, it } from 'vitest';
import { CHANNEL_KINDS, type ChannelKind } from './channel-kind.js';
import { ADAPTERS } from './providers.js';

const NUMBER = '+49 30 901820';
const CHANNELS: Record<ChannelKind, { address: string; displayPhoneNumber: string | null; url: string }> = {
  WHATSAPP_CLOUD: { address: '106540352242922', displayPhoneNumber: NUMBER, url: 'https://wa.me/4930901820?text=' },
  WHATSAPP_360DIALOG: { address: '106540352242922', displayPhoneNumber: NUMBER, url: 'https://wa.me/4930901820?text=' },
  TWILIO_SMS: { address: '+4930901820', displayPhoneNumber: '+4930901820', url: 'sms:+4930901820?body=' },
  THREEMA: { address: '*FENSTER', displayPhoneNumber: null, url: 'https://threema.id/*FENSTER?text=' },
};

describe('what begins a chat', () => {
  it.each(CHANNEL_KINDS)('given a channel of %s, takes a text at its end', (kind) => {
    const { url, ...channel } = CHANNELS[kind];
    const chatUrl = ADAPTERS[kind].chatUrl(channel);
    expect(chatUrl).toBe(url);
    const told = { channelId: '019d0000-0000-7000-8000-000000000001', name: 'Mitte', state: 'ACTIVE', chatUrl };
    expect(channelChanged.schema.parse(told)).toEqual(told);
  });
});
