import { describe, expect, it } from 'vitest';
import { readGraphCall } from './message-call.js';

const text = (parts: object = {}) => ({
  messaging_product: 'whatsapp',
  to: '+4915112345678',
  type: 'text',
  text: { body: 'Hallo' },
  ...parts,
});

describe('readGraphCall', () => {
  it('reads a text to a phone', () => {
    expect(readGraphCall(text({ biz_opaque_callback_data: 'our-id' }), '49')).toEqual({
      kind: 'message',
      type: 'text',
      to: { phone: '4915112345678' },
      input: '+4915112345678',
      content: { body: 'Hallo' },
      callbackData: 'our-id',
    });
  });

  it('reads a text to a user id', () => {
    expect(readGraphCall(text({ to: undefined, recipient: 'DE.123' }), '49')).toMatchObject({
      to: { bsuid: 'DE.123' },
    });
  });

  it('lets the phone win over the user id', () => {
    expect(readGraphCall(text({ recipient: 'DE.123' }), '49')).toMatchObject({ to: { phone: '4915112345678' } });
  });

  it('puts the country of the business before a number without plus, as Meta does', () => {
    expect(readGraphCall(text({ to: '436601234567' }), '49')).toMatchObject({ to: { phone: '49436601234567' } });
  });

  it('takes the mark-as-read call', () => {
    expect(readGraphCall({ messaging_product: 'whatsapp', status: 'read', message_id: 'wamid.X' }, '49')).toEqual({
      kind: 'read',
      messageId: 'wamid.X',
      isTyping: false,
    });
    const typing = {
      messaging_product: 'whatsapp',
      status: 'read',
      message_id: 'wamid.X',
      typing_indicator: { type: 'text' },
    };
    expect(readGraphCall(typing, '49')).toMatchObject({ isTyping: true });
  });

  it('counts characters as people do', () => {
    expect(readGraphCall(text({ text: { body: '🚲'.repeat(4_096) } }), '49')).toMatchObject({ kind: 'message' });
  });

  it.each<[string, unknown, number]>([
    ['no object', 'x', 100],
    ['no JSON', undefined, 100],
    ['no product', text({ messaging_product: undefined }), 100],
    ['no recipient', text({ to: undefined }), 100],
    ['a recipient of another type', text({ to: 4915112345678 }), 100],
    ['a recipient that is no number', text({ to: '+49abc' }), 131009],
    ['a user id that is none', text({ to: undefined, recipient: 'anna' }), 131009],
    ['an unknown type', text({ type: 'hologram' }), 100],
    ['an inherited name as type', text({ type: 'constructor' }), 100],
    ['no content', text({ text: undefined }), 131008],
    ['content of another type', text({ text: 'Hallo' }), 100],
    ['an empty text', text({ text: { body: '' } }), 100],
    ['a text of 4097 characters', text({ text: { body: 'x'.repeat(4_097) } }), 100],
    ['long callback data', text({ biz_opaque_callback_data: 'x'.repeat(513) }), 100],
    ['a context without message', text({ context: {} }), 100],
    ['another status than read', text({ status: 'delivered' }), 100],
    ['read without message', text({ status: 'read' }), 100],
    ['a group', text({ recipient_type: 'group' }), 100],
    ['another way of typing', text({ status: 'read', message_id: 'x', typing_indicator: { type: 'audio' } }), 100],
  ])('refuses %s', (_name, body, code) => {
    expect(readGraphCall(body, '49')).toMatchObject({ status: 400, code });
  });
});
