import { openDatabase, type Tx } from '@fenster/database';
import type { MigrationStep } from '@fenster/database';
import { createLogger } from '@fenster/runtime';
import { createTestDatabase } from './test-database.js';

type Kysely = Tx['sql'];
type Plugin = Parameters<Kysely['withPlugin']>[0];

/** Tables of a service, without rows, that are read from by what `work` does. */
export async function tablesRead(
  service: string,
  migrations: readonly MigrationStep[],
  work: (tx: Tx) => Promise<void>,
): Promise<string[]> {
  const { url, drop } = await createTestDatabase(service, migrations);
  const log = createLogger('test', 'silent');
  const database = await openDatabase({ service, url, poolSize: 1, entities: [], log });
  const statements: string[] = [];
  const listening: Plugin = {
    transformQuery: ({ node }) => (statements.push(JSON.stringify(node)), node),
    transformResult: async ({ result }) => result,
  };
  try {
    await work({ sql: database.system().getKysely().withPlugin(listening) } as unknown as Tx);
  } finally {
    await database.close();
    await drop();
  }
  const names = statements.join(' ').matchAll(/\b(?:from|join)\s+([a-z_]+)\b/g);
  return [...new Set([...names].map(([, name]) => name!))];
}
