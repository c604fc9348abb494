import { z } from 'zod';
import { ConfigurationError } from './errors.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws ConfigurationError naming every variable that is missing or wrong, never its value. */
export function parseConfig<T>(service: string, schema: z.ZodType<T>, env: Environment): T {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const result = schema.safeParse(present);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    const name = issue.path.join('.') || 'environment';
    const missing = issue.code === 'invalid_type' && present[String(issue.path[0])] === undefined;
    return `${name}: ${missing ? 'is required' : issue.message}`;
  });
  throw new ConfigurationError(service, problems);
}

export const port = z.coerce.number().int().min(0).max(65_535);
const url = (...protocols: string[]) =>
  z.string().refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), {
    message: `must be a URL beginning with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  });

export const httpUrl = url('http:', 'https:');
export const natsUrl = url('nats:', 'tls:');
export const postgresUrl = url('postgres:', 'postgresql:');

export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

/** 32 bytes in base64, the AES-256-GCM key that seals credentials at rest. */
export const secretKey = z
  .string()
  .transform((value) => Buffer.from(value, 'base64'))
  .refine((key) => key.length === 32, { message: 'must be 32 bytes in base64' });

export const httpEnv = {
  HOST: z.string().default('127.0.0.1'),
  PORT: port.default(0),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
};

export const natsEnv = { NATS_URL: natsUrl };

export const databaseEnv = {
  /** Login of the database's owner; the pools take on the narrower roles `<service>_app` and `<service>_system`. */
  DATABASE_URL: postgresUrl,
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(200).default(10),
  /** How many days it is kept what came and had no effect. It has in it what people wrote. */
  DEAD_LETTER_RETENTION_DAYS: z.coerce.number().int().min(1).max(3_650).default(30),
};

/** Where mail leaves from. Without it there is none. */
export const smtpEnv = {
  /** `smtp://` (with STARTTLS where the server offers it) or `smtps://`, with `user:password@` where it asks for them. */
  SMTP_URL: url('smtp:', 'smtps:').optional(),
  /** As in `Fenster <fenster@example.com>`. */
  MAIL_FROM: z
    .string()
    .regex(/^[^\r\n]{1,200}$/, { message: 'must be one line' })
    .optional(),
};

/** For `superRefine`: one without the other sends nothing. */
export function checkSmtpEnv(
  { SMTP_URL, MAIL_FROM }: { SMTP_URL?: string | undefined; MAIL_FROM?: string | undefined },
  context: z.RefinementCtx,
): void {
  if ((SMTP_URL === undefined) === (MAIL_FROM === undefined)) return;
  const missing = SMTP_URL === undefined ? 'SMTP_URL' : 'MAIL_FROM';
  context.addIssue({
    code: 'custom',
    path: [missing],
    message: 'is required with the other of SMTP_URL and MAIL_FROM',
  });
}

export const authEnv = { JWKS_URL: httpUrl };
