import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_OPT_OUT_WORDS, normaliseWords, wishOf } from './opt-out-words.rule.js';

describe('a message that is nothing but the word', () => {
  it.each([
    'STOP',
    'stop',
    ' Stop! ',
    '„Stopp.“',
    'S.T.O.P.',
    's t o p',
    'ＳＴＯＰ',
    'S\u200bT\u200bO\u200bP',
    '\u202eSTOP\u202c',
    'STOP\ufe0f',
    '🛑 STOP 🛑',
    'ŚTÓP',
    'st\u00adop',
    'Keine  Werbung!!!',
    'KEINE\nWERBUNG',
    'Abmelden.',
    'ABBESTELLEN',
    'Abmeldung',
    'unsubscribe',
    'Opt-Out',
    'Cancel',
    'END',
    'quit',
    'Stop promotions',
  ])('%j opts out', (text) => {
    expect(wishOf(text)).toMatchObject({ kind: 'STOP' });
  });

  it('says in which language, where the word does', () => {
    expect(wishOf('Stopp')).toEqual({ kind: 'STOP', locale: 'de' });
    expect(wishOf('unsubscribe')).toEqual({ kind: 'STOP', locale: 'en' });
    expect(wishOf('STOP')).toEqual({ kind: 'STOP', locale: null });
  });

  it('is found in whatever case, between whatever marks, with whatever invisible in it', () => {
    const mark = fc.constantFrom('', ' ', '.', '!', '\n', '“', '🙏', '\u200d', '\u00a0', '*');
    const invisible = fc.constantFrom('', '\u200b', '\u2060', '\ufeff', '\u0301');
    const word = fc.constantFrom(...DEFAULT_OPT_OUT_WORDS.map((each) => each.word));
    fc.assert(
      fc.property(
        word,
        mark,
        mark,
        fc.infiniteStream(fc.tuple(fc.boolean(), invisible)),
        (text, before, after, how) => {
          const written = [...text]
            .map((letter) => {
              const [isUpper, hidden] = how.next().value;
              return `${isUpper ? letter.toUpperCase() : letter}${letter === ' ' ? '' : hidden}`;
            })
            .join('');
          expect(wishOf(`${before}${written}${after}`)).toMatchObject({ kind: 'STOP' });
        },
      ),
    );
  });
});

describe('a sentence with the word in it', () => {
  it.each([
    'Bitte stop, das reicht mir langsam',
    'Ich möchte mich abmelden',
    'Keine Werbung mehr bitte',
    'How do I unsubscribe from this?',
    'stop by tomorrow',
  ])('%j is for a person to read', (text) => {
    expect(wishOf(text)).toEqual({ kind: 'MAYBE' });
  });
});

describe('anything else', () => {
  it.each([
    'Hallo',
    '',
    '…',
    '🛑',
    'Stoppuhr',
    'Der Bus hält nonstop',
    'Please cancel my order',
    'When does the sale end?',
    'I quit smoking',
    'Werbung',
    'Start',
    'JA',
  ])('%j is no wish', (text) => {
    expect(wishOf(text)).toBeUndefined();
  });

  it('stays so for what has no text', () => {
    expect(wishOf(undefined)).toBeUndefined();
  });
});

describe('the words of a workspace', () => {
  const own = [
    { word: normaliseWords('Désinscrire'), locale: 'fr', isEveryday: false, isActive: true },
    { word: 'end', locale: null, isEveryday: true, isActive: false },
  ];

  it('are added to the usual ones', () => {
    expect(wishOf('DÉSINSCRIRE!', own)).toEqual({ kind: 'STOP', locale: 'fr' });
    expect(wishOf('Stop', own)).toMatchObject({ kind: 'STOP' });
    expect(wishOf('je veux me desinscrire', own)).toEqual({ kind: 'MAYBE' });
  });

  it('are found however plain text writes them', () => {
    const strasse = [{ word: normaliseWords('Schluß damit'), locale: 'de', isEveryday: false, isActive: true }];
    for (const text of ['Schluß damit', 'schluss damit!', 'SCHLUSS DAMIT', 'Schlüss damit']) {
      expect(wishOf(text, strasse)).toMatchObject({ kind: 'STOP' });
    }
  });

  it('take usual ones away', () => {
    expect(wishOf('End', own)).toBeUndefined();
  });
});
