import { subgraphServiceEnv } from '@fenster/graphql';
import { parseConfig, secretKey, type Environment } from '@fenster/runtime';
import { z } from 'zod';

const milliseconds = (fallback: number) => z.coerce.number().int().min(100).max(3_600_000).default(fallback);

const schema = z
  .object({
    ...subgraphServiceEnv,
    /** Seals access tokens, app secrets, raw webhooks and waiting messages. */
    SECRET_KEY: secretKey,
    SEND_CONCURRENCY: z.coerce.number().int().min(1).max(256).default(16),
    /** For one attempt in all: waiting for a connection, writing, and reading the answer. */
    SEND_TIMEOUT_MS: milliseconds(20_000),
    /** How long a status may still tell what became of a message before it ends as UNCONFIRMED. */
    UNCONFIRMED_AFTER_MS: milliseconds(60_000),
  })
  .refine((env) => env.UNCONFIRMED_AFTER_MS > env.SEND_TIMEOUT_MS, {
    path: ['UNCONFIRMED_AFTER_MS'],
    message: 'must be longer than SEND_TIMEOUT_MS',
  });

export type Config = z.output<typeof schema>;

/** @throws ConfigurationError listing all problems. */
export function loadConfig(env: Environment): Config {
  return parseConfig('channels', schema, env);
}
