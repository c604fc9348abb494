import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig, port, type Environment } from '@fenster/runtime';
import { z } from 'zod';

/** Parts that listen, with the port each has by default and the variable that changes it. */
const PORTS = {
  gateway: { variable: 'FENSTER_PORT', fallback: 4000 },
  channels: { variable: 'FENSTER_CHANNELS_PORT', fallback: 4001 },
  conversation: { variable: 'FENSTER_CONVERSATION_PORT', fallback: 4002 },
  contacts: { variable: 'FENSTER_CONTACTS_PORT', fallback: 4003 },
  billing: { variable: 'FENSTER_BILLING_PORT', fallback: 4004 },
  identity: { variable: 'FENSTER_IDENTITY_PORT', fallback: 4005 },
  sandbox: { variable: 'FENSTER_SANDBOX_PORT', fallback: 4010 },
  postgres: { variable: 'FENSTER_POSTGRES_PORT', fallback: 4032 },
  nats: { variable: 'FENSTER_NATS_PORT', fallback: 4022 },
} as const;

export type Part = keyof typeof PORTS;
export type Ports = Record<Part, number>;
export const PARTS = Object.keys(PORTS) as Part[];

export function portVariable(part: Part): string {
  return PORTS[part].variable;
}

const schema = z.object({
  ...Object.fromEntries(
    Object.values(PORTS).map(({ variable, fallback }) => [variable, port.min(1).default(fallback)]),
  ),
  FENSTER_HOST: z.string().default('127.0.0.1'),
  FENSTER_DEMO_PASSWORD: z.string().default('fenster-demo-1'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('warn'),
});

export interface LocalSettings {
  ports: Ports;
  host: string;
  demoPassword: string;
  logLevel: string;
}

/** @throws ConfigurationError listing every problem, two parts on one port included. */
export function loadSettings(env: Environment): LocalSettings {
  const config = parseConfig('fenster', schema.superRefine(refuseSharedPorts), env) as Record<string, unknown>;
  return {
    ports: Object.fromEntries(PARTS.map((part) => [part, config[portVariable(part)]])) as Ports,
    host: String(config['FENSTER_HOST']),
    demoPassword: String(config['FENSTER_DEMO_PASSWORD']),
    logLevel: String(config['LOG_LEVEL']),
  };
}

function refuseSharedPorts(config: Record<string, unknown>, context: z.RefinementCtx): void {
  const users = Map.groupBy(PARTS, (part) => config[portVariable(part)]);
  for (const [number, parts] of users) {
    if (parts.length < 2) continue;
    const message = `port ${String(number)} is given to ${parts.join(' and ')}`;
    context.addIssue({ code: 'custom', path: [portVariable(parts[1]!)], message });
  }
}

/** What the parts of one local deployment must agree on, made once and kept with its data. */
export interface LocalSecrets {
  /** Base64 of 32 bytes. */
  secretKey: string;
  databasePassword: string;
  appSecret: string;
  verifyToken: string;
  accessToken: string;
}

export function loadSecrets(folder: string): LocalSecrets {
  const file = join(folder, 'secrets.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as LocalSecrets;
  const secrets = newSecrets();
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  return secrets;
}

export function newSecrets(): LocalSecrets {
  return {
    secretKey: randomBytes(32).toString('base64'),
    databasePassword: randomBytes(18).toString('hex'),
    appSecret: randomBytes(16).toString('hex'),
    verifyToken: randomBytes(16).toString('hex'),
    accessToken: `EAA${createHash('sha256').update(randomBytes(32)).digest('hex')}`,
  };
}
