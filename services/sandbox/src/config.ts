import { httpEnv, httpUrl, parseConfig, type Environment } from '@fenster/runtime';
import { z } from 'zod';
import { TIERS, type Tier } from './rules/limits.js';

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

const businessNumber = z.object({
  phoneNumberId: z.string().regex(/^\d{1,32}$/),
  /** Digits with calling code, as Meta shows it in `metadata`. */
  displayPhoneNumber: z.string().regex(/^[1-9]\d{5,14}$/),
  wabaId: z.string().regex(/^\d{1,32}$/),
  accessToken: z.string().min(1),
  freeServiceMessages: z.number().int().min(0).optional(),
  /** The verified name that customers see. */
  name: z.string().min(1).max(256).optional(),
  /** Answers at 360dialog's paths too, and posts webhooks as 360dialog does. */
  dialog360: z
    .object({
      apiKey: z.string().min(1),
      /** Of a partner, whose webhooks are signed. */
      platformSecret: z.string().min(1).optional(),
    })
    .optional(),
});

const numbers = z
  .string()
  .transform((text, ctx): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      ctx.addIssue({ code: 'custom', message: 'must be a JSON list of numbers' });
      return z.NEVER;
    }
  })
  .pipe(z.array(businessNumber).min(1));

const timeZone = z.string().refine(
  (zone) => {
    try {
      return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
    } catch {
      return false;
    }
  },
  { message: 'must be a time zone, such as Europe/Berlin' },
);

const milliseconds = z.coerce.number().int().min(0).max(3_600_000);

const schema = z
  .object({
    ...httpEnv,
    HOST: httpEnv.HOST.refine((host) => LOOPBACK.has(host), {
      message: 'the sandbox listens on this machine only (127.0.0.1)',
    }),
    /** Where webhooks go; an app may set it by `POST /{app}/subscriptions` too. */
    CALLBACK_URL: httpUrl.optional(),
    APP_ID: z
      .string()
      .regex(/^\d{1,32}$/)
      .default('670843887433847'),
    APP_SECRET: z.string().min(1),
    VERIFY_TOKEN: z.string().min(1).optional(),
    NUMBERS: numbers,
    /** Per number and month, since October 2026. */
    FREE_SERVICE_MESSAGES: z.coerce.number().int().min(0).default(1_000),
    /** Per account and month, before July 2025. */
    FREE_CONVERSATIONS: z.coerce.number().int().min(0).default(1_000),
    /** Of the accounts: prices change at its midnight. */
    TIME_ZONE: timeZone.default('Europe/Berlin'),
    CURRENCY: z.enum(['EUR', 'USD']).default('EUR'),
    /** The Graph API version that webhooks are made for. */
    WEBHOOK_VERSION: z
      .string()
      .regex(/^v\d{1,3}\.\d$/)
      .default('v26.0'),
    /** ISO 8601: the date on which the simulation begins. */
    START_AT: z
      .string()
      .refine((text) => !Number.isNaN(Date.parse(text)), { message: 'must be a date' })
      .transform((text) => new Date(text))
      .optional(),
    /** Throughput of a number, pair rate and messaging limit. */
    RATE_LIMITS: z.stringbool().default(true),
    MESSAGING_TIER: z.enum(Object.keys(TIERS) as [Tier, ...Tier[]]).default('TIER_100K'),
    /** How long a template waits for its approval. */
    REVIEW_DELAY_MS: milliseconds.default(5_000),
    /** Of all media together; the oldest make room. */
    MEDIA_BYTES: z.coerce.number().int().min(1).default(268_435_456),
    SENT_DELAY_MS: milliseconds.default(150),
    DELIVERED_DELAY_MS: milliseconds.default(400),
    READ_DELAY_MS: milliseconds.default(1_200),
    /** Lets replies through to people who never wrote here: somebody may have posted their webhook to the callback directly. */
    ASSUME_WINDOW: z.stringbool().default(false),
    WEBHOOK_CONCURRENCY: z.coerce.number().int().min(1).max(256).default(16),
  })
  .transform((env) => ({
    host: env.HOST,
    port: env.PORT,
    logLevel: env.LOG_LEVEL,
    callbackUrl: env.CALLBACK_URL,
    appId: env.APP_ID,
    appSecret: env.APP_SECRET,
    verifyToken: env.VERIFY_TOKEN,
    numbers: env.NUMBERS.map((number) => ({
      ...number,
      freeServiceMessages: number.freeServiceMessages ?? env.FREE_SERVICE_MESSAGES,
    })),
    /** Milliseconds after the send was accepted. */
    delays: { sent: env.SENT_DELAY_MS, delivered: env.DELIVERED_DELAY_MS, read: env.READ_DELAY_MS },
    assumeWindow: env.ASSUME_WINDOW,
    freeConversations: env.FREE_CONVERSATIONS,
    timeZone: env.TIME_ZONE,
    currency: env.CURRENCY,
    webhookVersion: env.WEBHOOK_VERSION,
    startAt: env.START_AT,
    hasLimits: env.RATE_LIMITS,
    messagingTier: env.MESSAGING_TIER,
    reviewDelayMs: env.REVIEW_DELAY_MS,
    mediaBytes: env.MEDIA_BYTES,
    webhookConcurrency: env.WEBHOOK_CONCURRENCY,
  }));

export type Config = z.infer<typeof schema>;
export type BusinessNumber = Config['numbers'][number];

/** @throws ConfigurationError listing all problems. */
export function loadConfig(env: Environment): Config {
  return parseConfig('sandbox', schema, env);
}
