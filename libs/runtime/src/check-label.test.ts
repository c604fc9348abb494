import { describe, expect, it } from 'vitest';
import { checkColour, checkLabelIds, checkLabelName } from './check-label.js';

const refusal = (field: string) => expect.objectContaining({ code: 'INVALID_INPUT', field });

describe('the name of a label', () => {
  it('given white space, when it is checked, then it has single spaces and none around', () => {
    expect(checkLabelName('  Sehr   dringend ')).toBe('Sehr dringend');
  });

  it.each(['', '   ', 'x'.repeat(51), 'a\u0007b', 'a\0b', '\ud800'])('given %j, then it is refused', (name) => {
    expect(() => checkLabelName(name)).toThrow(refusal('name'));
  });

  it('given 50 characters as people count them, then it is a name', () => {
    expect(checkLabelName('🪟'.repeat(50))).toBe('🪟'.repeat(50));
  });
});

describe('the colour of a label', () => {
  it('given upper case, then it is stored in lower case', () => {
    expect(checkColour('#C0FFEE')).toBe('#c0ffee');
  });

  it.each(['', 'red', '#fff', '#12345g', '#1234567'])('given %j, then it is refused', (colour) => {
    expect(() => checkColour(colour)).toThrow(refusal('colour'));
  });
});

describe('the labels that something has', () => {
  const id = '01998a3e-0000-7000-8000-00000000000a';

  it('given one twice, then it counts once', () => {
    expect(checkLabelIds([id, id], 'set')).toEqual([id]);
  });

  it('given 21, or what is no id, then they are refused', () => {
    expect(() =>
      checkLabelIds(
        Array.from({ length: 21 }, () => id),
        'set',
      ),
    ).toThrow(refusal('set'));
    expect(() => checkLabelIds(['x'], 'unset')).toThrow(refusal('unset'));
  });
});
