import { messageType, type MessageType } from '@fenster/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentOf } from './message-content.js';
import {
  ChoiceContent,
  type ContactsContent,
  FlowContent,
  LocationContent,
  MediaContent,
  OrderContent,
  SystemContent,
  TextContent,
  UnsupportedContent,
} from './message-content.types.js';

const content = (
  type: MessageType,
  payload: Record<string, unknown> | null,
  text: string | null = null,
  phones = true,
) => contentOf({ type, text, payload }, { mayReadPhones: phones });

const FILE = '019aa5e0-7c1e-7cc3-98c4-dc0c0c07398f';

describe('what a message says', () => {
  it.each<[string, ReturnType<typeof content>, new () => object, object]>([
    ['a text', content('text', null, 'Hallo'), TextContent, { body: 'Hallo' }],
    [
      'an image',
      content('image', { id: '7', mediaId: FILE, mime_type: 'image/jpeg', sha256: 'x=', caption: 'alt' }, 'neu'),
      MediaContent,
      {
        mediaKind: 'IMAGE',
        media: { id: FILE },
        caption: 'neu',
        mimeType: 'image/jpeg',
        sha256: 'x=',
        fileName: null,
      },
    ],
    ['a voice note', content('audio', { id: '8', voice: true }), MediaContent, { mediaKind: 'VOICE', caption: null }],
    ['an audio file', content('audio', { id: '8', voice: false }), MediaContent, { mediaKind: 'AUDIO' }],
    [
      'a document',
      content('document', { id: '9', filename: 'Rechnung.pdf' }),
      MediaContent,
      { mediaKind: 'DOCUMENT', fileName: 'Rechnung.pdf' },
    ],
    [
      'a sticker',
      content('sticker', { id: '9', animated: true }),
      MediaContent,
      { mediaKind: 'STICKER', isAnimated: true },
    ],
    [
      'a place',
      content('location', { latitude: 52.52, longitude: 13.405, name: 'Fernsehturm' }),
      LocationContent,
      { latitude: 52.52, longitude: 13.405, name: 'Fernsehturm', address: null },
    ],
    [
      'a button',
      content('interactive', { type: 'button_reply', button_reply: { id: 'yes', title: 'Ja' } }),
      ChoiceContent,
      { source: 'BUTTON', choiceId: 'yes', title: 'Ja', description: null },
    ],
    [
      'a row of a list',
      content('interactive', { list_reply: { id: '2', title: 'Dienstag', description: 'Mitte' } }),
      ChoiceContent,
      { source: 'LIST', choiceId: '2', title: 'Dienstag', description: 'Mitte' },
    ],
    [
      'a button of a template',
      content('button', { payload: 'STOP', text: 'Stopp' }),
      ChoiceContent,
      { source: 'TEMPLATE_BUTTON', choiceId: 'STOP', title: 'Stopp' },
    ],
    [
      'a form',
      content('interactive', { nfm_reply: { name: 'flow', body: 'Sent', response_json: '{"a":1}' } }),
      FlowContent,
      { flowName: 'flow', summary: 'Sent', responseJson: '{"a":1}' },
    ],
    [
      'an order',
      content(
        'order',
        {
          catalog_id: '1',
          product_items: [
            { product_retailer_id: 'p1', quantity: 2, item_price: 9.99, currency: 'EUR' },
            { quantity: -1 },
          ],
        },
        'Als Geschenk',
      ),
      OrderContent,
      {
        catalogId: '1',
        note: 'Als Geschenk',
        items: [
          { productId: 'p1', quantity: 2, priceMicros: 9_990_000, currency: 'EUR' },
          { productId: null, quantity: null, priceMicros: null, currency: null },
        ],
      },
    ],
    [
      'what WhatsApp does not hand out',
      content('unsupported', {
        type: 'unsupported',
        content: { type: 'poll_creation' },
        errors: [{ code: 131051, title: 'Unknown', details: 'Not supported.' }],
      }),
      UnsupportedContent,
      { providerType: 'poll_creation', explanation: 'Not supported.' },
    ],
    [
      'what nobody knows',
      content('unsupported', { type: 'hologram', content: { id: '77' } }),
      UnsupportedContent,
      { providerType: 'hologram', explanation: null },
    ],
    [
      'a place that is none',
      content('location', { latitude: 'here' }),
      UnsupportedContent,
      { providerType: 'location' },
    ],
    ['an answer without a body', content('interactive', {}), UnsupportedContent, { providerType: 'interactive' }],
  ])('is %s', (_case, found, type, expected) => {
    expect(found).toBeInstanceOf(type);
    expect(found).toMatchObject(expected);
  });

  it('is people, whose numbers only some may read', () => {
    const payload = {
      contacts: [
        {
          name: { formatted_name: 'Ina Roth' },
          org: { company: 'Rad & Roth' },
          phones: [{ phone: '+49 30 1234', wa_id: '49301234' }, { wa_id: '49305678' }, {}],
          emails: [{ email: 'ina@example.test' }],
          addresses: [{ street: 'Am Tor 1', zip: '10115', city: 'Berlin' }],
        },
        { name: { formatted_name: '+49 151 2345678' } },
      ],
    };
    const [all, some] = [true, false].map((phones) => content('contacts', payload, null, phones) as ContactsContent);
    expect(all!.cards).toMatchObject([
      {
        name: 'Ina Roth',
        organization: 'Rad & Roth',
        phones: ['+49 30 1234', '49305678'],
        emails: ['ina@example.test'],
        addresses: ['Am Tor 1, 10115 Berlin'],
      },
      { name: '+49 151 2345678', phones: [] },
    ]);
    expect(some!.cards).toMatchObject([
      { name: 'Ina Roth', phones: null },
      { name: null, phones: null },
    ]);
  });

  it('is a notice of WhatsApp, whose numbers only some may read', () => {
    const payload = {
      type: 'user_changed_number',
      body: 'A changed from 4915112345678 to 4915187654321',
      wa_id: '4915187654321',
    };
    expect(content('system', payload)).toMatchObject({
      notice: 'NUMBER_CHANGED',
      words: payload.body,
      newPhone: '+4915187654321',
    });
    expect(content('system', payload, null, false)).toEqual(
      Object.assign(new SystemContent(), { notice: 'NUMBER_CHANGED', words: null, newPhone: null }),
    );
    expect(content('system', { type: 'constructor', wa_id: '4915187654321' })).toMatchObject({
      notice: 'OTHER',
      newPhone: null,
    });
  });

  it('is something, whatever was sent', () => {
    const anything = fc.oneof(fc.constant(null), fc.dictionary(fc.string(), fc.jsonValue() as fc.Arbitrary<unknown>));
    const known = fc.constantFrom(
      'contacts',
      'product_items',
      'button_reply',
      'nfm_reply',
      'errors',
      'content',
      'wa_id',
    );
    const payload = fc.tuple(anything, fc.dictionary(known, fc.jsonValue() as fc.Arbitrary<unknown>));
    fc.assert(
      fc.property(fc.constantFrom(...messageType.options), payload, (type, [some, more]) => {
        expect(content(type, { ...some, ...more })).toBeTypeOf('object');
      }),
    );
  });
});
