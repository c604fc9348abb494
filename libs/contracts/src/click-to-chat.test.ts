import { describe, expect, it } from 'vitest';
import { clickToChatCode, findClickToChatCode, writeClickToChatText } from './click-to-chat.js';

describe('the code of a click-to-chat link', () => {
  it.each([
    ['Ich möchte Angebote.\n\n#K7QX2MNP', 'K7QX2MNP'],
    ['#K7QX2MNP', 'K7QX2MNP'],
    ['Hallo #K7QX2MNP, haben Sie morgen offen?', 'K7QX2MNP'],
    ['#ABCDEFGH #K7QX2MNP', 'ABCDEFGH'],
  ])('given %j, is %s', (text, code) => expect(findClickToChatCode(text)).toBe(code));

  it.each([
    'Bestellung #12345678',
    '#k7qx2mnp',
    '#K7QX2MN',
    '#K7QX2MNPQ',
    'Sonderangebot#K7QX2MNP',
    '#SOMMERSALE',
    'K7QX2MNP',
    '',
    undefined,
  ])('given %j, is none', (text) => expect(findClickToChatCode(text)).toBeUndefined());

  it.each(['Ich möchte Angebote.', 'Bestellung #12345678', '👋', '#'])(
    'is found behind %j, as its link writes it',
    (text) => {
      const code = clickToChatCode.parse('K7QX2MNP');
      expect(findClickToChatCode(writeClickToChatText(text, code))).toBe(code);
    },
  );
});
