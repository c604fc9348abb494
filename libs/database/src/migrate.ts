import { MikroORM } from '@mikro-orm/core';
import { Migration, Migrator } from '@mikro-orm/migrations';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { infrastructureStatements, PENDING_RANGES } from './infrastructure.js';

export interface MigrationStep {
  /** `YYYYMMDDhhmm-what`, applied in the order of the list and never changed once released. */
  name: string;
  statements: readonly string[];
}

/**
 * Brings a service's database up to date, as its owner: first the tables of the event path, then the service's
 * own steps. Services that start at the same moment wait for one another.
 */
export async function migrate(service: string, url: string, steps: readonly MigrationStep[]): Promise<void> {
  const all: MigrationStep[] = [
    { name: '202611210000-event-path', statements: infrastructureStatements(service) },
    { name: '202611220100-pending-ranges', statements: PENDING_RANGES },
    ...steps,
  ];
  const orm = await MikroORM.init({
    driver: PostgreSqlDriver,
    clientUrl: url,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    pool: { min: 0, max: 2 },
    migrations: {
      snapshot: false,
      allOrNothing: false,
      migrationsList: all.map(({ name, statements }) => ({ name, class: toMigration(statements) })),
    },
    debug: false,
    logger: () => {},
  });
  try {
    await orm.em.fork().transactional(async (em) => {
      await em.execute(`select pg_advisory_xact_lock(hashtext('fenster migrate'))`);
      await orm.migrator.up();
    });
  } finally {
    await orm.close(true);
  }
}

function toMigration(statements: readonly string[]) {
  return class extends Migration {
    override up(): void {
      for (const statement of statements) this.addSql(statement);
    }
  };
}
