import type { OutgoingContent } from '@fenster/contracts';
import { describe, expect, it } from 'vitest';
import { compileTypes, WIRE_TYPE } from '../../../../sandbox/src/testing/compile-types.js';
import { writeContent } from './outgoing-content.js';

const FILE = '019aa5e0-7c1e-7cc3-98c4-dc0c0c07398f';
const MESSAGE = '019aa5e0-7c1e-7cc3-98c4-dc0c0c073990';
const written = (content: OutgoingContent) =>
  writeContent({ content, messageId: MESSAGE, media: { [FILE]: '2762702990552401' } });
const image = { mediaKind: 'IMAGE', mediaId: FILE } as const;

const hello = {
  templateId: '019aa5e0-7c1e-7cc3-98c4-dc0c0c073991',
  name: 'hello_world',
  language: 'en_US',
  category: 'UTILITY',
} as const;
const asTemplate = (components: object[]) => ({
  type: 'template',
  template: { name: 'hello_world', language: { policy: 'deterministic', code: 'en_US' }, components },
});

/** Left what we call it, right what Meta's pages and its published samples call it (whatsapp.md §B1). */
const AS_META_DOCUMENTS: [string, OutgoingContent, object][] = [
  ['a text', { kind: 'text', body: 'Hallo' }, { type: 'text', text: { body: 'Hallo' } }],
  [
    'a text with a preview',
    { kind: 'text', body: 'https://a.example', previewUrl: true },
    { type: 'text', text: { body: 'https://a.example', preview_url: true } },
  ],
  [
    'an image',
    { kind: 'media', ...image, caption: 'Ihr Rad' },
    { type: 'image', image: { id: '2762702990552401', caption: 'Ihr Rad' } },
  ],
  [
    'a document',
    { kind: 'media', mediaKind: 'DOCUMENT', mediaId: FILE, fileName: 'Rechnung.pdf' },
    { type: 'document', document: { id: '2762702990552401', filename: 'Rechnung.pdf' } },
  ],
  [
    'a sound',
    { kind: 'media', mediaKind: 'AUDIO', mediaId: FILE },
    { type: 'audio', audio: { id: '2762702990552401' } },
  ],
  [
    'a voice note',
    { kind: 'media', mediaKind: 'VOICE', mediaId: FILE },
    { type: 'audio', audio: { id: '2762702990552401', voice: true } },
  ],
  [
    'a sticker',
    { kind: 'media', mediaKind: 'STICKER', mediaId: FILE },
    { type: 'sticker', sticker: { id: '2762702990552401' } },
  ],
  [
    'a place',
    { kind: 'location', latitude: 37.44, longitude: -122.16, name: 'Philz', address: '101 Forest Ave' },
    { type: 'location', location: { latitude: 37.44, longitude: -122.16, name: 'Philz', address: '101 Forest Ave' } },
  ],
  [
    'people',
    {
      kind: 'contacts',
      cards: [
        {
          name: 'Barbara J. Johnson',
          firstName: 'Barbara',
          middleName: 'J.',
          birthday: '1999-01-23',
          organization: 'Lucky Shrub',
          jobTitle: 'Counsel',
          phones: [{ phone: '+19175559999', type: 'Mobile', whatsAppId: '19175559999' }],
          emails: [{ email: 'b@shrub.example', type: 'Work' }],
          urls: [{ url: 'https://shrub.example' }],
          addresses: [{ street: '1 Way', city: 'Menlo Park', countryCode: 'US' }],
        },
        { name: 'Werkstatt' },
      ],
    },
    {
      type: 'contacts',
      contacts: [
        {
          name: { formatted_name: 'Barbara J. Johnson', first_name: 'Barbara', middle_name: 'J.' },
          birthday: '1999-01-23',
          org: { company: 'Lucky Shrub', title: 'Counsel' },
          phones: [{ phone: '+19175559999', type: 'Mobile', wa_id: '19175559999' }],
          emails: [{ email: 'b@shrub.example', type: 'Work' }],
          urls: [{ url: 'https://shrub.example' }],
          addresses: [{ street: '1 Way', city: 'Menlo Park', country_code: 'US' }],
        },
        { name: { formatted_name: 'Werkstatt', first_name: 'Werkstatt' } },
      ],
    },
  ],
  [
    'reply buttons',
    {
      kind: 'buttons',
      header: { media: image },
      body: 'Passt das?',
      footer: 'Ihr Radladen',
      buttons: [{ id: 'yes', title: 'Ja' }],
    },
    {
      type: 'interactive',
      interactive: {
        type: 'button',
        header: { type: 'image', image: { id: '2762702990552401' } },
        body: { text: 'Passt das?' },
        footer: { text: 'Ihr Radladen' },
        action: { buttons: [{ type: 'reply', reply: { id: 'yes', title: 'Ja' } }] },
      },
    },
  ],
  [
    'a list',
    {
      kind: 'list',
      header: 'Termine',
      body: 'Wann?',
      button: 'Auswählen',
      sections: [{ title: 'Montag', rows: [{ id: 'm9', title: '9 Uhr', description: 'Früh' }] }],
    },
    {
      type: 'interactive',
      interactive: {
        type: 'list',
        header: { type: 'text', text: 'Termine' },
        body: { text: 'Wann?' },
        action: {
          button: 'Auswählen',
          sections: [{ title: 'Montag', rows: [{ id: 'm9', title: '9 Uhr', description: 'Früh' }] }],
        },
      },
    },
  ],
  [
    'a link',
    { kind: 'link', header: { text: 'Neu' }, body: 'Unser Angebot', label: 'Ansehen', url: 'https://a.example' },
    {
      type: 'interactive',
      interactive: {
        type: 'cta_url',
        header: { type: 'text', text: 'Neu' },
        body: { text: 'Unser Angebot' },
        action: { name: 'cta_url', parameters: { display_text: 'Ansehen', url: 'https://a.example' } },
      },
    },
  ],
  [
    'a question for the place',
    { kind: 'locationRequest', body: 'Wo?' },
    {
      type: 'interactive',
      interactive: { type: 'location_request_message', body: { text: 'Wo?' }, action: { name: 'send_location' } },
    },
  ],
  [
    'a question for the number',
    { kind: 'contactInfoRequest', body: 'Wie?' },
    {
      type: 'interactive',
      interactive: { type: 'request_contact_info', body: { text: 'Wie?' }, action: { name: 'request_contact_info' } },
    },
  ],
  [
    'a question for the address',
    { kind: 'addressRequest', body: 'Wohin?', country: 'IN' },
    {
      type: 'interactive',
      interactive: {
        type: 'address_message',
        body: { text: 'Wohin?' },
        action: { name: 'address_message', parameters: { country: 'IN' } },
      },
    },
  ],
  [
    'a form that begins at a screen',
    { kind: 'flow', body: 'Bitte', flowId: '7', label: 'Los', token: 't', screen: 'START', dataJson: '{"name":"Rad"}' },
    {
      type: 'interactive',
      interactive: {
        type: 'flow',
        body: { text: 'Bitte' },
        action: {
          name: 'flow',
          parameters: {
            flow_message_version: '3',
            flow_id: '7',
            flow_cta: 'Los',
            flow_token: 't',
            flow_action: 'navigate',
            flow_action_payload: { screen: 'START', data: { name: 'Rad' } },
          },
        },
      },
    },
  ],
  [
    'a form whose endpoint decides, as a draft, called by the message',
    { kind: 'flow', body: 'Bitte', flowId: '7', label: 'Los', isDraft: true },
    {
      type: 'interactive',
      interactive: {
        type: 'flow',
        body: { text: 'Bitte' },
        action: {
          name: 'flow',
          parameters: {
            flow_message_version: '3',
            flow_id: '7',
            flow_cta: 'Los',
            flow_token: MESSAGE,
            mode: 'draft',
            flow_action: 'data_exchange',
          },
        },
      },
    },
  ],
  [
    'a product',
    { kind: 'product', catalogId: '1', productId: 'A', footer: 'Nur heute' },
    {
      type: 'interactive',
      interactive: {
        type: 'product',
        footer: { text: 'Nur heute' },
        action: { catalog_id: '1', product_retailer_id: 'A' },
      },
    },
  ],
  [
    'products',
    {
      kind: 'products',
      header: 'Räder',
      body: 'Auswahl',
      catalogId: '1',
      sections: [{ title: 'Neu', productIds: ['A', 'B'] }],
    },
    {
      type: 'interactive',
      interactive: {
        type: 'product_list',
        header: { type: 'text', text: 'Räder' },
        body: { text: 'Auswahl' },
        action: {
          catalog_id: '1',
          sections: [{ title: 'Neu', product_items: [{ product_retailer_id: 'A' }, { product_retailer_id: 'B' }] }],
        },
      },
    },
  ],
  [
    'the catalogue',
    { kind: 'catalog', body: 'Alles', thumbnailProductId: 'A' },
    {
      type: 'interactive',
      interactive: {
        type: 'catalog_message',
        body: { text: 'Alles' },
        action: { name: 'catalog_message', parameters: { thumbnail_product_retailer_id: 'A' } },
      },
    },
  ],
  [
    'products side by side',
    { kind: 'productCarousel', body: 'Auswahl', catalogId: '1', productIds: ['A', 'B'] },
    {
      type: 'interactive',
      interactive: {
        type: 'carousel',
        body: { text: 'Auswahl' },
        action: {
          cards: [
            { card_index: 0, type: 'product', action: { product_retailer_id: 'A', catalog_id: '1' } },
            { card_index: 1, type: 'product', action: { product_retailer_id: 'B', catalog_id: '1' } },
          ],
        },
      },
    },
  ],
  [
    'cards side by side',
    {
      kind: 'carousel',
      body: 'Angebote',
      cards: [{ media: image, body: 'Rad', label: 'Kaufen', url: 'https://a.example' }],
    },
    {
      type: 'interactive',
      interactive: {
        type: 'carousel',
        body: { text: 'Angebote' },
        action: {
          cards: [
            {
              card_index: 0,
              type: 'cta_url',
              header: { type: 'image', image: { id: '2762702990552401' } },
              body: { text: 'Rad' },
              action: { name: 'cta_url', parameters: { display_text: 'Kaufen', url: 'https://a.example' } },
            },
          ],
        },
      },
    },
  ],
  [
    'a template as it is',
    { kind: 'template', ...hello, text: 'Welcome', body: [], buttons: [] },
    { type: 'template', template: { name: 'hello_world', language: { policy: 'deterministic', code: 'en_US' } } },
  ],
  [
    'a template with a file, words in their order and values of buttons',
    {
      kind: 'template',
      ...hello,
      text: '…',
      header: { media: { mediaKind: 'DOCUMENT', mediaId: FILE, fileName: 'Rechnung.pdf' } },
      body: [{ text: 'Anna' }, { text: '100 €' }],
      buttons: [
        { index: 0, kind: 'url', value: 'r/7' },
        { index: 1, kind: 'quickReply', value: 'paid' },
        { index: 2, kind: 'copyCode', value: 'RAD10' },
        { index: 3, kind: 'catalog', value: '2lc20305pt' },
      ],
    },
    asTemplate([
      {
        type: 'header',
        parameters: [{ type: 'document', document: { id: '2762702990552401', filename: 'Rechnung.pdf' } }],
      },
      {
        type: 'body',
        parameters: [
          { type: 'text', text: 'Anna' },
          { type: 'text', text: '100 €' },
        ],
      },
      { type: 'button', sub_type: 'url', index: '0', parameters: [{ type: 'text', text: 'r/7' }] },
      { type: 'button', sub_type: 'quick_reply', index: '1', parameters: [{ type: 'payload', payload: 'paid' }] },
      {
        type: 'button',
        sub_type: 'copy_code',
        index: '2',
        parameters: [{ type: 'coupon_code', coupon_code: 'RAD10' }],
      },
      {
        type: 'button',
        sub_type: 'catalog',
        index: '3',
        parameters: [{ type: 'action', action: { thumbnail_product_retailer_id: '2lc20305pt' } }],
      },
    ]),
  ],
  [
    'a template with words by their names',
    {
      kind: 'template',
      ...hello,
      text: '…',
      header: { parameters: [{ name: 'laden', text: 'Mitte' }] },
      body: [{ name: 'name', text: 'Anna' }],
      buttons: [],
    },
    asTemplate([
      { type: 'header', parameters: [{ type: 'text', parameter_name: 'laden', text: 'Mitte' }] },
      { type: 'body', parameters: [{ type: 'text', parameter_name: 'name', text: 'Anna' }] },
    ]),
  ],
  [
    'a template with a place',
    {
      kind: 'template',
      ...hello,
      text: '…',
      header: { location: { latitude: 52.5, longitude: 13.4, name: 'Mitte', address: 'Am Markt 1' } },
      body: [],
      buttons: [],
    },
    asTemplate([
      {
        type: 'header',
        parameters: [
          { type: 'location', location: { latitude: 52.5, longitude: 13.4, name: 'Mitte', address: 'Am Markt 1' } },
        ],
      },
    ]),
  ],
  [
    'a one-time password, twice',
    {
      kind: 'template',
      ...hello,
      text: '…',
      body: [{ text: '123456' }],
      buttons: [{ index: 0, kind: 'otp', value: '123456' }],
    },
    asTemplate([
      { type: 'body', parameters: [{ type: 'text', text: '123456' }] },
      { type: 'button', sub_type: 'url', index: '0', parameters: [{ type: 'text', text: '123456' }] },
    ]),
  ],
  [
    'a template that opens a form',
    {
      kind: 'template',
      ...hello,
      text: '…',
      body: [],
      buttons: [{ index: 0, kind: 'flow', value: 'token-7', dataJson: '{"day":"2026-11-24"}' }],
    },
    asTemplate([
      {
        type: 'button',
        sub_type: 'flow',
        index: '0',
        parameters: [{ type: 'action', action: { flow_token: 'token-7', flow_action_data: { day: '2026-11-24' } } }],
      },
    ]),
  ],
  [
    'an offer that ends, with cards',
    {
      kind: 'template',
      ...hello,
      text: '…',
      body: [{ text: 'Anna' }],
      buttons: [],
      offerEndsAt: '2026-11-24T10:00:00.000Z',
      cards: [{ media: image, body: [{ text: 'Rad' }], buttons: [{ index: 0, kind: 'url', value: 'rad' }] }],
    },
    asTemplate([
      { type: 'body', parameters: [{ type: 'text', text: 'Anna' }] },
      {
        type: 'limited_time_offer',
        parameters: [
          { type: 'limited_time_offer', limited_time_offer: { expiration_time_ms: Date.UTC(2026, 10, 24, 10) } },
        ],
      },
      {
        type: 'carousel',
        cards: [
          {
            card_index: 0,
            components: [
              { type: 'header', parameters: [{ type: 'image', image: { id: '2762702990552401' } }] },
              { type: 'body', parameters: [{ type: 'text', text: 'Rad' }] },
              { type: 'button', sub_type: 'url', index: '0', parameters: [{ type: 'text', text: 'rad' }] },
            ],
          },
        ],
      },
    ]),
  ],
];

describe('what is sent', () => {
  it.each(AS_META_DOCUMENTS)('%s is written as Meta documents it', (_, content, expected) => {
    expect(written(content)).toEqual(expected);
  });

  it('is never sent without its file', () => {
    const media = { kind: 'media', ...image } as const;
    expect(() => writeContent({ content: media, messageId: MESSAGE, media: {} })).toThrow();
    expect(() => writeContent({ content: media, messageId: MESSAGE })).toThrow();
  });
});

describe('the type definitions of public SDKs', () => {
  /** What they do not know, or call otherwise, of what Meta documents. */
  const DIFFERENCES: Record<string, RegExp> = {
    'whatsapp-api-js: people': /component/,
    'whatsapp-api-js: a question for the address': /"address_message"/,
    'whatsapp-api-js: products side by side': /"carousel"/,
    'whatsapp-api-js: cards side by side': /"carousel"/,
    'kapso: a template with a file, words in their order and values of buttons': /filename/,
    'kapso: an offer that ends, with cards': /"limited_time_offer"/,
  };

  it('compile against what is sent', async () => {
    const sources = AS_META_DOCUMENTS.flatMap(([name, content]) => {
      const body: Record<string, unknown> = { messaging_product: 'whatsapp', to: '+49', ...written(content) };
      const source = (sdk: string, type: string, object: unknown) =>
        [
          `${sdk}: ${name}`,
          `import type { ${type} } from '${sdk === 'kapso' ? '@kapso/whatsapp-cloud-api' : 'whatsapp-api-js/types'}';${WIRE_TYPE}
export const it: Wire<${type}> = ${JSON.stringify(object)};\n`,
        ] as const;
      return [
        source('whatsapp-api-js', 'ClientMessageRequest', body),
        ...(body['template'] ? [source('kapso', 'TemplateSendPayload', body['template'])] : []),
      ];
    });
    const complaints = await compileTypes(Object.fromEntries(sources.map(([, source], at) => [`sample${at}`, source])));
    const named = new Map<string, string>(
      Object.entries(complaints).map(([file, complaint]) => [
        sources[Number(file.slice('sample'.length))]![0],
        complaint,
      ]),
    );
    expect([...named.keys()].toSorted()).toEqual(Object.keys(DIFFERENCES).toSorted());
    for (const [name, difference] of Object.entries(DIFFERENCES)) expect(named.get(name)).toMatch(difference);
  }, 60_000);
});
