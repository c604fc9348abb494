import { startTestInfrastructure, type TestInfrastructure } from '@fenster/local';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Superuser of the test run's PostgreSQL; tests make their own databases. */
    postgresAdminUrl: string;
    natsUrl: string;
    /** Ends the names of databases that tests of this run share. */
    testRun: string;
    /** Program, for a nats-server of a test's own. */
    natsServerPath: string;
  }
}

let infrastructure: TestInfrastructure | undefined;
const testRun = randomBytes(4).toString('hex');

export async function setup(project: TestProject): Promise<void> {
  infrastructure = await startTestInfrastructure({ log: (line) => void process.stderr.write(`${line}\n`) });
  project.provide('postgresAdminUrl', infrastructure.postgresAdminUrl);
  project.provide('natsUrl', infrastructure.natsUrl);
  project.provide('natsServerPath', infrastructure.natsServerPath);
  project.provide('testRun', testRun);
}

export async function teardown(): Promise<void> {
  if (!infrastructure) return;
  await dropShared(infrastructure.postgresAdminUrl);
  await infrastructure.stop();
}

/** The server may be one that stays. */
async function dropShared(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>(
      'select datname from pg_database where datname like $1 or datname like $2',
      [`%\\_${testRun}`, `%\\_${testRun}\\_unfinished`],
    );
    for (const { datname } of rows) await client.query(`drop database "${datname}"`);
  } finally {
    await client.end();
  }
}
