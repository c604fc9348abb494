import { describe, expect, it } from 'vitest';
import { parseQuery, wordsIn } from './words.js';

describe('words', () => {
  it.each([
    ['Straße, Café & DE-2026-0815!', ['strasse', 'cafe', 'de', '2026', '0815']],
    ['<b>MÜLLER</b>', ['b', 'muller', 'b']],
    ['👋🏽 … \u0301', []],
    ['Ｆｕｌｌ', ['full']],
  ])('of %j are compared as %j', (text, folded) => {
    expect(wordsIn(text).map((word) => word.folded)).toEqual(folded);
  });

  it('that are no words of people are cut', () => {
    expect(wordsIn('x'.repeat(5_000))[0]).toMatchObject({ plain: 'x'.repeat(64), length: 5_000 });
  });

  it.each([[''], [' … '], ['a '.repeat(11)], ['x'.repeat(201)]])('given the query %j, then it is refused', (text) => {
    expect(() => parseQuery(text)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', field: 'text' }));
  });
});
