import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { seal, unseal, unsealBytes } from './sealed.js';

const key = randomBytes(32);

describe('sealed values', () => {
  it('open with the same key in the same place, and two sealings differ', () => {
    const [first, second] = [seal(key, 'tökén', 'channel:1'), seal(key, 'tökén', 'channel:1')];
    expect(unseal(key, first, 'channel:1')).toBe('tökén');
    expect(first.equals(second)).toBe(false);
    expect(first.includes('tökén')).toBe(false);
  });

  it('keep bytes that are no text', () => {
    const bytes = Buffer.from([0, 255, 192, 128, 10]);
    expect(unsealBytes(key, seal(key, bytes, 'webhook_event:1'), 'webhook_event:1')).toEqual(bytes);
  });

  it('do not open in another row, with another key, or changed by a bit', () => {
    const sealed = seal(key, 'token', 'channel:1');
    expect(() => unseal(key, sealed, 'channel:2')).toThrow();
    expect(() => unseal(randomBytes(32), sealed, 'channel:1')).toThrow();
    for (const at of [0, 1, 13, 29, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1;
      expect(() => unseal(key, changed, 'channel:1')).toThrow();
    }
  });
});
