import { openDatabase } from '@fenster/database';
import { createLogger, newId, systemClock } from '@fenster/runtime';
import { createConsentSigner } from './consent-signer.js';

/**
 * Adds a key that signs the ledger and receipts, beside the services that run, which find it by themselves. Former ones
 * stay: what they signed is proof for ever.
 * @throws Error, before anything is changed, if `secretKey` is not the one that the services have: they could not
 *   open a key that it sealed.
 */
export async function rotateConsentKey({ url, secretKey }: { url: string; secretKey: Buffer }): Promise<void> {
  const log = createLogger('rotate-consent-key', 'warn');
  const database = await openDatabase({ service: 'contacts', url, poolSize: 2, entities: [], log });
  try {
    const origin = { actor: { kind: 'system', id: 'rotate-consent-key' }, correlationId: newId() } as const;
    const signer = createConsentSigner({ database, now: systemClock, log, origin, wakeRelay: () => {} }, secretKey);
    await signer.ensureKey();
    await signer.key();
    await signer.rotate();
  } finally {
    await database.close();
  }
}
