import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { canonicalJson, sql, transact, type ChainHead, type Ctx, type EntityManager } from '@fenster/database';
import { newId, remember, seal, tryParseJson, unsealBytes } from '@fenster/runtime';

export interface Signature {
  keyId: string;
  signature: Buffer;
}

/** Signs (Ed25519) what has to be believed elsewhere. The private halves of the keys never leave the database unsealed. */
export interface ConsentSigner {
  /** The newest key. Ask for it before a transaction of a request begins: requests do not get at keys. */
  key(): Promise<SigningKey>;
  /** Makes the first key of an installation. Services that start at the same moment agree on one. */
  ensureKey(): Promise<void>;
  /** Adds a key, which signs from now on here, and within five seconds in other processes. */
  rotate(): Promise<void>;
}

export interface SigningKey {
  readonly id: string;
  /** Over the value in canonical JSON. */
  sign(value: object): Signature;
  /** A compact JWS (RFC 7515, RFC 8037) of the value, for people who check it with tools of their own. */
  signJws(value: object, type: string): string;
}

/** How old the key in memory may be. */
const MAX_AGE_MS = 5_000;

export function createConsentSigner(ctx: Ctx, secretKey: Buffer): ConsentSigner {
  const newest = remember(() => loadNewest(ctx, secretKey), { maxAgeMs: MAX_AGE_MS, now: ctx.now });

  async function addKey(isWanted: (em: EntityManager) => Promise<boolean>): Promise<void> {
    await transact(ctx, async (tx) => {
      await sql`select pg_advisory_xact_lock(hashtext('fenster consent signing key'))`.execute(tx.sql);
      if (!(await isWanted(tx.em))) return;
      const id = newId();
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      const sealed = seal(secretKey, privateKey.export({ type: 'pkcs8', format: 'der' }), sealContext(id));
      await sql`
        insert into consent_signing_key (id, public_key, private_key, created_at)
        values (${id}, ${publicKey.export({ type: 'spki', format: 'der' })}, ${sealed}, ${tx.now()})
      `.execute(tx.sql);
    });
    newest.forget();
  }

  return {
    key: newest.get,
    ensureKey: () => addKey(async (em) => (await readPublicKeys(em)).size === 0),
    rotate: () => addKey(async () => true),
  };
}

/** What is signed of a chain: that this workspace's ended like this. */
export function signedHead(workspaceId: string, { seq, hash }: ChainHead): object {
  return { workspaceId, seq, hash: hash.toString('hex') };
}

export function isSignedBy(publicKey: KeyObject | undefined, value: object, signature: Buffer): boolean {
  return publicKey !== undefined && verify(null, Buffer.from(canonicalJson(value)), publicKey, signature);
}

/** All that ever signed, by id. */
export async function readPublicKeys(em: EntityManager): Promise<Map<string, KeyObject>> {
  const { rows } = await sql<{ id: string; public_key: Buffer }>`
    select id, public_key from consent_signing_key order by id
  `.execute(em.getKysely());
  return new Map(rows.map(({ id, public_key: key }) => [id, createPublicKey({ key, type: 'spki', format: 'der' })]));
}

async function loadNewest({ database }: Ctx, secretKey: Buffer): Promise<SigningKey> {
  const { rows } = await sql<{ id: string; private_key: Buffer }>`
    select id, private_key from consent_signing_key order by id desc limit 1
  `.execute(database.system().getKysely());
  const row = rows[0];
  if (!row) throw new Error('There is no signing key.');
  const key = unsealBytes(secretKey, row.private_key, sealContext(row.id));
  const { id } = row;
  const privateKey = createPrivateKey({ key, type: 'pkcs8', format: 'der' });
  const signText = (text: string) => sign(null, Buffer.from(text), privateKey);
  return {
    id,
    sign: (value) => ({ keyId: id, signature: signText(canonicalJson(value)) }),
    signJws(value, typ) {
      const signed = [{ alg: 'EdDSA', kid: id, typ }, value]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
      return `${signed}.${signText(signed).toString('base64url')}`;
    },
  };
}

/** What was signed, if one of these keys signed it as this type; else undefined. */
export function verifyJws(keys: ReadonlyMap<string, KeyObject>, jws: string, type: string): unknown {
  const [header = '', payload = '', signature = '', ...rest] = jws.split('.');
  const { alg, kid, typ } = (tryParseJson(fromBase64Url(header)) ?? {}) as Record<string, unknown>;
  const key = keys.get(String(kid));
  if (alg !== 'EdDSA' || typ !== type || !key || rest.length > 0) return undefined;
  const isGood = verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'));
  return isGood ? tryParseJson(fromBase64Url(payload)) : undefined;
}

/** Of all that ever signed (RFC 7517). */
export function toJwks(keys: ReadonlyMap<string, KeyObject>): { keys: object[] } {
  return {
    keys: [...keys].map(([kid, key]) => ({ ...key.export({ format: 'jwk' }), kid, alg: 'EdDSA', use: 'sig' })),
  };
}

function fromBase64Url(text: string): string {
  return Buffer.from(text, 'base64url').toString('utf8');
}

function sealContext(id: string): string {
  return `consent_signing_key:${id}`;
}
