import { describe, expect, it } from 'vitest';
import { fitValue, valuesOf, type Placeholder } from './placeholder.rule.js';

const NAME: Placeholder = { part: 'body', index: 0 };
const CITY: Placeholder = { part: 'body', index: 1, attribute: 'city' };

describe('what stands in a slot', () => {
  it.each([
    ['Anna', 'Anna'],
    ['  Anna   Berg ', 'Anna Berg'],
    ['Anna\n\nKlick: http://a.example', 'Anna Klick: http://a.example'],
    ['a\tb\u2028c\0d', 'a b c d'],
    ['\ud800', '\ufffd'],
    ['👩‍👧', '👩‍👧'],
    ['{{2}}', '{{2}}'],
    [' \n ', null],
    ['', null],
    [null, null],
    [undefined, null],
    ['x'.repeat(200), 'x'.repeat(200)],
    ['x'.repeat(201), null],
  ])('%j is %j', (given, expected) => {
    expect(fitValue(given)).toBe(expected);
  });
});

describe('the values of a recipient', () => {
  it('are their own, in the order of the placeholders', () => {
    expect(valuesOf([CITY, NAME], { name: 'Anna', attributes: { city: 'Ulm' } })).toEqual(['Ulm', 'Anna']);
    expect(valuesOf([], { name: null, attributes: null })).toEqual([]);
  });

  it('are the fallback where there is none, or none that fits', () => {
    const withFallback = { ...CITY, fallback: 'hier' };
    expect(valuesOf([withFallback], { name: 'Anna', attributes: null })).toEqual(['hier']);
    expect(valuesOf([withFallback], { name: 'Anna', attributes: { city: ' ' } })).toEqual(['hier']);
    expect(valuesOf([withFallback], { name: 'Anna', attributes: { city: 'x'.repeat(201) } })).toEqual(['hier']);
  });

  it('are none if one is missing', () => {
    expect(valuesOf([NAME, CITY], { name: 'Anna', attributes: { size: 'M' } })).toBeUndefined();
    expect(valuesOf([NAME], { name: null, attributes: null })).toBeUndefined();
    expect(valuesOf([{ ...CITY, attribute: 'toString' }], { name: 'Anna', attributes: {} })).toBeUndefined();
  });
});
