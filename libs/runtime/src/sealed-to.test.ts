import { describe, expect, it } from 'vitest';
import { newSealingKeys, sealTo, unsealFrom } from './sealed-to.js';

describe('what is sealed to a key', () => {
  const { publicKey, privateKey } = newSealingKeys();
  const sealed = sealTo(publicKey, Buffer.from('Guten Tag'), 'part 1');

  it('opens with its private half, and says nothing of it before', () => {
    expect(unsealFrom(privateKey, sealed, 'part 1').toString()).toBe('Guten Tag');
    expect(sealed.includes('Guten Tag')).toBe(false);
    expect(sealTo(publicKey, Buffer.from('Guten Tag'), 'part 1')).not.toEqual(sealed);
  });

  it('opens with no other key, in no other place, and not once it was changed', () => {
    expect(() => unsealFrom(newSealingKeys().privateKey, sealed, 'part 1')).toThrow();
    expect(() => unsealFrom(privateKey, sealed, 'part 2')).toThrow();
    const changed = Buffer.from(sealed);
    changed[changed.length - 1]! ^= 1;
    expect(() => unsealFrom(privateKey, changed, 'part 1')).toThrow();
  });
});
