import { describe, expect, it } from 'vitest';
import { checkName } from './name.js';

describe('checkName', () => {
  it.each([
    ['  Anna   Berg ', 'Anna Berg'],
    ['Zoe\u0308', 'Zoë'],
    ['𝒜'.repeat(100), '𝒜'.repeat(100)],
  ])('writes %j as %j', (text, name) => {
    expect(checkName(text)).toBe(name);
  });

  it.each(['', ' \n ', 'x'.repeat(101), 'nul\u0000', 'bell\u0007'])('refuses %j, naming the field', (text) => {
    expect(() => checkName(text, 'teamName')).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', field: 'teamName' }),
    );
  });
});
