import { randomBytes } from 'node:crypto';
import { dropDatabase, migrate, provisionDatabase, type MigrationStep } from '@fenster/database';
import { inject } from 'vitest';
import type {} from './global-setup.js';

export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

/** A migrated database of a service, used by one test file and nobody else. */
export async function createTestDatabase(service: string, steps: readonly MigrationStep[]): Promise<TestDatabase> {
  const adminUrl = inject('postgresAdminUrl');
  const database = `${service}_${randomBytes(6).toString('hex')}`;
  const url = await provisionDatabase({ adminUrl, service, password: 'test', database });
  await migrate(service, url, steps);
  return { url, drop: () => dropDatabase(adminUrl, database) };
}
