import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from './cursor.js';

describe('a cursor', () => {
  it.each([0, 1, 45_600, Number.MAX_SAFE_INTEGER])('keeps position %d', (seq) => {
    expect(decodeCursor(encodeCursor(seq))).toBe(seq);
  });

  it.each([
    '',
    'x',
    '17',
    encodeCursor(1) + '=',
    Buffer.from('c1.-1').toString('base64url'),
    Buffer.from('c1.1.5').toString('base64url'),
    Buffer.from('c2.1').toString('base64url'),
    Buffer.from('c1.').toString('base64url'),
  ])('is not %j', (cursor) => {
    expect(() => decodeCursor(cursor)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', field: 'after' }));
  });
});
