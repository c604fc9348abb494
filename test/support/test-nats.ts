import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, startNatsServer, TEST_FOLDER_PREFIX, testFoldersHome } from '@fenster/local';
import { inject } from 'vitest';
import type {} from './global-setup.js';

export interface TestNats {
  url: string;
  /** Where its streams are. */
  dataDir: string;
  /** For tests that stop or kill it. */
  pid: number;
  stop(): Promise<void>;
}

/** A nats-server with JetStream of its own, because streams are named after services. */
export async function startTestNats(): Promise<TestNats> {
  const dataDir = await mkdtemp(join(testFoldersHome(), `${TEST_FOLDER_PREFIX}nats-`));
  const server = await startNatsServer({
    path: inject('natsServerPath'),
    dataDir,
    port: await freePort(),
    host: '127.0.0.1',
  });
  return {
    url: server.url,
    dataDir,
    pid: server.pid,
    async stop() {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
