import { pino, type Logger, type LoggerOptions } from 'pino';

export type { Logger };

/** Logs carry no body, no phone number, no token, whoever passes them by mistake (design §6). */
const SENSITIVE = [
  'authorization',
  'token',
  'accessToken',
  'password',
  'secret',
  'body',
  'text',
  'phone',
  'payload',
  'email',
];

export function createLogger(service: string, level = 'info'): Logger {
  return pino(loggerOptions(service, level));
}

export function loggerOptions(service: string, level: string): LoggerOptions {
  return {
    name: service,
    level,
    redact: { paths: SENSITIVE.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[redacted]' },
    serializers: { err: describeError, error: describeError },
  };
}

/** Driver errors quote values (`Key (phone)=(…) already exists`), so only name, code and stack frames are kept. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code, constraint, table, field } = error as Error & Record<string, unknown>;
  const fromDriver = 'severity' in error || 'query' in error;
  return {
    type: error.name,
    message: fromDriver ? 'database error' : error.message,
    code,
    constraint,
    table,
    field,
    stack: error.stack?.split('\n').filter((line) => line.trimStart().startsWith('at ')),
    cause: error.cause === undefined ? undefined : describeError(error.cause),
  };
}
