import { describe, expect, it } from 'vitest';
import { waIdOf } from './wa-id.js';

describe('what WhatsApp calls a phone', () => {
  it.each([
    ['4915112345678', '4915112345678'],
    ['5531987654321', '553187654321'],
    ['553187654321', '553187654321'],
    // São Paulo.
    ['5511987654321', '5511987654321'],
    ['525512345678', '5215512345678'],
    ['5215512345678', '5215512345678'],
  ])('that is dialled %s: %s', (dialled, id) => {
    expect(waIdOf(dialled)).toBe(id);
    expect(waIdOf(id)).toBe(id);
  });
});
