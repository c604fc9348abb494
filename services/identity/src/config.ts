import { subgraphServiceEnv } from '@fenster/graphql';
import { flag, parseConfig, secretKey, type Environment } from '@fenster/runtime';
import { z } from 'zod';
import { MAX_TOKEN_SECONDS } from './signing-keys/key-ring.js';

// Identity checks tokens by the key set in its own database.
const { JWKS_URL: _, ...serviceEnv } = subgraphServiceEnv;

const schema = z.object({
  ...serviceEnv,
  /** Seals the private signing keys. */
  SECRET_KEY: secretKey,
  /** How long an access token is good for, and with it the longest that a withdrawn right may live on. */
  ACCESS_TOKEN_SECONDS: z.coerce.number().int().min(1).max(MAX_TOKEN_SECONDS).default(900),
  /** How long the access token is good for that the gateway gets for an API key; its last use is known as late. */
  API_KEY_TOKEN_SECONDS: z.coerce.number().int().min(1).max(MAX_TOKEN_SECONDS).default(300),
  /** Lets workspaces name an OpenID Connect issuer on this machine, without TLS. For the local deployment and tests. */
  OIDC_ALLOW_LOOPBACK: flag.default(false),
  /** How long somebody stays signed in at most. */
  SESSION_DAYS: z.coerce.number().int().min(1).max(365).default(30),
});

export type IdentityConfig = z.output<typeof schema>;

export function loadConfig(env: Environment): IdentityConfig {
  return parseConfig('identity', schema, env);
}
