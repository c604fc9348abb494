import { subgraphServiceEnv } from '@fenster/graphql';
import { checkObjectStoreEnv, objectStoreEnv, scannerUrl } from '@fenster/object-store';
import { httpUrl, parseConfig, secretKey, type Environment } from '@fenster/runtime';
import { z } from 'zod';

const milliseconds = (fallback: number) => z.coerce.number().int().min(100).max(3_600_000).default(fallback);

const schema = z
  .object({
    ...subgraphServiceEnv,
    ...objectStoreEnv,
    /** Seals access tokens, app secrets, raw webhooks and waiting messages. */
    SECRET_KEY: secretKey,
    SEND_CONCURRENCY: z.coerce.number().int().min(1).max(256).default(16),
    /** For one attempt in all: waiting for a connection, writing, and reading the answer. */
    SEND_TIMEOUT_MS: milliseconds(20_000),
    /** How long a status may still tell what became of a message before it ends as UNCONFIRMED. */
    UNCONFIRMED_AFTER_MS: milliseconds(60_000),

    /** Where providers reach `/webhooks` of this service, if not at its own address: exactly as they are told, for they sign it. */
    WEBHOOK_URL: httpUrl.optional(),
    /** Where providers are asked; channels are connected with these. */
    WHATSAPP_API_URL: httpUrl.default('https://graph.facebook.com'),
    WHATSAPP_API_VERSION: z
      .string()
      .regex(/^v\d{1,3}\.\d$/)
      .default('v26.0'),
    DIALOG360_API_URL: httpUrl.default('https://waba-v2.360dialog.io'),
    TWILIO_API_URL: httpUrl.default('https://api.twilio.com'),
    THREEMA_API_URL: httpUrl.default('https://msgapi.threema.ch'),
    /** Names of hosts, divided by commas, from which files of MMS may be fetched besides the API: that leads to them. */
    TWILIO_MEDIA_HOSTS: z
      .string()
      .default('media.twiliocdn.com,mms.twiliocdn.com,s3-external-1.amazonaws.com')
      .transform((text) => text.split(',').map((host) => host.trim().toLowerCase())),

    /** Where browsers reach `/media` of this service, if not at its own address. */
    MEDIA_URL: httpUrl.optional(),
    /** How long the URL of a file holds at least; at most it is twice as long. */
    MEDIA_URL_MINUTES: z.coerce.number().int().min(1).max(1_440).default(15),
    /** How long an upload may begin after its URL was handed out. */
    MEDIA_UPLOAD_MINUTES: z.coerce.number().int().min(1).max(1_440).default(30),
    /** ClamAV: `clamd://host:port`. What it finds infected is not kept; while it is away nothing is. */
    MEDIA_SCANNER_URL: scannerUrl.optional(),
    MEDIA_FETCH_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(4),
    /** How often files are looked for that are to be fetched again. */
    MEDIA_FETCH_POLL_MS: milliseconds(2_000),
    /** For one file, from or to the provider, or from a browser. The provider's address of a file holds for five minutes. */
    MEDIA_TRANSFER_TIMEOUT_MS: milliseconds(300_000),
    /** How often what is to be cleared away or deleted at the provider is looked for. */
    HOUSEKEEPING_POLL_MS: milliseconds(5_000),
    /** How many days the bodies of webhooks are kept. That they were here is known for longer. */
    WEBHOOK_RETENTION_DAYS: z.coerce.number().int().min(1).max(3_650).default(30),
  })
  .refine((env) => env.UNCONFIRMED_AFTER_MS > env.SEND_TIMEOUT_MS, {
    path: ['UNCONFIRMED_AFTER_MS'],
    message: 'must be longer than SEND_TIMEOUT_MS',
  })
  .superRefine(checkObjectStoreEnv, { when: () => true });

export type Config = z.output<typeof schema>;

/** @throws ConfigurationError listing all problems. */
export function loadConfig(env: Environment): Config {
  return parseConfig('channels', schema, env);
}
