import { rotateConsentKey } from '@fenster/contacts';
import { rotateSigningKey } from '@fenster/identity';
import { parseConfig, postgresUrl, secretKey } from '@fenster/runtime';
import { z } from 'zod';
import { running } from './running.js';

/** What signs what, and what is said of its former key. */
const RINGS = {
  tokens: {
    service: 'identity',
    variable: 'IDENTITY_DATABASE_URL',
    rotate: rotateSigningKey,
    done: 'There is a new signing key. Tokens of the former one stay good until they end.',
  },
  consent: {
    service: 'contacts',
    variable: 'CONTACTS_DATABASE_URL',
    rotate: rotateConsentKey,
    done: 'There is a new key for the consent ledger and receipts. What the former ones signed stays good for ever.',
  },
} as const;
type Ring = (typeof RINGS)[keyof typeof RINGS];

/**
 * `npm run rotate-signing-key` for access tokens, `npm run consent:rotate-key` for the consent ledger; while Fenster runs.
 * Elsewhere than on a local deployment, IDENTITY_DATABASE_URL or CONTACTS_DATABASE_URL and the service's SECRET_KEY say
 * where.
 */
async function main(name = 'tokens'): Promise<void> {
  if (!Object.hasOwn(RINGS, name)) throw new Error(`There are keys for ${Object.keys(RINGS).join(' and ')}.`);
  const ring = RINGS[name as keyof typeof RINGS];
  await ring.rotate(process.env[ring.variable] ? placeFromEnvironment(ring) : localPlace(ring));
  process.stdout.write(`${ring.done}\n`);
}

interface Place {
  url: string;
  secretKey: Buffer;
}

function placeFromEnvironment({ variable }: Ring): Place {
  const url = parseConfig('rotate-signing-key', z.object({ [variable]: postgresUrl }), process.env)[variable]!;
  return {
    url,
    secretKey: parseConfig('rotate-signing-key', z.object({ SECRET_KEY: secretKey }), process.env).SECRET_KEY,
  };
}

function localPlace({ service }: Ring): Place {
  const { databaseUrl, secrets } = running(process.env, 'Start it first: its database is needed.');
  return { url: databaseUrl(service), secretKey: Buffer.from(secrets.secretKey, 'base64') };
}

main(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
