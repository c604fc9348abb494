import { rotateSigningKey } from '@fenster/identity';
import { parseConfig, postgresUrl, secretKey } from '@fenster/runtime';
import { z } from 'zod';
import { claimant, directories } from './index.js';
import { loadSecrets, loadSettings } from './settings.js';

/**
 * `npm run rotate-signing-key`, while Fenster runs. Elsewhere than on a local deployment, IDENTITY_DATABASE_URL and
 * identity's SECRET_KEY say where.
 */
async function main(): Promise<void> {
  await rotateSigningKey(process.env['IDENTITY_DATABASE_URL'] ? placeFromEnvironment() : localPlace());
  process.stdout.write('There is a new signing key. Tokens of the former one stay good until they end.\n');
}

interface Place {
  url: string;
  secretKey: Buffer;
}

function placeFromEnvironment(): Place {
  const shape = z.object({ IDENTITY_DATABASE_URL: postgresUrl, SECRET_KEY: secretKey });
  const env = parseConfig('rotate-signing-key', shape, process.env);
  return { url: env.IDENTITY_DATABASE_URL, secretKey: env.SECRET_KEY };
}

function localPlace(): Place {
  const { data } = directories(process.env);
  if (!claimant(data)) throw new Error('Fenster does not run here. Start it first: its database is needed.');
  const { ports } = loadSettings(process.env);
  const { databasePassword, secretKey: sealingKey } = loadSecrets(data);
  return {
    url: `postgres://identity:${databasePassword}@127.0.0.1:${ports.postgres}/identity`,
    secretKey: Buffer.from(sealingKey, 'base64'),
  };
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
