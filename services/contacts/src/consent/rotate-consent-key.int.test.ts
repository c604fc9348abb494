import { randomBytes } from 'node:crypto';
import { newId } from '@fenster/runtime';
import type { JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ContactsUnderTest } from '../testing/contacts-under-test.js';
import { createConsentSigner, readPublicKeys, verifyJws } from './consent-signer.js';
import { rotateConsentKey } from './rotate-consent-key.js';

const contacts = new ContactsUnderTest();
const SECRET = Buffer.alloc(32, 7);
beforeAll(() => contacts.start());
afterAll(() => contacts.stop());

const kids = async () => {
  const response = await fetch(`${contacts.service.url}/documents/keys.json`);
  return ((await response.json()) as JSONWebKeySet).keys.map(({ kid }) => kid);
};

it('lets the new key sign within five seconds, and what the former one signed stays good for ever', async () => {
  let now = new Date();
  const origin = { actor: { kind: 'system' }, correlationId: newId() } as const;
  const log = { warn() {}, error() {} } as never;
  const ctx = { database: contacts.database, now: () => now, log, origin, wakeRelay: () => {} };
  const signer = createConsentSigner(ctx, SECRET);
  const before = await signer.key();
  const signed = before.signJws({ said: 'this' }, 'test');
  await rotateConsentKey({ url: contacts.databaseUrl, secretKey: SECRET });
  now = new Date(now.getTime() + 5_000);
  const after = await signer.key();
  expect(after.id).not.toBe(before.id);
  expect(await kids()).toEqual([before.id, after.id]);
  const keys = await readPublicKeys(contacts.database.system());
  expect(verifyJws(keys, signed, 'test')).toEqual({ said: 'this' });
  expect(verifyJws(keys, after.signJws({ said: 'that' }, 'test'), 'test')).toEqual({ said: 'that' });
  // As another type, with more behind it, or by a key that is not ours, it is nothing.
  expect(verifyJws(keys, signed, 'other')).toBeUndefined();
  expect(verifyJws(keys, `${signed}.x`, 'test')).toBeUndefined();
  expect(verifyJws(new Map(), signed, 'test')).toBeUndefined();
});

it('changes nothing with another secret than that of the services', async () => {
  const before = await kids();
  await expect(rotateConsentKey({ url: contacts.databaseUrl, secretKey: randomBytes(32) })).rejects.toThrow(
    /authenticate/,
  );
  expect(await kids()).toEqual(before);
});
