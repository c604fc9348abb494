import { describe, expect, it } from 'vitest';
import { checkKey, checkOptions, checkValue, type AttributeType } from './attribute.rule.js';

const refusal = (field: string) => expect.objectContaining({ code: 'INVALID_INPUT', field });
const options = ['Gold', 'Silber'];
const check = (type: AttributeType, text: string) => checkValue({ type, options }, text, 'attributes.0.value');

describe('the value of an attribute', () => {
  it.each([
    ['TEXT', ' Größe 42 ', { value: 'Größe 42', number: null }],
    ['NUMBER', ' 012.50', { value: '12.5', number: 12.5 }],
    ['NUMBER', '-0', { value: '0', number: 0 }],
    ['BOOLEAN', 'TRUE', { value: 'true', number: null }],
    ['DATE', '2024-02-29', { value: '2024-02-29', number: null }],
    ['CHOICE', 'gold', { value: 'Gold', number: null }],
  ] as const)('given %s and %j, then it is stored as %j', (type, text, stored) => {
    expect(check(type, text)).toEqual(stored);
  });

  it.each([
    ['TEXT', ''],
    ['TEXT', 'x'.repeat(1_001)],
    ['NUMBER', 'zwölf'],
    ['NUMBER', '1,5'],
    ['NUMBER', '1e9'],
    ['NUMBER', 'NaN'],
    ['BOOLEAN', 'ja'],
    ['DATE', '2026-02-30'],
    ['DATE', '22.11.2026'],
    ['DATE', '2026-11-22T00:00:00Z'],
    ['CHOICE', 'Bronze'],
    ['CHOICE', ''],
  ] as const)('given %s and %j, then it is refused, naming the field', (type, text) => {
    expect(() => check(type, text)).toThrow(refusal('attributes.0.value'));
  });
});

describe('the definition of an attribute', () => {
  it.each(['', 'Size', '1st', 'a-b', `a${'b'.repeat(40)}`])('given the key %j, then it is refused', (key) => {
    expect(() => checkKey(key)).toThrow(refusal('key'));
  });

  it('given an option twice, then there is one', () => {
    expect(checkOptions('CHOICE', ['Gold', ' Gold', 'Silber'])).toEqual(['Gold', 'Silber']);
  });

  it.each([
    ['CHOICE', []],
    ['CHOICE', Array.from({ length: 101 }, (_, index) => `${index}`)],
    ['TEXT', ['a']],
  ] as const)('given %s with %j, then the options are refused', (type, given) => {
    expect(() => checkOptions(type, given)).toThrow(refusal('options'));
  });
});
