import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { seal, unsealBytes } from './sealed.js';

/** X25519, DER in base64. Whoever has the public half can seal, and only whoever has the private one can open. */
export interface SealingKeys {
  publicKey: string;
  privateKey: string;
}

/** Of an X25519 key as `spki`. */
const PUBLIC_BYTES = 44;

export function newSealingKeys(): SealingKeys {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
  };
}

/** For whoever has the private half of `publicKey`; `context` has to be said again to open it. */
export function sealTo(publicKey: string, plaintext: Buffer, context: string): Buffer {
  const own = generateKeyPairSync('x25519');
  const recipient = createPublicKey({ key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' });
  const head = own.publicKey.export({ type: 'spki', format: 'der' });
  return Buffer.concat([head, seal(sharedKey(own.privateKey, recipient, head), plaintext, context)]);
}

/** @throws Error if key, context or bytes do not fit. */
export function unsealFrom(privateKey: string, sealed: Buffer, context: string): Buffer {
  const head = sealed.subarray(0, PUBLIC_BYTES);
  const sender = createPublicKey({ key: head, type: 'spki', format: 'der' });
  const own = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), type: 'pkcs8', format: 'der' });
  return unsealBytes(sharedKey(own, sender, head), sealed.subarray(PUBLIC_BYTES), context);
}

function sharedKey(privateKey: KeyObject, publicKey: KeyObject, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', diffieHellman({ privateKey, publicKey }), salt, 'fenster sealed to', 32));
}
