import { describe, expect, it } from 'vitest';
import { freeName, isTelling, withoutPerson, type Called } from './mention.rule.js';

const anna: Called = {
  names: ['Anna Maria Berg', 'Änne Groß', 'Anna'],
  emails: ['anna.berg@example.org'],
  numbers: ['+4915112345678'],
  ids: ['DE.1234567890', 'ABCD1234'],
};

describe('a name that colleagues gave to something', () => {
  it.each([
    ['Anna Maria Berg', '[…]'],
    ['VIP: anna  maria BERG (Köln)', 'VIP: […] (Köln)'],
    ['Berg, Anna Maria', '[…]'],
    ['Fall ÄNNE GROSS', 'Fall ÄNNE GROSS'],
    ['Fall ÄNNE GROß', 'Fall […]'],
    ['an anna.berg@example.org und anna.berg@example.org.', 'an […] und […].'],
    ['0151 / 123 456 78', '[…]'],
    ['Tel. +49 (151) 12345678, abends', 'Tel. […], abends'],
    ['0049 151 12345678', '[…]'],
    ['Kundin DE.1234567890', 'Kundin […]'],
    ['abcd1234', '[…]'],
  ])('given %j, is without the person %j', (text, without) => {
    expect(withoutPerson(text, anna)).toBe(without);
  });

  it.each([
    'Anna',
    'Anna Berg',
    'Joanna Maria Bergmann',
    'Anna Maria Bergmann',
    'hanna.berg@example.org',
    'anna.berg@example.org.de',
    'x-anna.berg@example.org',
    '12345678 Stück von 2026',
    '0151 123456789',
    '5678',
    '+43 151 99945678',
  ])('given %j, stays as it is', (text) => {
    // A number without its area is as many people’s as there are areas.
    expect(withoutPerson(text, anna)).toBe(text);
  });

  it('stays as it is where somebody is called by one word, or not at all', () => {
    const called = { names: ['Sommer', ' ', 'Sommer,'], emails: [], numbers: [], ids: [] };
    expect(withoutPerson('Sommer 2026 an Sommer', called)).toBe('Sommer 2026 an Sommer');
    expect(isTelling('Anna Berg')).toBe(true);
  });

  it('takes what people write for what it is', () => {
    const called = { ...anna, names: ['A. (Berg) $1 [x]'] };
    expect(withoutPerson('an A. (Berg) $1 [x] heute', called)).toBe('an […] heute');
  });
});

describe('a name that there may be once', () => {
  it('gets a number, within its length', () => {
    const taken = new Set(['[…]', '[…] 2', 'vip […]']);
    expect(freeName('[…]', taken, 80)).toBe('[…] 3');
    expect(freeName('VIP […]', taken, 7)).toBe('VIP [ 2');
    expect(freeName('Neu […]', taken, 80)).toBe('Neu […]');
  });
});
