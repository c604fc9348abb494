import { describe, expect, it } from 'vitest';
import {
  fillTemplate,
  fillViolations,
  TEMPLATE_FILL_LIMITS,
  type FillableTemplate,
  type GivenTemplate,
} from './fill-template.rule.js';
import type { TemplateDefinition } from './templates.js';

const now = new Date('2026-11-22T10:00:00Z');
const MEDIA = '019aa5e0-7c1e-7cc3-98c4-dc0c0c07398f';
const words = (text: string) => ({ text, examples: [] });
const template = (definition: Partial<TemplateDefinition>, over: Partial<FillableTemplate> = {}): FillableTemplate => ({
  id: '019aa5e0-7c1e-7cc3-98c4-dc0c0c073991',
  name: 'termin',
  language: 'de',
  category: 'UTILITY',
  parameterFormat: 'POSITIONAL',
  definition: { body: words('Hallo {{1}}, bis {{2}}!'), buttons: [], unknownParts: [], ...definition },
  ...over,
});
const both = [{ text: 'Anna' }, { text: 'morgen' }];
const check = (into: FillableTemplate, given: GivenTemplate) =>
  fillViolations(into, fillTemplate(into, given), now).map(({ path, message }) => [path.join('.'), message]);
const fields = (...given: Parameters<typeof check>) => check(...given).map(([field]) => field);
const x = (count: number) => 'x'.repeat(count);
const location = { latitude: 52.5, longitude: 13.4, name: 'Mitte', address: 'Am Markt 1' };

describe('what a person reads of a template', () => {
  it('is all of it with everything in its place', () => {
    const into = template({
      header: { kind: 'text', ...words('Termin in {{1}}') },
      footer: 'Ihr Radladen',
      buttons: [{ kind: 'quickReply', text: 'Passt' }, { kind: 'copyCode' }],
    });
    const given = { header: { parameters: [{ text: 'Mitte' }] }, body: both };
    expect(fillTemplate(into, given)).toMatchObject({
      kind: 'template',
      templateId: into.id,
      name: 'termin',
      language: 'de',
      category: 'UTILITY',
      text: 'Termin in Mitte\nHallo Anna, bis morgen!\nIhr Radladen\n[Passt]',
    });
  });

  it('has the names of its variables, each as often as the template says it', () => {
    const into = template({ body: words('{{a}} und {{b}}, {{a}}') }, { parameterFormat: 'NAMED' });
    const body = [
      { name: 'b', text: 'B' },
      { name: 'a', text: 'A' },
    ];
    expect(fillTemplate(into, { body }).text).toBe('A und B, A');
  });

  it('is not filled twice, whatever stands in place of a variable', () => {
    expect(fillTemplate(template({}), { body: [{ text: '{{2}}' }, { text: '$&' }] }).text).toBe('Hallo {{2}}, bis $&!');
  });

  it('has its cards, too', () => {
    const card = {
      header: { kind: 'media', mediaKind: 'IMAGE' },
      body: words('Rad {{1}}'),
      buttons: [{ kind: 'quickReply', text: 'Dieses' }],
    } as const;
    const into = template({ body: words('Neu:'), cards: [{ ...card, buttons: [...card.buttons] }] });
    expect(fillTemplate(into, { cards: [{ body: [{ text: 'A' }] }] }).text).toBe('Neu:\nRad A\n[Dieses]');
  });
});

describe('what is put into a template', () => {
  it('fits if it is all that is needed', () => {
    expect(check(template({}), { body: both })).toEqual([]);
  });

  it('has as many words as there are variables', () => {
    expect(check(template({}), { body: [{ text: 'Anna' }] })).toEqual([['body', 'must be 2: {{1}}, {{2}}.']]);
    expect(check(template({ body: words('Hallo!') }), { body: both })).toEqual([['body', 'must not be given.']]);
    expect(fields(template({}), {})).toEqual(['body']);
  });

  it.each(['', ' ', 'a\nb', 'a\tb', 'a     b', 'a\0b', '\ud800'])('has no words such as %j', (text) => {
    expect(fields(template({}), { body: [{ text }, { text: 'morgen' }] })).toEqual(['body.0.text']);
  });

  it('leaves the whole within its limit', () => {
    const into = template({ body: words('Hallo {{1}}!') });
    const rest = TEMPLATE_FILL_LIMITS.body - 'Hallo !'.length;
    expect(fields(into, { body: [{ text: x(rest) }] })).toEqual([]);
    expect(fields(into, { body: [{ text: x(rest + 1) }] })).toEqual(['body']);
    const header = template({ body: words('Hallo!'), header: { kind: 'text', ...words('An {{1}}') } });
    const headed = (count: number) => fields(header, { header: { parameters: [{ text: x(count) }] } });
    expect(headed(TEMPLATE_FILL_LIMITS.header - 3)).toEqual([]);
    expect(headed(TEMPLATE_FILL_LIMITS.header - 2)).toEqual(['header.parameters']);
  });

  it('has the names of the variables where these have names, and none where not', () => {
    const named = template({ body: words('{{a}} und {{b}}.') }, { parameterFormat: 'NAMED' });
    const of = (...names: (string | undefined)[]) =>
      fields(named, { body: names.map((name) => ({ ...(name && { name }), text: 'x' })) });
    expect(of('b', 'a')).toEqual([]);
    expect(of('a', 'c')).toEqual(['body.1.name']);
    expect(of('a', 'a')).toEqual(['body.1.name']);
    expect(of('a', undefined)).toEqual(['body.1.name']);
    expect(fields(template({}), { body: [{ name: '1', text: 'x' }, { text: 'y' }] })).toEqual(['body.0.name']);
  });

  it('has the header that the template has', () => {
    const media = template({ body: words('Hallo!'), header: { kind: 'media', mediaKind: 'IMAGE' } });
    expect(fields(media, { header: { media: { mediaKind: 'IMAGE', mediaId: MEDIA } } })).toEqual([]);
    expect(fields(media, {})).toEqual(['header.media']);
    expect(fields(media, { header: { media: { mediaKind: 'VIDEO', mediaId: MEDIA } } })).toEqual([
      'header.media.mediaKind',
    ]);
    const place = template({ body: words('Hallo!'), header: { kind: 'location' } });
    expect(fields(place, { header: { location } })).toEqual([]);
    expect(fields(place, { header: { parameters: [] } })).toEqual(['header.location']);
    expect(fields(place, { header: { location: { ...location, latitude: 91 } } })).toEqual(['header.location']);
    expect(fields(place, { header: { location: { latitude: 1, longitude: 1 } } })).toEqual(['header.location']);
    const none = template({ body: words('Hallo!') });
    expect(fields(none, { header: { location } })).toEqual(['header']);
    expect(fields(none, { header: { parameters: [{ text: 'x' }] } })).toEqual(['header.parameters']);
  });

  it('has a value for each button that needs one, and for no other', () => {
    const into = template({
      body: words('Hallo!'),
      buttons: [
        { kind: 'quickReply', text: 'Ja' },
        { kind: 'url', text: 'Ansehen', url: 'https://a.example/{{1}}' },
        { kind: 'copyCode' },
        { kind: 'url', text: 'Immer', url: 'https://a.example' },
        { kind: 'phone', text: 'Anrufen', phone: '+4930' },
      ],
    });
    const needed = [
      { index: 1, value: 'rad' },
      { index: 2, value: 'RAD10' },
    ];
    expect(fields(into, { buttons: needed })).toEqual([]);
    expect(fields(into, { buttons: [...needed, { index: 0, value: 'yes' }] })).toEqual([]);
    expect(check(into, {})).toEqual([
      ['buttons', 'must have a value for button 1.'],
      ['buttons', 'must have a value for button 2.'],
    ]);
    for (const index of [1, 3, 4, 9]) {
      expect(fields(into, { buttons: [...needed, { index, value: 'x' }] })).toEqual(['buttons.2.index']);
    }
  });

  it.each([
    ['url', { kind: 'url', text: 'Los', url: 'https://a.example/{{1}}' }, TEMPLATE_FILL_LIMITS.url],
    ['quickReply', { kind: 'quickReply', text: 'Ja' }, TEMPLATE_FILL_LIMITS.payload],
    ['copyCode', { kind: 'copyCode' }, TEMPLATE_FILL_LIMITS.code],
    ['flow', { kind: 'flow', text: 'Wählen' }, TEMPLATE_FILL_LIMITS.flowToken],
    ['catalog', { kind: 'catalog', text: 'Alles' }, TEMPLATE_FILL_LIMITS.productId],
  ] as const)('has a value for %s that is not too long', (_, button, most) => {
    const into = template({ body: words('Hallo!'), buttons: [button] });
    const value = (text: string) => fields(into, { buttons: [{ index: 0, value: text }] });
    expect(value(x(most))).toEqual([]);
    expect(value(x(most + 1))).toEqual(['buttons.0.value']);
    expect(value(' ')).toEqual(['buttons.0.value']);
  });

  it('gives a form its data, and nothing else', () => {
    const buttons = [
      { kind: 'flow', text: 'Wählen' },
      { kind: 'quickReply', text: 'Nein' },
    ] as const;
    const data = (index: number, dataJson: string) =>
      fields(template({ body: words('Hallo!'), buttons: [...buttons] }), {
        buttons: [{ index, value: 'x', dataJson }],
      });
    expect(data(0, '{"day":1}')).toEqual([]);
    expect(data(0, '[]')).toEqual(['buttons.0.dataJson']);
    expect(data(0, '{')).toEqual(['buttons.0.dataJson']);
    expect(data(1, '{}')).toEqual(['buttons.0.dataJson']);
  });

  it('is a one-time password that the customer reads and taps alike', () => {
    const into = template(
      { body: words('{{1}} ist Ihr Code.'), buttons: [{ kind: 'otp', otpType: 'COPY_CODE' }] },
      { category: 'AUTHENTICATION' },
    );
    const filled = fillTemplate(into, { body: [{ text: '123456' }] });
    expect(filled).toMatchObject({
      text: '123456 ist Ihr Code.',
      buttons: [{ index: 0, kind: 'otp', value: '123456' }],
    });
    expect(fillViolations(into, filled, now)).toEqual([]);
    expect(fields(into, { body: [{ text: '123456' }], buttons: [{ index: 0, value: '654321' }] })).toEqual(['buttons']);
    expect(fields(into, { body: [{ text: x(16) }] })).toContain('body.0.text');
  });

  it('has the cards that the template has', () => {
    const card = { header: { kind: 'media', mediaKind: 'IMAGE' }, body: words('Rad {{1}}'), buttons: [] } as const;
    const into = template({ body: words('Neu:'), cards: [0, 1].map(() => ({ ...card, buttons: [] })) });
    const given = { media: { mediaKind: 'IMAGE', mediaId: MEDIA }, body: [{ text: 'A' }] } as const;
    const of = (...cards: object[]) => fields(into, { cards: cards as NonNullable<GivenTemplate['cards']> });
    expect(of(given, given)).toEqual([]);
    expect(of(given)).toEqual(['cards']);
    expect(of(given, { body: given.body })).toEqual(['cards.1.media']);
    expect(of(given, { ...given, body: [] })).toEqual(['cards.1.body']);
    expect(of(given, { ...given, body: [{ text: x(160) }] })).toEqual(['cards.1.body']);
    expect(fields(template({}), { body: both, cards: [given] })).toEqual(['cards']);
  });

  it('says when an offer ends that counts down, and is not over', () => {
    const offer = (hasExpiration: boolean) =>
      template({ body: words('Hallo!'), limitedTimeOffer: { text: 'Heute', hasExpiration } });
    expect(fields(offer(true), { offerEndsAt: '2026-11-22T10:00:01.000Z' })).toEqual([]);
    expect(fields(offer(true), { offerEndsAt: now.toISOString() })).toEqual(['offerEndsAt']);
    expect(fields(offer(true), {})).toEqual(['offerEndsAt']);
    expect(fields(offer(false), { offerEndsAt: '2026-11-23T10:00:00.000Z' })).toEqual(['offerEndsAt']);
  });

  it('fits what was filled before, as long as the template is the same', () => {
    const into = template({ buttons: [{ kind: 'url', text: 'Los', url: 'https://a.example/{{1}}' }] });
    const filled = fillTemplate(into, { body: both, buttons: [{ index: 0, value: 'rad' }] });
    expect(fillTemplate(into, filled)).toEqual(filled);
    const reworded = template({});
    expect(fields(reworded, filled)).toEqual(['buttons.0.index']);
  });
});
