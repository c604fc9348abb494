import { describe, expect, it } from 'vitest';
import { checkText } from './check-text.js';

describe('a text', () => {
  it.each([
    ['  so \n', 'so'],
    ['a\tb\nc', 'a\tb\nc'],
    ['e\u0301', 'é'],
    ['👩‍👧'.repeat(2), '👩‍👧'.repeat(2)],
  ])('given %j, then %j is stored', (text, stored) => {
    expect(checkText(text, 'text', { max: 6 })).toBe(stored);
  });

  it.each([['  '], ['1234567'], ['nul\u0000'], ['bell\u0007'], ['half \ud83d']])(
    'given %j, then it is refused, naming the field',
    (text) => {
      expect(() => checkText(text, 'note', { max: 6 })).toThrow(
        expect.objectContaining({ code: 'INVALID_INPUT', field: 'note' }),
      );
    },
  );
});
