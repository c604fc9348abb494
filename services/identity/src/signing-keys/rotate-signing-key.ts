import { openDatabase } from '@fenster/database';
import { createLogger, newId, systemClock } from '@fenster/runtime';
import { entities } from '../entities.js';
import { createKeyRing } from './key-ring.js';

/**
 * Adds a signing key beside the services that run, which find it by themselves.
 * @throws Error, before anything is changed, if `secretKey` is not the one that the services have: they could not
 *   open a key that it sealed.
 */
export async function rotateSigningKey({ url, secretKey }: { url: string; secretKey: Buffer }): Promise<void> {
  const log = createLogger('rotate-signing-key', 'warn');
  const database = await openDatabase({ service: 'identity', url, poolSize: 2, entities, log });
  try {
    const origin = { actor: { kind: 'system', id: 'rotate-signing-key' }, correlationId: newId() } as const;
    const keyRing = createKeyRing({ database, now: systemClock, log, origin, wakeRelay: () => {} }, secretKey);
    await keyRing.ensureKey();
    await keyRing.signingKey();
    await keyRing.rotate();
  } finally {
    await database.close();
  }
}
