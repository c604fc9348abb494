import { subgraphServiceEnv } from '@fenster/graphql';
import { checkObjectStoreEnv, objectStoreEnv, scannerUrl } from '@fenster/object-store';
import { httpUrl, parseConfig, secretKey, type Environment } from '@fenster/runtime';
import { z } from 'zod';

const schema = z
  .object({
    ...subgraphServiceEnv,
    ...objectStoreEnv,
    /** Seals the private keys that sign the consent ledger, and the keys of files. */
    SECRET_KEY: secretKey,
    /** Where people reach `/documents` of this service, if not at its own address: receipts have it in them. */
    DOCUMENTS_URL: httpUrl.optional(),
    /** For how long backups are kept: what is erased today is in none of them after so many days. */
    BACKUP_RETENTION_DAYS: z.coerce.number().int().min(0).max(3_650).default(30),
    /** Where the machines of this installation are and who runs them, for records of processing: `Falkenstein, Germany (Hetzner)`. */
    DATA_LOCATION: z.string().trim().min(1).max(300).optional(),
    /** Where browsers reach `/files` of this service, if not at its own address. */
    FILES_URL: httpUrl.optional(),
    /** ClamAV: `clamd://host:port`. What it finds infected no contact gets; while it is away none gets a file. */
    FILES_SCANNER_URL: scannerUrl.optional(),
    /** How many imports and exports this process does at a time. */
    JOB_CONCURRENCY: z.coerce.number().int().min(1).max(16).default(2),
  })
  .superRefine(checkObjectStoreEnv, { when: () => true });
export type Config = z.output<typeof schema>;

/** @throws ConfigurationError listing all problems. */
export function loadConfig(env: Environment): Config {
  return parseConfig('contacts', schema, env);
}
