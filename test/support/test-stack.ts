import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrations as billing } from '@fenster/billing';
import { migrations as channels } from '@fenster/channels';
import { migrations as contacts } from '@fenster/contacts';
import { migrations as conversation } from '@fenster/conversation';
import { migrations as identity } from '@fenster/identity';
import {
  DATABASES,
  freePort,
  newSecrets,
  PARTS,
  startStack,
  type Deployment,
  type Ports,
  type Stack,
} from '@fenster/local';
import { inject } from 'vitest';
import type {} from './global-setup.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';
import { startTestNats } from './test-nats.js';

const MIGRATIONS = { identity, channels, conversation, contacts, billing };

/** Statuses come as fast as the sandbox can send them, and tests may send as fast as they can. */
const AT_ONCE = { SENT_DELAY_MS: '0', DELIVERED_DELAY_MS: '5', READ_DELAY_MS: '10', RATE_LIMITS: 'false' };

/** No test asks anybody outside. */
const NOWHERE = { TWILIO_API_URL: 'http://127.0.0.1:9', THREEMA_API_URL: 'http://127.0.0.1:9' };

export interface TestStack extends Stack {
  natsUrl: string;
  /** Where its streams are. */
  natsDirectory: string;
}

/** All services on databases, a nats-server and ports of their own: the same start-up as `npm start`. */
export async function startTestStack(
  options: { processes?: boolean; extra?: Deployment['extra']; logLevel?: string } = {},
): Promise<TestStack> {
  const postgresAdminUrl = inject('postgresAdminUrl');
  const databasePrefix = `t${randomBytes(5).toString('hex')}_`;
  const nats = await startTestNats();
  const ports = Object.fromEntries(await Promise.all(PARTS.map(async (part) => [part, await freePort()]))) as Ports;
  const objectsDirectory = mkdtempSync(join(tmpdir(), 'fenster-objects-'));
  const databases: TestDatabase[] = [];
  const clean = async () => {
    rmSync(objectsDirectory, { recursive: true, force: true });
    await nats.stop();
    for (const { drop } of databases) await drop();
  };
  try {
    // What it finds migrated, the stack does not migrate again.
    for (const service of DATABASES)
      databases.push(await createTestDatabase(service, MIGRATIONS[service], `${databasePrefix}${service}`));
    const stack = await startStack({
      host: '127.0.0.1',
      ports,
      logLevel: options.logLevel ?? 'silent',
      // Roles belong to the cluster, so all stacks of a test run share their password.
      secrets: { ...newSecrets(), databasePassword: 'test' },
      objectsDirectory,
      natsUrl: nats.url,
      postgresAdminUrl,
      databasePrefix,
      demoPassword: 'fenster-demo-1',
      processes: options.processes ?? false,
      extra: {
        ...options.extra,
        sandbox: { ...AT_ONCE, ...options.extra?.sandbox },
        channels: { ...NOWHERE, ...options.extra?.channels },
      },
    });
    return {
      ...stack,
      natsUrl: nats.url,
      natsDirectory: nats.dataDir,
      async stop() {
        await stack.stop();
        await clean();
      },
    };
  } catch (error) {
    await clean();
    throw error;
  }
}
