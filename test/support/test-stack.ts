import { randomBytes } from 'node:crypto';
import { dropDatabase } from '@fenster/database';
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
import { startTestNats } from './test-nats.js';

/** Statuses come as fast as the sandbox can send them. */
const AT_ONCE = { SENT_DELAY_MS: '0', DELIVERED_DELAY_MS: '5', READ_DELAY_MS: '10' };

export interface TestStack extends Stack {
  natsUrl: string;
}

/** All services on databases, a nats-server and ports of their own: the same start-up as `npm start`. */
export async function startTestStack(
  options: { processes?: boolean; extra?: Deployment['extra']; logLevel?: string } = {},
): Promise<TestStack> {
  const postgresAdminUrl = inject('postgresAdminUrl');
  const databasePrefix = `t${randomBytes(5).toString('hex')}_`;
  const nats = await startTestNats();
  const ports = Object.fromEntries(await Promise.all(PARTS.map(async (part) => [part, await freePort()]))) as Ports;
  const clean = async () => {
    await nats.stop();
    for (const service of DATABASES) await dropDatabase(postgresAdminUrl, `${databasePrefix}${service}`);
  };
  try {
    const stack = await startStack({
      host: '127.0.0.1',
      ports,
      logLevel: options.logLevel ?? 'silent',
      // Roles belong to the cluster, so all stacks of a test run share their password.
      secrets: { ...newSecrets(), databasePassword: 'test' },
      natsUrl: nats.url,
      postgresAdminUrl,
      databasePrefix,
      demoPassword: 'fenster-demo-1',
      processes: options.processes ?? false,
      extra: { ...options.extra, sandbox: { ...AT_ONCE, ...options.extra?.sandbox } },
    });
    return {
      ...stack,
      natsUrl: nats.url,
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
