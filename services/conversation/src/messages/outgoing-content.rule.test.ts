import { outgoingContent, type OutgoingContent } from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import { describe, expect, it } from 'vitest';
import { violationsOf } from './outgoing-content.rule.js';

/** So many characters, though twice as many UTF-16 units. */
const long = (count: number) => '🙂'.repeat(count);
const words = (count: number) => 'x'.repeat(count);
const times = <T>(count: number, of: (index: number) => T) => Array.from({ length: count }, (_, index) => of(index));
const image = { mediaKind: 'IMAGE', mediaId: newId() } as const;
const link = { label: 'Zum Shop', url: 'https://shop.example/angebot' };
const row = (index: number) => ({ id: `r${index}`, title: `Zeile ${index}` });

const text = { kind: 'text', body: 'Hallo' } as const;
const media = { kind: 'media', ...image } as const;
const location = { kind: 'location', latitude: 52.52, longitude: 13.405 } as const;
const contacts = { kind: 'contacts', cards: [{ name: 'Ina' }] };
const buttons = { kind: 'buttons', body: 'Passt das?', buttons: [{ id: 'yes', title: 'Ja' }] };
const list = { kind: 'list', body: 'Wann?', button: 'Termine', sections: [{ rows: [row(0)] }] };
const linked = { kind: 'link', body: 'Unser Angebot', ...link };
const flow = { kind: 'flow', body: 'Bitte ausfüllen', flowId: '1', label: 'Los' };
const product = { kind: 'product', catalogId: '1', productId: 'A' };
const products = {
  kind: 'products',
  header: 'Räder',
  body: 'Auswahl',
  catalogId: '1',
  sections: [{ title: 'Neu', productIds: ['A'] }],
};
const catalog = { kind: 'catalog', body: 'Alles' };
const productCarousel = { kind: 'productCarousel', body: 'Auswahl', catalogId: '1', productIds: ['A', 'B'] };
const carousel = { kind: 'carousel', body: 'Angebote', cards: times(2, () => ({ media: image, ...link })) };
const card = (more: object) => ({ ...contacts, cards: [{ name: 'Ina', ...more }] });
const firstCard = (more: object) => ({ ...carousel, cards: [{ ...carousel.cards[0], ...more }, carousel.cards[1]] });

/** How the API calls the field, the limit as it is documented, and content that has so many there. */
const MOST: [string, number, (count: number) => object][] = [
  ['body', 4_096, (count) => ({ ...text, body: long(count) })],
  ['caption', 1_024, (count) => ({ ...media, caption: long(count) })],
  ['fileName', 240, (count) => ({ ...media, mediaKind: 'DOCUMENT', fileName: words(count) })],
  ['name', 1_000, (count) => ({ ...location, name: long(count) })],
  ['address', 1_000, (count) => ({ ...location, address: long(count) })],
  ['cards', 257, (count) => ({ ...contacts, cards: times(count, () => ({ name: 'Ina' })) })],
  ['cards.0.name', 500, (count) => card({ name: long(count) })],
  ['cards.0.jobTitle', 500, (count) => card({ jobTitle: long(count) })],
  ['cards.0.phones', 20, (count) => card({ phones: times(count, () => ({ phone: '+4930' })) })],
  ['cards.0.phones.0.phone', 500, (count) => card({ phones: [{ phone: words(count) }] })],
  ['cards.0.emails.0.type', 500, (count) => card({ emails: [{ email: 'a@b', type: words(count) }] })],
  ['cards.0.urls.0.url', 2_000, (count) => card({ urls: [{ url: words(count) }] })],
  ['cards.0.addresses.0.city', 500, (count) => card({ addresses: [{ city: words(count) }] })],
  ['body', 1_024, (count) => ({ ...buttons, body: long(count) })],
  ['footer', 60, (count) => ({ ...buttons, footer: long(count) })],
  ['header.text', 60, (count) => ({ ...buttons, header: { text: long(count) } })],
  ['buttons', 3, (count) => ({ ...buttons, buttons: times(count, row) })],
  ['buttons.0.id', 256, (count) => ({ ...buttons, buttons: [{ id: words(count), title: 'Ja' }] })],
  ['buttons.0.title', 20, (count) => ({ ...buttons, buttons: [{ id: 'yes', title: long(count) }] })],
  ['body', 4_096, (count) => ({ ...list, body: long(count) })],
  ['header', 60, (count) => ({ ...list, header: long(count) })],
  ['footer', 60, (count) => ({ ...list, footer: long(count) })],
  ['button', 20, (count) => ({ ...list, button: long(count) })],
  ['sections.0.title', 24, (count) => ({ ...list, sections: [{ title: long(count), rows: [row(0)] }] })],
  ['sections', 10, (count) => ({ ...list, sections: [{ rows: times(count, row) }] })],
  ['sections.0.rows.0.id', 200, (count) => ({ ...list, sections: [{ rows: [{ id: words(count), title: 'Ja' }] }] })],
  ['sections.0.rows.0.title', 24, (count) => ({ ...list, sections: [{ rows: [{ id: 'r', title: long(count) }] }] })],
  [
    'sections.0.rows.0.description',
    72,
    (count) => ({ ...list, sections: [{ rows: [{ ...row(0), description: long(count) }] }] }),
  ],
  ['body', 1_024, (count) => ({ ...linked, body: long(count) })],
  ['label', 20, (count) => ({ ...linked, label: long(count) })],
  ['url', 2_000, (count) => ({ ...linked, url: `https://a.example/${words(count - 18)}` })],
  ['body', 1_024, (count) => ({ kind: 'locationRequest', body: long(count) })],
  ['body', 1_024, (count) => ({ kind: 'contactInfoRequest', body: long(count) })],
  ['body', 1_024, (count) => ({ kind: 'addressRequest', country: 'IN', body: long(count) })],
  ['body', 1_024, (count) => ({ ...flow, body: long(count) })],
  ['label', 20, (count) => ({ ...flow, label: words(count) })],
  ['token', 200, (count) => ({ ...flow, token: words(count) })],
  ['dataJson', 16_384, (count) => ({ ...flow, screen: 'A', dataJson: JSON.stringify({ a: words(count - 8) }) })],
  ['body', 1_024, (count) => ({ ...product, body: long(count) })],
  ['productId', 200, (count) => ({ ...product, productId: words(count) })],
  ['header', 60, (count) => ({ ...products, header: long(count) })],
  ['sections.0.title', 24, (count) => ({ ...products, sections: [{ title: long(count), productIds: ['A'] }] })],
  [
    'sections',
    30,
    (count) => ({ ...products, sections: [{ title: 'Neu', productIds: times(count, (index) => `${index}`) }] }),
  ],
  [
    'sections',
    10,
    (count) => ({ ...products, sections: times(count, (index) => ({ title: `${index}`, productIds: ['A'] })) }),
  ],
  ['body', 1_024, (count) => ({ ...catalog, body: long(count) })],
  ['footer', 60, (count) => ({ ...catalog, footer: long(count) })],
  ['body', 1_024, (count) => ({ ...productCarousel, body: long(count) })],
  ['productIds', 10, (count) => ({ ...productCarousel, productIds: times(count, (index) => `${index}`) })],
  ['body', 1_024, (count) => ({ ...carousel, body: long(count) })],
  ['cards', 10, (count) => ({ ...carousel, cards: times(count, () => carousel.cards[0]) })],
  ['cards.0.body', 160, (count) => firstCard({ body: long(count) })],
  ['cards.0.body', 2, (count) => firstCard({ body: `a${'\r\n'.repeat(count)}b` })],
  ['cards.0.label', 20, (count) => firstCard({ label: long(count) })],
];

const fieldsOf = (content: object) => violationsOf(content as OutgoingContent).map(({ path }) => path.join('.'));

describe('the limits of what may be sent', () => {
  it.each(MOST)('%s: %i may be sent, and one more may not', (field, most, of) => {
    expect(violationsOf(of(most) as OutgoingContent)).toEqual([]);
    const [violation, ...others] = violationsOf(of(most + 1) as OutgoingContent);
    expect(others).toEqual([]);
    expect(violation!.path.join('.')).toBe(field);
    // It says the limit.
    expect(violation!.message).toContain(String(most));
  });

  it.each(MOST)('%s: what may be sent is what the contract carries (%i)', (_, most, of) => {
    expect(outgoingContent.parse(of(most))).toEqual(of(most));
  });

  it.each<[string, number, (value: number) => object]>([
    ['latitude', 90, (latitude) => ({ ...location, latitude })],
    ['longitude', 180, (longitude) => ({ ...location, longitude })],
  ])('%s: up to %i degrees on either side', (field, most, of) => {
    for (const value of [most, -most]) expect(fieldsOf(of(value))).toEqual([]);
    for (const value of [most + 0.000_001, -most - 0.000_001, Number.NaN, Infinity])
      expect(fieldsOf(of(value))).toEqual([field]);
  });

  it('has an end for all of it together', () => {
    const full = times(257, () => ({
      name: 'Ina',
      phones: times(20, () => ({ phone: '+4930123456789' })),
    }));
    const [violation] = violationsOf({ kind: 'contacts', cards: full });
    expect(violation).toMatchObject({ path: [], message: expect.stringContaining('65536') as string });
  });
});

describe('content that WhatsApp would refuse', () => {
  it.each<[string, object, string[]]>([
    ['no words', { ...text, body: ' \n' }, ['body']],
    ['what no text contains', { ...text, body: 'a\0b' }, ['body']],
    ['half a character', { ...text, body: '\ud800' }, ['body']],
    ['a caption of a sticker', { ...media, mediaKind: 'STICKER', caption: 'Ha' }, ['caption']],
    ['a caption of a voice note', { ...media, mediaKind: 'VOICE', caption: 'Ha' }, ['caption']],
    ['a caption of a sound', { ...media, mediaKind: 'AUDIO', caption: 'Ha' }, ['caption']],
    ['a file name of an image', { ...media, fileName: 'a.jpg' }, ['fileName']],
    ['a file that is no id', { ...media, mediaId: '42' }, ['mediaId']],
    ['no contacts', { kind: 'contacts', cards: [] }, ['cards']],
    ['a birthday that never was', card({ birthday: '1999-02-30' }), ['cards.0.birthday']],
    [
      'a WhatsApp id that is none',
      card({ phones: [{ phone: '+1', whatsAppId: '+49' }] }),
      ['cards.0.phones.0.whatsAppId'],
    ],
    ['no buttons', { ...buttons, buttons: [] }, ['buttons']],
    [
      'buttons alike',
      { ...buttons, buttons: times(2, (index) => ({ id: `${index}`, title: 'Ja' })) },
      ['buttons.1.title'],
    ],
    [
      'buttons with one id',
      { ...buttons, buttons: times(2, (index) => ({ id: 'x', title: `${index}` })) },
      ['buttons.1.id'],
    ],
    [
      'a header with a sound',
      { ...buttons, header: { media: { ...image, mediaKind: 'AUDIO' } } },
      ['header.media.mediaKind'],
    ],
    ['a header with both', { ...buttons, header: { text: 'Hallo', media: image } }, ['header']],
    ['a header with nothing', { ...buttons, header: {} }, ['header']],
    ['a list without sections', { ...list, sections: [] }, ['sections']],
    ['a section without rows', { ...list, sections: [{ rows: [] }] }, ['sections.0.rows']],
    [
      'sections without titles',
      { ...list, sections: [{ rows: [row(0)] }, { rows: [row(1)] }] },
      ['sections.0.title', 'sections.1.title'],
    ],
    ['rows with one id', { ...list, sections: [{ rows: [row(0), row(0)] }] }, ['sections.0.rows.1.id']],
    ['an address that runs', { ...linked, url: 'javascript:alert(1)' }, ['url']],
    ['an address that is none', { ...linked, url: 'shop' }, ['url']],
    ['a country that is none', { kind: 'addressRequest', body: 'Wohin?', country: 'Indien' }, ['country']],
    ['emoji on a form’s button', { ...flow, label: 'Los 🚲' }, ['label']],
    ['data of a form without a screen', { ...flow, dataJson: '{"a":1}' }, ['screen']],
    ['data of a form that is none', { ...flow, screen: 'A', dataJson: '[]' }, ['dataJson']],
    ['empty data of a form', { ...flow, screen: 'A', dataJson: '{}' }, ['dataJson']],
    ['one card', { ...carousel, cards: carousel.cards.slice(1) }, ['cards']],
    ['one product beside none', { ...productCarousel, productIds: ['A'] }, ['productIds']],
    [
      'cards with pictures and films',
      firstCard({ media: { ...image, mediaKind: 'VIDEO' } }),
      ['cards.1.media.mediaKind'],
    ],
    [
      'a card with a document',
      firstCard({ media: { ...image, mediaKind: 'DOCUMENT' } }),
      ['cards.0.media.mediaKind', 'cards.1.media.mediaKind'],
    ],
    [
      'a section without products',
      { ...products, sections: [{ title: 'Neu', productIds: [] }] },
      ['sections.0.productIds'],
    ],
    ['two things at once', { ...buttons, body: '', footer: words(61) }, ['body', 'footer']],
  ])('%s', (_, content, fields) => {
    expect(fieldsOf(content)).toEqual(fields);
  });
});
