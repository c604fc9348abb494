import { randomBytes } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IdentityUnderTest, type SignInMember } from '../testing/identity-under-test.js';
import { rotateSigningKey } from './rotate-signing-key.js';
import { SigningKey } from './signing-key.entity.js';

const identity = new IdentityUnderTest();
let member: SignInMember;
beforeAll(async () => {
  await identity.start();
  member = await identity.member(await identity.workspace());
});
afterAll(() => identity.stop());

const command = (secretKey = identity.secretKey) => rotateSigningKey({ url: identity.databaseUrl, secretKey });
const later = (seconds: number) => new Date(identity.now.getTime() + seconds * 1_000);
const kidOf = (token: string) => decodeProtectedHeader(token).kid;
const me = async (token: string) => (await identity.query('{ me { id } }', { token })).status;

async function published(): Promise<string[]> {
  const response = await fetch(`${identity.service.url}/.well-known/jwks.json`);
  return ((await response.json()) as { keys: { kid: string }[] }).keys.map((key) => key.kid);
}

describe('rotating the signing key by command', () => {
  it('lets a running service sign with the new key, and tokens of the former one go on', async () => {
    // The command has the system's clock.
    identity.now = new Date();
    const before = await identity.accessToken(member);
    await command();
    identity.now = later(5);
    const after = await identity.accessToken(member);
    expect(kidOf(after)).not.toBe(kidOf(before));
    expect(await published()).toEqual([kidOf(after), kidOf(before)]);
    expect([await me(before), await me(after)]).toEqual([200, 200]);
  });

  it('no longer publishes the former key once its tokens have ended, and the next rotation removes it', async () => {
    const [newest, former] = await published();
    identity.now = later(3_700);
    expect(await published()).toEqual([newest]);
    const stored = () => identity.database.system().find(SigningKey, {}, { orderBy: { kid: 'desc' } });
    expect((await stored()).map((key) => key.kid)).toEqual([newest, former]);
    await identity.service.rotateSigningKey();
    expect((await stored()).map((key) => key.kid)).toEqual([expect.any(String), newest]);
  });

  it('changes nothing with another secret than that of the services', async () => {
    const count = () => identity.database.system().count(SigningKey);
    const before = await count();
    await expect(command(randomBytes(32))).rejects.toThrow(/authenticate/);
    expect(await count()).toBe(before);
  });
});
