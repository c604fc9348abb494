import { httpEnv, httpUrl, parseConfig, type Environment } from '@fenster/runtime';
import { z } from 'zod';

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

const businessNumber = z.object({
  phoneNumberId: z.string().regex(/^\d{1,32}$/),
  /** Digits with calling code, as Meta shows it in `metadata`. */
  displayPhoneNumber: z.string().regex(/^[1-9]\d{5,14}$/),
  wabaId: z.string().regex(/^\d{1,32}$/),
  accessToken: z.string().min(1),
  freeServiceMessages: z.number().int().min(0).optional(),
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

const milliseconds = z.coerce.number().int().min(0).max(3_600_000);

const schema = z
  .object({
    ...httpEnv,
    HOST: httpEnv.HOST.refine((host) => LOOPBACK.has(host), {
      message: 'the sandbox listens on this machine only (127.0.0.1)',
    }),
    CALLBACK_URL: httpUrl,
    APP_SECRET: z.string().min(1),
    NUMBERS: numbers,
    FREE_SERVICE_MESSAGES: z.coerce.number().int().min(0).default(1_000),
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
    appSecret: env.APP_SECRET,
    numbers: env.NUMBERS.map((number) => ({
      ...number,
      freeServiceMessages: number.freeServiceMessages ?? env.FREE_SERVICE_MESSAGES,
    })),
    /** Milliseconds after the send was accepted. */
    delays: { sent: env.SENT_DELAY_MS, delivered: env.DELIVERED_DELAY_MS, read: env.READ_DELAY_MS },
    assumeWindow: env.ASSUME_WINDOW,
    webhookConcurrency: env.WEBHOOK_CONCURRENCY,
  }));

export type Config = z.infer<typeof schema>;
export type BusinessNumber = Config['numbers'][number];

/** @throws ConfigurationError listing all problems. */
export function loadConfig(env: Environment): Config {
  return parseConfig('sandbox', schema, env);
}
