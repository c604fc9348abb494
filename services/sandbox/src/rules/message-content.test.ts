import { describe, expect, it } from 'vitest';
import { checkContent, type MessageType } from './message-content.js';

const x = (length: number) => 'x'.repeat(length);
const reply = (id = '1', title = 'Ja') => ({ type: 'reply', reply: { id, title } });
const buttons = (list: object[], parts: object = {}) => ({
  type: 'button',
  body: { text: 'Passt das?' },
  action: { buttons: list },
  ...parts,
});
const row = (id: string, parts: object = {}) => ({ id, title: 'Zeile', ...parts });
const list = (sections: object[], parts: object = {}) => ({
  type: 'list',
  body: { text: 'Bitte wählen' },
  action: { button: 'Wählen', sections },
  ...parts,
});
const rows = (count: number, title = 'Teil') => ({
  title,
  rows: Array.from({ length: count }, (_, index) => row(`${title}${index}`)),
});
const cta = (parameters: object) => ({
  type: 'cta_url',
  body: { text: 'Hier' },
  action: { name: 'cta_url', parameters },
});

describe('what a message may contain', () => {
  it.each<[string, MessageType, unknown]>([
    ['a text of 4096 characters', 'text', { body: '🚲'.repeat(4_096), preview_url: true }],
    ['an image with a caption of 1024', 'image', { id: '1', caption: x(1_024) }],
    ['a document by link', 'document', { link: 'https://example.com/a.pdf', filename: 'a.pdf' }],
    ['a voice note', 'audio', { id: '1', voice: true }],
    ['a location', 'location', { latitude: 52.5, longitude: '13.4', name: 'Hier' }],
    ['a contact', 'contacts', [{ name: { formatted_name: 'Max Muster', first_name: 'Max' } }]],
    ['a reaction taken back', 'reaction', { message_id: 'wamid.X', emoji: '' }],
    [
      'three buttons',
      'interactive',
      buttons([reply('1', x(20)), reply(x(256), 'b'), reply('3', 'c')], {
        footer: { text: x(60) },
        header: { type: 'text', text: x(60) },
      }),
    ],
    ['a picture above buttons', 'interactive', buttons([reply()], { header: { type: 'image', image: { id: '1' } } })],
    ['a list of ten rows', 'interactive', list([rows(5, 'a'), rows(5, 'b')], { body: { text: x(4_096) } })],
    [
      'a list with one section and no title',
      'interactive',
      list([{ rows: [row('1', { title: x(24), description: x(72) })] }]),
    ],
    ['a link', 'interactive', cta({ display_text: 'Ansehen', url: 'https://example.com' })],
    [
      'a request for a location',
      'interactive',
      { type: 'location_request_message', body: { text: 'Wo?' }, action: { name: 'send_location' } },
    ],
  ])('takes %s', (_name, type, content) => {
    expect(checkContent(type, content)).toBeUndefined();
  });

  it.each<[string, MessageType, unknown, number]>([
    ['nothing', 'text', undefined, 131008],
    ['text instead of an object', 'image', 'x', 100],
    ['an empty text', 'text', { body: '' }, 100],
    ['a text of 4097 characters', 'text', { body: x(4_097) }, 100],
    ['a preview that is no boolean', 'text', { body: 'x', preview_url: 'yes' }, 100],
    ['media with id and link', 'image', { id: '1', link: 'https://example.com' }, 100],
    ['media with neither', 'video', {}, 100],
    ['a link that is none', 'image', { link: 'file:///etc/passwd' }, 131009],
    ['a caption of 1025 characters', 'image', { id: '1', caption: x(1_025) }, 100],
    ['a caption of audio', 'audio', { id: '1', caption: 'x' }, 100],
    ['a place that is nowhere', 'location', { latitude: 91, longitude: 0 }, 131009],
    ['a place without longitude', 'location', { latitude: 1 }, 100],
    ['no contacts', 'contacts', [], 100],
    ['a contact without name', 'contacts', [{}], 100],
    ['a contact with formatted_name alone', 'contacts', [{ name: { formatted_name: 'Max' } }], 100],
    ['a reaction to nothing', 'reaction', { emoji: '👍' }, 100],
    ['a template without language', 'template', { name: 'a' }, 100],
    ['an unknown kind of interactive', 'interactive', { type: 'hologram', action: {} }, 100],
    ['an inherited name as kind', 'interactive', { type: 'constructor', action: {} }, 100],
    ['no action', 'interactive', { type: 'button', body: { text: 'x' } }, 100],
    ['no button', 'interactive', buttons([]), 131009],
    ['four buttons', 'interactive', buttons(['1', '2', '3', '4'].map((id) => reply(id, id))), 131009],
    ['two buttons of one title', 'interactive', buttons([reply('1'), reply('2')]), 131009],
    ['two buttons of one id', 'interactive', buttons([reply('1', 'a'), reply('1', 'b')]), 131009],
    ['a button title of 21 characters', 'interactive', buttons([reply('1', x(21))]), 131009],
    ['a button id of 257 characters', 'interactive', buttons([reply(x(257))]), 131009],
    ['a body of 1025 characters', 'interactive', buttons([reply()], { body: { text: x(1_025) } }), 131009],
    ['no body', 'interactive', buttons([reply()], { body: undefined }), 100],
    ['a footer of 61 characters', 'interactive', buttons([reply()], { footer: { text: x(61) } }), 131009],
    ['a header of 61 characters', 'interactive', buttons([reply()], { header: { type: 'text', text: x(61) } }), 131009],
    ['a header without its picture', 'interactive', buttons([reply()], { header: { type: 'image' } }), 131008],
    [
      'a picture above a list',
      'interactive',
      list([rows(1)], { header: { type: 'image', image: { id: '1' } } }),
      131009,
    ],
    ['eleven rows', 'interactive', list([rows(6, 'a'), rows(5, 'b')]), 131009],
    ['eleven sections', 'interactive', list(Array.from({ length: 11 }, (_, index) => rows(1, `t${index}`))), 131009],
    ['two sections without titles', 'interactive', list([{ rows: [row('1')] }, { rows: [row('2')] }]), 131009],
    ['two rows of one id', 'interactive', list([{ rows: [row('1'), row('1')] }]), 131009],
    ['a row title of 25 characters', 'interactive', list([{ rows: [row('1', { title: x(25) })] }]), 131009],
    ['a row description of 73 characters', 'interactive', list([{ rows: [row('1', { description: x(73) })] }]), 131009],
    ['a row id of 201 characters', 'interactive', list([{ rows: [row(x(201))] }]), 131009],
    ['a section title of 25 characters', 'interactive', list([rows(1, x(25))]), 131009],
    [
      'a list button of 21 characters',
      'interactive',
      list([rows(1)], { action: { button: x(21), sections: [rows(1)] } }),
      131009,
    ],
    ['a link without text', 'interactive', cta({ url: 'https://example.com' }), 131009],
    ['a link that leads nowhere', 'interactive', cta({ display_text: 'Hier', url: 'javascript:alert(1)' }), 131009],
    [
      'a flow without id',
      'interactive',
      { type: 'flow', body: { text: 'x' }, action: { parameters: { flow_cta: 'Los' } } },
      131008,
    ],
    ['a product of no catalogue', 'interactive', { type: 'product', action: { product_retailer_id: '1' } }, 131008],
  ])('refuses %s', (_name, type, content, code) => {
    expect(checkContent(type, content)).toMatchObject({ code, status: 400 });
  });
});
