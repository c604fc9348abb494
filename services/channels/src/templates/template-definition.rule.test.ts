import type { TemplateButton, TemplateDefinition } from '@fenster/contracts';
import { describe, expect, it } from 'vitest';
import {
  TEMPLATE_LIMITS,
  templateViolations,
  TIME_TO_LIVE,
  type SubmittedTemplate,
} from './template-definition.rule.js';

const words = (text: string, ...examples: string[]) => ({
  text,
  examples: examples.map((value, index) => ({ name: String(index + 1), value })),
});
const base: SubmittedTemplate = {
  name: 'termin_1',
  language: 'de',
  category: 'UTILITY',
  parameterFormat: 'POSITIONAL',
  definition: { body: words('Hallo {{1}}, bis {{2}}!', 'Anna', 'morgen'), buttons: [], unknownParts: [] },
};
type Changed = Partial<Omit<SubmittedTemplate, 'definition'>> & { definition?: Partial<TemplateDefinition> };
const violations = ({ definition, ...over }: Changed = {}) =>
  templateViolations({ ...base, ...over, definition: { ...base.definition, ...definition } });
const fields = (...given: Parameters<typeof violations>) => violations(...given).map(({ field }) => field);
const x = (count: number) => 'x'.repeat(count);
const quickReply = (text: string): TemplateButton => ({ kind: 'quickReply', text });
const url = (over: object = {}): TemplateButton => ({
  kind: 'url',
  text: 'Ansehen',
  url: 'https://a.example',
  ...over,
});

describe('a template that is submitted', () => {
  it('is taken if it keeps all limits', () => {
    expect(violations()).toEqual([]);
    const definition: TemplateDefinition = {
      header: { kind: 'text', ...words('Termin in {{1}}', 'Mitte') },
      body: words('Hallo {{1}}!', 'Anna'),
      footer: 'Ihr Radladen',
      buttons: [
        quickReply('Ja'),
        quickReply('Nein'),
        url({ url: 'https://a.example/{{1}}', example: 'https://a.example/7' }),
        { kind: 'phone', text: 'Anrufen', phone: '+49301234567' },
        { kind: 'copyCode', example: 'RAD10' },
        { kind: 'flow', text: 'Wählen', flowId: '123' },
      ],
      unknownParts: [],
    };
    expect(violations({ definition })).toEqual([]);
  });

  it.each<[string, number, string, (text: string) => Changed]>([
    ['name', TEMPLATE_LIMITS.name, 'name', (name) => ({ name })],
    [
      'header',
      TEMPLATE_LIMITS.header,
      'header.text.text',
      (text) => ({ definition: { header: { kind: 'text', ...words(text) } } }),
    ],
    ['body', TEMPLATE_LIMITS.body, 'body.text', (text) => ({ definition: { body: words(text) } })],
    ['footer', TEMPLATE_LIMITS.footer, 'footer', (footer) => ({ definition: { footer } })],
    [
      'text of a button',
      TEMPLATE_LIMITS.buttonText,
      'buttons.0.text',
      (text) => ({ definition: { buttons: [quickReply(text)] } }),
    ],
    [
      'code to copy',
      TEMPLATE_LIMITS.code,
      'buttons.0.example',
      (example) => ({ definition: { buttons: [{ kind: 'copyCode', example }] } }),
    ],
  ])('may have a %s of %i characters and not one more, which is told of %s', (_, most, field, of) => {
    expect(fields(of(x(most)))).toEqual([]);
    expect(violations(of(x(most + 1)))).toEqual([{ field, message: `must have at most ${most} characters.` }]);
  });

  it('counts characters as people do', () => {
    expect(fields({ definition: { body: words('🙂'.repeat(TEMPLATE_LIMITS.body)) } })).toEqual([]);
  });

  it.each(['Termin', 'ter-min', 'ter min', 'äpfel', ''])('is not called %j', (name) => {
    expect(fields({ name })).toEqual(['name']);
  });

  it.each([
    ['de', true],
    ['en-US', true],
    ['en_us', true],
    ['fil', true],
    ['deutsch', false],
    ['d', false],
    ['de_DE_x', false],
    ['', false],
  ])('is in a language: %j → %j', (language, isFine) => {
    expect(fields({ language })).toEqual(isFine ? [] : ['language']);
  });

  it.each<[string, string, string[]]>([
    ['a variable at the beginning', '{{1}} ist da', ['body.text']],
    ['a variable at the end', 'Da ist {{1}} ', ['body.text']],
    ['a gap', 'Von {{1}} bis {{3}}.', ['body.text']],
    ['a name where there are places', 'Hallo {{name}}!', ['body.text']],
    ['half a variable', 'Hallo {{1}!', ['body.text']],
    ['nothing', ' ', ['body.text']],
    ['what no text contains', 'a\0b', ['body.text']],
  ])('has no body with %s', (_, text, expected) => {
    const examples = ['1', '2', '3', 'name']
      .map((name) => ({ name, value: 'x' }))
      .filter(({ name }) => text.includes(`{{${name}}}`));
    expect(fields({ definition: { body: { text, examples } } })).toEqual(expected);
  });

  it('may say the same variable twice, in any order', () => {
    expect(fields({ definition: { body: words('Erst {{2}}, dann {{1}}, dann {{2}}.', 'a', 'b') } })).toEqual([]);
  });

  it('has variables with names, where it says so', () => {
    const named = (text: string, ...names: string[]): Changed => ({
      parameterFormat: 'NAMED',
      definition: { body: { text, examples: names.map((name) => ({ name, value: 'x' })) } },
    });
    expect(fields(named('Hallo {{first_name}}!', 'first_name'))).toEqual([]);
    expect(fields(named('Hallo {{1}}!', '1'))).toEqual(['body.text']);
    expect(fields(named('Hallo {{Name}}!', 'Name'))).toEqual(['body.text']);
  });

  it('has an example of each variable and of nothing else', () => {
    expect(violations({ definition: { body: words('Hallo {{1}}, bis {{2}}!', 'Anna') } })).toEqual([
      { field: 'body.examples', message: 'must be given for {{2}}.' },
    ]);
    expect(fields({ definition: { body: words('Hallo {{1}}!', ' ') } })).toEqual(['body.examples']);
    expect(fields({ definition: { body: words('Hallo!', 'Anna') } })).toEqual(['body.examples']);
    expect(fields({ definition: { body: words('Hallo {{1}}!', x(TEMPLATE_LIMITS.example + 1)) } })).toEqual([
      'body.examples',
    ]);
  });

  it('has one line and one variable in its header, and none in its footer', () => {
    const header = (text: string, ...examples: string[]): Changed => ({
      definition: { header: { kind: 'text', ...words(text, ...examples) } },
    });
    expect(fields(header('{{1}}', 'Mitte'))).toEqual([]);
    expect(fields(header('{{1}} und {{2}}', 'a', 'b'))).toEqual(['header.text.text']);
    expect(fields(header('Zwei\nZeilen'))).toEqual(['header.text.text']);
    expect(fields({ definition: { footer: 'Ihr {{1}}' } })).toEqual(['footer']);
  });

  it('has so many buttons of each kind, and its quick replies side by side', () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => quickReply(`B${index}`));
    const buttons = (...given: TemplateButton[]): Changed => ({ definition: { buttons: given } });
    expect(fields(buttons(...many(TEMPLATE_LIMITS.buttons)))).toEqual([]);
    expect(fields(buttons(...many(TEMPLATE_LIMITS.buttons + 1)))).toEqual(['buttons']);
    expect(fields(buttons(url(), url()))).toEqual([]);
    expect(violations(buttons(url(), url(), url()))).toEqual([
      { field: 'buttons', message: 'must be at most 2 of kind URL.' },
    ]);
    const call = { kind: 'phone', text: 'Anrufen', phone: '+49301234567' } as const;
    expect(fields(buttons(call, call))).toEqual(['buttons']);
    expect(fields(buttons(url(), quickReply('Ja')))).toEqual([]);
    expect(fields(buttons(quickReply('Ja'), url(), quickReply('Nein')))).toEqual(['buttons']);
  });

  it.each<[object, string[]]>([
    [{ url: 'https://a.example/{{1}}', example: 'https://a.example/7' }, []],
    [{ url: 'https://a.example/{{1}}' }, ['buttons.0.example']],
    [{ url: 'https://a.example/{{1}}/x', example: 'x' }, ['buttons.0.url']],
    [{ url: 'https://a.example/{{2}}', example: 'x' }, ['buttons.0.url']],
    [{ url: 'https://{{1}}', example: 'x' }, ['buttons.0.url']],
    [{ url: 'ftp://a.example' }, ['buttons.0.url']],
    [{ url: `https://a.example/${x(TEMPLATE_LIMITS.url)}` }, ['buttons.0.url']],
    [{ text: ' ' }, ['buttons.0.text']],
  ])('has buttons with addresses such as %j', (over, expected) => {
    expect(fields({ definition: { buttons: [url(over)] } })).toEqual(expected);
  });

  it('calls a number and opens a form that there may be', () => {
    const button = (given: TemplateButton) => fields({ definition: { buttons: [given] } });
    expect(button({ kind: 'phone', text: 'Anrufen', phone: 'x' })).toEqual(['buttons.0.phone']);
    expect(button({ kind: 'phone', text: 'Anrufen', phone: `+${'1'.repeat(20)}` })).toEqual(['buttons.0.phone']);
    expect(button({ kind: 'flow', text: 'Wählen' })).toEqual(['buttons.0.flowId']);
    expect(button({ kind: 'contactInfo' })).toEqual([]);
    expect(button({ kind: 'otp', otpType: 'COPY_CODE' })).toEqual(['buttons.0']);
  });

  it.each(Object.entries(TIME_TO_LIVE))('lives as long as %s may', (category, [from, to]) => {
    const definition =
      category === 'AUTHENTICATION'
        ? { body: words(''), buttons: [{ kind: 'otp', otpType: 'COPY_CODE' } as const] }
        : base.definition;
    const lives = (timeToLiveSeconds: number) =>
      fields({ category: category as SubmittedTemplate['category'], timeToLiveSeconds, definition });
    expect([from, to].map(lives)).toEqual([[], []]);
    expect([from - 1, to + 1].map(lives)).toEqual([['timeToLiveSeconds'], ['timeToLiveSeconds']]);
  });
});

describe('a template with a one-time password', () => {
  const otp = { kind: 'otp', otpType: 'COPY_CODE', text: 'Code kopieren' } as const;
  const login = (definition: Partial<TemplateDefinition> = {}) =>
    fields({
      category: 'AUTHENTICATION',
      definition: {
        body: words(''),
        buttons: [otp],
        authentication: { addsSecurityAdvice: true, codeExpiresInMinutes: 10 },
        ...definition,
      },
    });
  const app = { packageName: 'example.app', signatureHash: 'K8a/AINcGX7' };

  it('has a button for it, and no words of its own', () => {
    expect(login()).toEqual([]);
    expect(login({ buttons: [] })).toEqual(['buttons']);
    expect(login({ buttons: [quickReply('Ja')] })).toEqual(['buttons']);
    expect(login({ body: words('Ihr Code: {{1}}.', '123456') })).toEqual(['body']);
    expect(login({ footer: 'Ihr Radladen', header: { kind: 'location' } })).toEqual(['header', 'footer']);
  });

  it('is valid for up to 90 minutes', () => {
    const minutes = (codeExpiresInMinutes: number) =>
      login({ authentication: { addsSecurityAdvice: false, codeExpiresInMinutes } });
    expect([1, 90].map(minutes)).toEqual([[], []]);
    expect([0, 91].map(minutes)).toEqual([
      ['authentication.codeExpiresInMinutes'],
      ['authentication.codeExpiresInMinutes'],
    ]);
  });

  it('names the apps that may read it, and only then', () => {
    const tap = (
      apps: { packageName: string; signatureHash: string }[],
      otpType: 'ONE_TAP' | 'COPY_CODE' = 'ONE_TAP',
    ) => login({ buttons: [{ ...otp, otpType, apps }] });
    expect(tap([app])).toEqual([]);
    expect(tap([])).toEqual(['buttons.0.apps']);
    expect(tap(Array.from({ length: 6 }, () => app))).toEqual(['buttons.0.apps']);
    expect(tap([{ ...app, packageName: 'app' }])).toEqual(['buttons.0.apps.0.packageName']);
    expect(tap([{ ...app, signatureHash: 'short' }])).toEqual(['buttons.0.apps.0.signatureHash']);
    expect(tap([app], 'COPY_CODE')).toEqual(['buttons.0.apps']);
  });

  it('is the only one that says how it is made', () => {
    expect(fields({ definition: { authentication: { addsSecurityAdvice: true } } })).toEqual(['authentication']);
  });
});

describe('a template with cards', () => {
  const card: NonNullable<TemplateDefinition['cards']>[number] = {
    header: { kind: 'media', mediaKind: 'IMAGE' },
    body: words('Rad'),
    buttons: [url()],
  };
  const cards = (...given: NonNullable<TemplateDefinition['cards']>) => fields({ definition: { cards: given } });

  it('has 2 to 10 of one kind', () => {
    expect(cards(card, card)).toEqual([]);
    expect(cards(card)).toEqual(['cards']);
    expect(cards(...Array.from({ length: 11 }, () => card))).toEqual(['cards']);
    expect(cards(card, { ...card, header: { kind: 'media', mediaKind: 'VIDEO' } })).toEqual(['cards.1']);
    expect(cards(card, { ...card, buttons: [quickReply('Ja')] })).toEqual(['cards.1']);
  });

  it('has a picture or a film, few words, and buttons on each', () => {
    expect(cards({ ...card, header: { kind: 'location' } }, card)).toContain('cards.0.header');
    expect(cards({ ...card, body: words(x(161)) }, card)).toEqual(['cards.0.body.text']);
    expect(cards({ ...card, buttons: [] }, { ...card, buttons: [] })).toEqual(['cards.0.buttons', 'cards.1.buttons']);
  });

  it('has nothing else but a body', () => {
    const definition = { cards: [card, card], footer: 'Ihr Radladen', buttons: [url()] };
    expect(fields({ definition })).toEqual(['footer', 'buttons']);
  });
});

describe('a limited-time offer', () => {
  const offer = { text: 'Nur heute', hasExpiration: true };
  const of = (definition: Partial<TemplateDefinition>, category: SubmittedTemplate['category'] = 'MARKETING') =>
    fields({ category, definition: { limitedTimeOffer: offer, ...definition } });

  it('is marketing, with few words, a picture at most, and no footer', () => {
    expect(of({})).toEqual([]);
    expect(of({}, 'UTILITY')).toEqual(['limitedTimeOffer']);
    expect(of({ limitedTimeOffer: { ...offer, text: x(17) } })).toEqual(['limitedTimeOffer.text']);
    expect(of({ body: words(x(601)) })).toEqual(['body.text']);
    expect(of({ footer: 'Ihr Radladen' })).toEqual(['footer']);
    expect(of({ header: { kind: 'media', mediaKind: 'IMAGE' } })).toEqual([]);
    expect(of({ header: { kind: 'location' } })).toEqual(['header']);
  });
});
