import type { webcrypto } from 'node:crypto';
import { transact, sql, type Ctx } from '@fenster/database';
import { newId, remember, seal, unseal } from '@fenster/runtime';
import { exportJWK, exportPKCS8, generateKeyPair, importPKCS8, type JSONWebKeySet } from 'jose';
import { SigningKey } from './signing-key.entity.js';

export interface KeyRing {
  /** The public halves of the newest key and of those whose tokens may not have ended yet. */
  publicKeys(): Promise<JSONWebKeySet>;
  /** The newest key. */
  signingKey(): Promise<{ kid: string; privateKey: webcrypto.CryptoKey }>;
  /** Makes the first key of an installation. Services that start at the same moment agree on one. */
  ensureKey(): Promise<void>;
  /**
   * Adds a key, which signs from now on here, and within five seconds in other processes. Removes older ones whose
   * tokens have all ended.
   */
  rotate(): Promise<void>;
}

const ALGORITHM = 'EdDSA';
const NEWEST_FIRST = { orderBy: { kid: 'desc' } } as const;
/** How old the keys in memory may be. Verifiers elsewhere fetch the set when they meet a key that they do not know. */
const MAX_AGE_MS = 5_000;

/** No access token is good for longer; how long they are in fact is configuration. */
export const MAX_TOKEN_SECONDS = 3_600;
/** Other processes sign with the former key for a little while, by clocks of their own. */
const HAND_OVER_SECONDS = 60;

/** Of keys in the order of their age, newest first: those that may have signed a token which is still good. */
export function keysInUse<Key extends { createdAt: Date }>(keys: readonly Key[], now: Date): Key[] {
  const retiredBefore = now.getTime() - (MAX_TOKEN_SECONDS + HAND_OVER_SECONDS) * 1_000;
  return keys.filter((_key, age) => age === 0 || keys[age - 1]!.createdAt.getTime() > retiredBefore);
}

/** The keys that sign access tokens. The private halves never leave the database unsealed. */
export function createKeyRing(ctx: Ctx, secretKey: Buffer): KeyRing {
  const { get: keys, forget } = remember(() => ctx.database.system().find(SigningKey, {}, NEWEST_FIRST), {
    maxAgeMs: MAX_AGE_MS,
    now: ctx.now,
  });
  let opened: { kid: string; privateKey: webcrypto.CryptoKey } | undefined;

  return {
    async publicKeys() {
      return { keys: keysInUse(await keys(), ctx.now()).map((key) => key.publicJwk) };
    },
    async signingKey() {
      const newest = (await keys())[0];
      if (!newest) throw new Error('There is no signing key.');
      if (opened?.kid !== newest.kid) {
        const pem = unseal(secretKey, newest.privateKey, sealContext(newest.kid));
        opened = { kid: newest.kid, privateKey: await importPKCS8(pem, ALGORITHM) };
      }
      return opened;
    },
    async ensureKey() {
      await transact(ctx, async (tx) => {
        await sql`select pg_advisory_xact_lock(hashtext('fenster signing key'))`.execute(tx.sql);
        if ((await tx.em.count(SigningKey)) > 0) return;
        tx.em.create(SigningKey, await newSigningKey(secretKey, tx.now()));
      });
      forget();
    },
    async rotate() {
      await transact(ctx, async (tx) => {
        const inUse = keysInUse(await tx.em.find(SigningKey, {}, NEWEST_FIRST), tx.now());
        await tx.em.nativeDelete(SigningKey, { kid: { $nin: inUse.map((key) => key.kid) } });
        tx.em.create(SigningKey, await newSigningKey(secretKey, tx.now()));
      });
      forget();
    },
  };
}

async function newSigningKey(secretKey: Buffer, createdAt: Date) {
  const kid = newId();
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { crv: 'Ed25519', extractable: true });
  return {
    kid,
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg: ALGORITHM, use: 'sig' },
    privateKey: seal(secretKey, await exportPKCS8(privateKey), sealContext(kid)),
    createdAt,
  };
}

function sealContext(kid: string): string {
  return `signing_key:${kid}`;
}
