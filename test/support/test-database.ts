import { createHash, randomBytes } from 'node:crypto';
import { dropDatabase, migrate, provisionDatabase, type MigrationStep } from '@fenster/database';
import pg from 'pg';
import { inject } from 'vitest';
import type {} from './global-setup.js';

export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

/** A migrated database of a service, used by one test file and nobody else. */
export async function createTestDatabase(
  service: string,
  steps: readonly MigrationStep[],
  database = `${service}_${randomBytes(6).toString('hex')}`,
): Promise<TestDatabase> {
  const adminUrl = inject('postgresAdminUrl');
  const template = await migratedTemplate(adminUrl, service, steps);
  const url = await provisionDatabase({ adminUrl, service, password: 'test', database, template });
  return { url, drop: () => dropDatabase(adminUrl, database) };
}

/** Migrating takes many times as long as copying what is migrated, so the first who needs it does it for all. */
async function migratedTemplate(adminUrl: string, service: string, steps: readonly MigrationStep[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(steps)).digest('hex').slice(0, 8);
  const name = `${service}_${hash}_${inject('testRun')}`;
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock(hashtext($1))', [name]);
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount === 0) {
      const unfinished = `${name}_unfinished`;
      const url = await provisionDatabase({ adminUrl, service, password: 'test', database: unfinished });
      await migrate(service, url, steps);
      await client.query(`alter database "${unfinished}" rename to "${name}"`);
    }
  } finally {
    await client.end();
  }
  return name;
}
