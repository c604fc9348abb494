import { subgraphServiceEnv } from '@fenster/graphql';
import { checkObjectStoreEnv, objectStoreEnv } from '@fenster/object-store';
import { checkSmtpEnv, flag, httpUrl, parseConfig, secretKey, smtpEnv, type Environment } from '@fenster/runtime';
import { z } from 'zod';

const schema = z
  .object({
    ...subgraphServiceEnv,
    ...objectStoreEnv,
    /** For alerts by e-mail. */
    ...smtpEnv,
    /** Lets workspaces name webhooks on this machine, without TLS. For the local deployment and tests. */
    ALERT_WEBHOOKS_ALLOW_LOOPBACK: flag.default(false),
    /** Seals the keys of files, and the secrets of webhooks. */
    SECRET_KEY: secretKey,
    /** Where browsers reach `/files` of this service, if not at its own address. */
    FILES_URL: httpUrl.optional(),
    /** How many exports this process does at a time. */
    JOB_CONCURRENCY: z.coerce.number().int().min(1).max(16).default(2),
  })
  .superRefine(checkObjectStoreEnv, { when: () => true })
  .superRefine(checkSmtpEnv, { when: () => true });
export type Config = z.output<typeof schema>;

/** @throws ConfigurationError listing all problems. */
export function loadConfig(env: Environment): Config {
  return parseConfig('billing', schema, env);
}
