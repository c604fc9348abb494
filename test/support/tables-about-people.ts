import pg from 'pg';
import { createTestDatabase } from './test-database.js';
import type { MigrationStep } from '@fenster/database';

/** By which a row is about a person. */
const LEADING = ['contact_id', 'thread_id', 'conversation_id', 'message_id', 'note_id', 'identity_id', 'event_id'];

/** Tables of a service with such a column, besides those of the event path. */
export async function tablesAboutPeople(service: string, migrations: readonly MigrationStep[]): Promise<string[]> {
  const database = await createTestDatabase(service, migrations);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      `select distinct table_name as name from information_schema.columns
       join information_schema.tables using (table_schema, table_name)
       where table_schema = 'public' and table_type = 'BASE TABLE' and column_name = any($1)
         and table_name not in ('inbox', 'dead_letter') order by 1`,
      [LEADING],
    );
    return rows.map(({ name }) => name);
  } finally {
    await client.end();
    await database.drop();
  }
}
