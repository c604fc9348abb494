import { describe, expect, it } from 'vitest';
import { readDefinition, variablesOf } from './template-definition.js';

const x = (length: number) => 'x'.repeat(length);
const BODY = { type: 'BODY', text: 'Hallo.' };
const define = (parts: object = {}) => ({
  name: 'a_1',
  language: 'de',
  category: 'UTILITY',
  components: [BODY],
  ...parts,
});
const withBody = (body: object) => define({ components: [{ type: 'BODY', ...body }] });
const withPart = (part: object) => define({ components: [BODY, part] });
const button = (parts: object) =>
  withPart({ type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'Ja', ...parts }] });

describe('a template that is submitted', () => {
  it('is told in capitals, and with an underscore in its language', () => {
    const components = [
      { type: 'header', format: 'text', text: 'Hallo' },
      { type: 'body', text: 'Guten Tag.' },
      { type: 'buttons', buttons: [{ type: 'quick_reply', text: 'Ja' }] },
    ];
    expect(readDefinition(define({ language: 'en-US', components }))).toEqual({
      name: 'a_1',
      language: 'en_US',
      category: 'UTILITY',
      parameterFormat: 'POSITIONAL',
      components: [
        { type: 'HEADER', format: 'TEXT', text: 'Hallo' },
        { type: 'BODY', text: 'Guten Tag.' },
        { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'Ja' }] },
      ],
    });
  });

  it.each<[string, object]>([
    [
      'positional variables with examples',
      withBody({ text: 'Am {{1}} um {{2}} Uhr.', example: { body_text: [['a', 'b']] } }),
    ],
    [
      'named variables with examples',
      {
        ...withBody({
          text: 'Hallo {{name}}!',
          example: { body_text_named_params: [{ param_name: 'name', example: 'a' }] },
        }),
        parameter_format: 'named',
      },
    ],
    ['a picture', withPart({ type: 'HEADER', format: 'IMAGE', example: { header_handle: ['4:x'] } })],
    ['a url with a variable at its end', button({ type: 'URL', url: 'https://a.de/{{1}}', example: ['x'] })],
    [
      'an authentication template without text',
      define({
        category: 'AUTHENTICATION',
        components: [
          { type: 'BODY', add_security_recommendation: true },
          { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE' }] },
        ],
      }),
    ],
    ['the default time to live', define({ message_send_ttl_seconds: -1 })],
    ['cards', withPart({ type: 'CAROUSEL', cards: [{ components: [BODY] }, { components: [BODY] }] })],
  ])('may have %s', (_name, body) => {
    expect(readDefinition(body)).toHaveProperty('name');
  });

  it.each<[string, unknown]>([
    ['no object', 'x'],
    ['a name with capitals', define({ name: 'Angebot' })],
    ['a name of 513 characters', define({ name: x(513) })],
    ['no language', define({ language: 'deutsch!' })],
    ['an unknown category', define({ category: 'SERVICE' })],
    ['an unknown parameter format', define({ parameter_format: 'LETTERS' })],
    ['a time to live beyond the limit of its category', define({ message_send_ttl_seconds: 43_201 })],
    ['no components', define({ components: [] })],
    ['no body', define({ components: [{ type: 'FOOTER', text: 'x' }] })],
    ['two bodies', define({ components: [BODY, BODY] })],
    ['an unknown component', withPart({ type: 'SIDEBAR' })],
    ['a body of 1025 characters', withBody({ text: x(1_025) })],
    ['a variable at the start', withBody({ text: '{{1}} ist da.', example: { body_text: [['a']] } })],
    ['a variable at the end', withBody({ text: 'Hallo {{1}}', example: { body_text: [['a']] } })],
    ['variables without examples', withBody({ text: 'Hallo {{1}}!' })],
    ['too few examples', withBody({ text: 'Am {{1}} um {{2}} Uhr.', example: { body_text: [['a']] } })],
    ['variables out of order', withBody({ text: 'Am {{2}} um {{1}} Uhr.', example: { body_text: [['a', 'b']] } })],
    ['names in a positional template', withBody({ text: 'Hallo {{name}}!', example: { body_text: [['a']] } })],
    ['a header of 61 characters', withPart({ type: 'HEADER', format: 'TEXT', text: x(61) })],
    [
      'two variables in a header',
      withPart({ type: 'HEADER', format: 'TEXT', text: 'a {{1}} b {{2}}', example: { header_text: ['a', 'b'] } }),
    ],
    ['a picture without example', withPart({ type: 'HEADER', format: 'IMAGE' })],
    ['an unknown header', withPart({ type: 'HEADER', format: 'GIF' })],
    ['a footer of 61 characters', withPart({ type: 'FOOTER', text: x(61) })],
    ['a variable in a footer', withPart({ type: 'FOOTER', text: 'a {{1}} b' })],
    [
      'eleven buttons',
      withPart({ type: 'BUTTONS', buttons: Array.from({ length: 11 }, () => ({ type: 'QUICK_REPLY', text: 'a' })) }),
    ],
    ['a button of 26 characters', button({ text: x(26) })],
    ['an unknown button', button({ type: 'LEVER' })],
    ['a url without address', button({ type: 'URL' })],
    ['a variable within a url', button({ type: 'URL', url: 'https://{{1}}.de/', example: ['a'] })],
    ['a url variable without example', button({ type: 'URL', url: 'https://a.de/{{1}}' })],
    ['a phone button without number', button({ type: 'PHONE_NUMBER' })],
    ['one card', withPart({ type: 'CAROUSEL', cards: [{ components: [BODY] }] })],
  ])('is refused with %s', (_name, body) => {
    expect(readDefinition(body)).toMatchObject({ status: 400, code: 100, userMessage: expect.stringMatching(/\.$/) });
  });
});

describe('variables', () => {
  it('are told once each, in the order of the text', () => {
    expect(variablesOf('{{ b }} {{a}} {{b}} {{}}')).toEqual(['b', 'a', '']);
  });
});
