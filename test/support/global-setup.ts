import { startTestInfrastructure, type TestInfrastructure } from '@fenster/local';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Superuser of the test run's PostgreSQL; tests make their own databases. */
    postgresAdminUrl: string;
    natsUrl: string;
    /** Program, for a nats-server of a test's own. */
    natsServerPath: string;
  }
}

let infrastructure: TestInfrastructure | undefined;

export async function setup(project: TestProject): Promise<void> {
  infrastructure = await startTestInfrastructure({ log: (line) => void process.stderr.write(`${line}\n`) });
  project.provide('postgresAdminUrl', infrastructure.postgresAdminUrl);
  project.provide('natsUrl', infrastructure.natsUrl);
  project.provide('natsServerPath', infrastructure.natsServerPath);
}

export async function teardown(): Promise<void> {
  await infrastructure?.stop();
}
