import { createHash, randomBytes } from 'node:crypto';
import { migrate, provisionDatabase, type MigrationStep } from '@fenster/database';
import pg from 'pg';
import { inject } from 'vitest';
import type {} from './global-setup.js';

export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

/** A process has hundreds of test files, and each its databases: what is the same for all of them is done once. */
let pool: pg.Pool | undefined;
const templates = new Map<string, Promise<URL>>();

/** A migrated database of a service, used by one test file and nobody else. */
export async function createTestDatabase(
  service: string,
  steps: readonly MigrationStep[],
  database = `${service}_${randomBytes(6).toString('hex')}`,
): Promise<TestDatabase> {
  const hash = createHash('sha256').update(JSON.stringify(steps)).digest('hex').slice(0, 8);
  const template = `${service}_${hash}_${inject('testRun')}`;
  let migrated = templates.get(template);
  if (!migrated) templates.set(template, (migrated = migratedTemplate(service, template, steps)));
  const url = new URL(await migrated);
  url.pathname = `/${database}`;
  await administer(`create database "${database}" owner "${service}" template "${template}" strategy file_copy`);
  return {
    url: url.toString(),
    drop: () => administer(`drop database if exists "${database}" with (force)`),
  };
}

async function administer(statement: string): Promise<void> {
  pool ??= new pg.Pool({ connectionString: inject('postgresAdminUrl'), max: 1, allowExitOnIdle: true }).on(
    'error',
    () => undefined,
  );
  await pool.query(statement);
}

/** Migrating takes many times as long as copying what is migrated, so the first who needs it does it for all. */
async function migratedTemplate(service: string, name: string, steps: readonly MigrationStep[]): Promise<URL> {
  const adminUrl = inject('postgresAdminUrl');
  const provision = (database: string) => provisionDatabase({ adminUrl, service, password: 'test', database });
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock(hashtext($1))', [name]);
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount === 0) {
      const unfinished = `${name}_unfinished`;
      await migrate(service, await provision(unfinished), steps);
      await client.query(`alter database "${unfinished}" rename to "${name}"`);
    }
  } finally {
    await client.end();
  }
  return new URL(await provision(name));
}
