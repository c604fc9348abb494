import { parseOptions, verify } from '@node-rs/argon2';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createPasswordVerifier, hashPassword, HASHING, passwordProblems } from './password.js';

vi.mock('@node-rs/argon2', async (load) => {
  const original = await load<typeof import('@node-rs/argon2')>();
  return { ...original, verify: vi.fn(original.verify) };
});

describe('passwordProblems', () => {
  it.each(['letters and 1 digit', 'abcdefghi1', 'ßßßßßßßßß٣', `a1${'x'.repeat(198)}`])('accepts %j', (password) => {
    expect(passwordProblems(password)).toEqual([]);
  });

  it.each([
    ['abcdefgh1', ['TOO_SHORT']],
    [`a1${'x'.repeat(199)}`, ['TOO_LONG']],
    ['12345678901', ['NO_LETTER']],
    ['abcdefghijk', ['NO_DIGIT']],
    ['', ['TOO_SHORT', 'NO_LETTER', 'NO_DIGIT']],
    // Nine characters, though 18 code units.
    ['𝒜𝒜𝒜𝒜𝒜𝒜𝒜𝒜1', ['TOO_SHORT']],
  ])('says of %j: %j', (password, problems) => {
    expect(passwordProblems(password)).toEqual(problems);
  });
});

describe('a password hash', () => {
  it('is argon2id with our parameters', async () => {
    const hashed = await hashPassword('correct horse 1');
    expect(hashed).toMatch(/^\$argon2id\$v=19\$/);
    expect(parseOptions(hashed)).toMatchObject(HASHING);
  });

  it('differs each time, because it is salted', async () => {
    expect(await hashPassword('correct horse 1')).not.toBe(await hashPassword('correct horse 1'));
  });
});

describe('the password verifier', () => {
  beforeEach(() => {
    vi.mocked(verify).mockClear();
  });

  it('knows the right password from a wrong one', async () => {
    const isPassword = await createPasswordVerifier();
    const hashed = await hashPassword('correct horse 1');
    expect(await isPassword(hashed, 'correct horse 1')).toBe(true);
    expect(await isPassword(hashed, 'correct horse 2')).toBe(false);
  });

  it('takes composed and decomposed characters for the same', async () => {
    const isPassword = await createPasswordVerifier();
    expect(await isPassword(await hashPassword('pässwörter 1'), 'pa\u0308sswo\u0308rter 1')).toBe(true);
  });

  it('given nobody with that address, then it says no after the same work', async () => {
    const isPassword = await createPasswordVerifier();
    expect(await isPassword(undefined, 'correct horse 1')).toBe(false);
    expect(verify).toHaveBeenCalledOnce();
    expect(parseOptions(vi.mocked(verify).mock.calls[0]![0])).toMatchObject(HASHING);
  });

  it('given an over-long password, then it says no without hashing it', async () => {
    const isPassword = await createPasswordVerifier();
    const password = 'a1'.repeat(100_000);
    expect(await isPassword(await hashPassword(password), password)).toBe(false);
    expect(verify).toHaveBeenCalledExactlyOnceWith(expect.anything(), '');
  });
});
