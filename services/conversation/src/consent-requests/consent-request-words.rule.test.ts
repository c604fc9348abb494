import { wishOf, type TemplateDefinition } from '@fenster/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseText } from './choose-text.rule.js';
import {
  answerOf,
  answerText,
  answerTitles,
  asksForMarketing,
  isRequestTemplate,
  requestWording,
} from './consent-request-words.rule.js';

const text = {
  locale: 'de',
  body: 'Ich möchte Angebote der Muster GmbH per WhatsApp. Widerruf jederzeit mit STOP.',
  privacyNoticeUrl: 'https://muster.example/datenschutz',
};

describe('a request', () => {
  it('given a published text, says it, where the privacy notice is and how to answer, and nothing else', () => {
    expect(requestWording(text)).toBe(
      `${text.body}\n\nDatenschutz: https://muster.example/datenschutz\n\nAntworten Sie mit JA, wenn Sie einverstanden sind, sonst mit NEIN.`,
    );
    expect(requestWording({ ...text, locale: 'en-GB' })).toContain('Reply YES if you agree, otherwise NO.');
    expect(requestWording({ ...text, locale: 'fi' })).toContain('Reply YES');
  });

  it.each(['de', 'en', 'fr', 'es', 'it', 'nl', 'fi'])(
    'given the language %s, is answered with the very words that it names',
    (locale) => {
      const { yes, no } = answerTitles(locale);
      expect([answerOf(yes), answerOf(no)]).toEqual(['CONFIRMED', 'REFUSED']);
      const named = requestWording({ ...text, locale })
        .split('\n')
        .at(-1)!
        .match(/\p{Lu}{2,}/gu)!;
      expect(named.map(answerOf)).toEqual(['CONFIRMED', 'REFUSED']);
      // What says how to withdraw must not itself be taken for advertising or a wish to be asked.
      expect(answerText(locale, 'CONFIRMED')).toContain('STOP');
      expect(wishOf(answerText(locale, 'REFUSED'))).toBeUndefined();
    },
  );
});

describe('a template for it', () => {
  const definition = (overrides: Partial<TemplateDefinition> = {}): TemplateDefinition => ({
    body: { text: requestWording(text), examples: [] },
    buttons: [
      { kind: 'quickReply', text: 'Ja' },
      { kind: 'quickReply', text: 'Nein' },
    ],
    unknownParts: [],
    ...overrides,
  });

  it('given the wording, whatever its line ends, with or without buttons that answer, is one', () => {
    expect(isRequestTemplate(definition(), text)).toBe(true);
    expect(isRequestTemplate(definition({ buttons: [] }), text)).toBe(true);
    const body = { text: requestWording(text).replaceAll('\n', '\r\n').concat(' '), examples: [] };
    expect(isRequestTemplate(definition({ body }), text)).toBe(true);
  });

  it.each<[string, Partial<TemplateDefinition>]>([
    ['one word more', { body: { text: `${requestWording(text)} 10 % Rabatt!`, examples: [] } }],
    ['one word less', { body: { text: text.body, examples: [] } }],
    ['a variable', { body: { text: `${requestWording(text)} {{1}}`, examples: [] } }],
    ['a picture', { header: { kind: 'media', mediaKind: 'IMAGE' } }],
    ['a head', { header: { kind: 'text', text: 'Angebot!', examples: [] } }],
    ['a foot', { footer: 'Jetzt sparen' }],
    ['a link', { buttons: [{ kind: 'url', text: 'Ja', url: 'https://shop.example' }] }],
    ['another button', { buttons: [{ kind: 'quickReply', text: 'Zum Angebot' }] }],
    ['cards', { cards: [{ body: { text: 'x', examples: [] }, buttons: [] }] }],
    ['parts that nobody knows', { unknownParts: ['x'] }],
  ])('given %s, is none', (_what, change) => {
    expect(isRequestTemplate(definition(change), text)).toBe(false);
  });
});

describe('an answer', () => {
  it.each(['JA', ' ja! ', 'Ja 👍', 'J.A.', 'Ja, bitte.', 'Ja, gerne', 'YES', 'Sí', 'oui', 'ＪＡ', 'Einverstanden'])(
    'given %s, is a yes',
    (said) => {
      expect(answerOf(said)).toBe('CONFIRMED');
    },
  );

  it.each(['NEIN', 'nein, danke', 'no', 'Non merci', 'nee'])('given %s, is a no', (said) => {
    expect(answerOf(said)).toBe('REFUSED');
  });

  it.each(['ja aber nicht täglich', 'Jaja', 'ok', '👍', 'Nein doch ja', 'yes or no?', 'na ja', '', undefined])(
    'given %s, is none: a person has to read it',
    (said) => {
      expect(answerOf(said)).toBeUndefined();
    },
  );

  it('given any sentence around it, is none', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('ja', 'yes', 'nein'),
        fc.constantFrom('vielleicht', 'später', 'wann', 'not'),
        (word, more) => {
          expect(answerOf(`${word} ${more}`)).toBeUndefined();
          expect(answerOf(`${more} ${word}`)).toBeUndefined();
        },
      ),
    );
  });

  it('given a word that ends marketing, is none, nor does a wish for it end it', () => {
    for (const said of ['STOP', 'Abmelden', 'keine Werbung', 'unsubscribe']) {
      expect(answerOf(said)).toBeUndefined();
      expect(asksForMarketing(said)).toBe(false);
    }
    for (const said of ['START', 'Anmelden!', 'Newsletter', 'subscribe']) {
      expect(asksForMarketing(said)).toBe(true);
      expect(wishOf(said)).toBeUndefined();
    }
    expect(asksForMarketing('Wann ist der Start?')).toBe(false);
    expect(asksForMarketing(undefined)).toBe(false);
  });
});

describe('the text that somebody is asked with', () => {
  const texts = ['fr', 'en-GB', 'de-AT', 'de', 'en'].map((locale) => ({ locale }));
  it.each([
    [{ locale: 'de-AT' }, 'de-AT'],
    [{ locale: 'de-CH' }, 'de'],
    [{ locale: 'es' }, undefined],
    [{ phone: '+4915112345678' }, 'de'],
    [{ phone: '+33612345678' }, 'en'],
    [{}, 'en'],
  ])('given %j, is in %s', (asked, locale) => {
    expect(chooseText(texts, asked)?.locale).toBe(locale);
  });

  it('given no other, is in the language that there is', () => {
    expect(chooseText([{ locale: 'it' }], { phone: '+4915112345678' })).toEqual({ locale: 'it' });
    expect(chooseText([], {})).toBeUndefined();
  });
});
