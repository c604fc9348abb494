import { MikroORM, type AnyEntity, type EntityClass, type EntitySchema } from '@mikro-orm/core';
import { PostgreSqlDriver, type EntityManager as PostgreSqlEntityManager } from '@mikro-orm/postgresql';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import { DomainError, type Logger } from '@fenster/runtime';
import { PipelinedClient } from './pipelined-client.js';

export type EntityManager = PostgreSqlEntityManager<PostgreSqlDriver>;
/** Set-based SQL for hot paths, in the same connection and transaction as the entity manager it comes from. */
export type Sql = Kysely<Record<string, never>>;
export { sql, type RawBuilder } from 'kysely';

export interface DatabaseOptions {
  service: string;
  /** Login of the database's owner. */
  url: string;
  poolSize: number;
  /** How long PostgreSQL may take to let a connection in. 5 seconds unless told otherwise. */
  connectTimeoutMs?: number | undefined;
  entities: readonly (EntityClass<AnyEntity> | EntitySchema)[];
  log: Logger;
  /** Sees every statement of requests; for query-count tests. */
  onStatement?: ((text: string) => void) | undefined;
}

/**
 * One service's database under two roles. `forTenant` is what requests get: row-level security shows the rows of
 * that workspace and none without one. `system` is for what works across tenants (ingest, relay, consumers) and
 * has connections of its own, so that a burst of requests cannot starve the event path.
 */
export interface Database {
  readonly service: string;
  forTenant(workspaceId: string): EntityManager;
  /**
   * The rows of one plain statement that only reads, under the same row-level security; for hot paths.
   * @throws DomainError TIMED_OUT if it takes longer than `timeoutMs`
   */
  readForTenant<Row>(
    workspaceId: string,
    statement: RawBuilder<Row>,
    options?: { timeoutMs?: number | undefined },
  ): Promise<Row[]>;
  system(): EntityManager;
  /** @throws if PostgreSQL does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

const SYSTEM_CONNECTIONS = 6;
const TENANT_SETTING = 'app.workspace_id';

export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const app = await open(options, 'app', options.poolSize);
  const system = await open(options, 'system', SYSTEM_CONNECTIONS);
  const reader = app.em.fork().getKysely();
  return {
    service: options.service,
    forTenant: (workspaceId) => app.em.fork({ session: { variables: { [TENANT_SETTING]: workspaceId } } }),
    async readForTenant(workspaceId, statement, { timeoutMs } = {}) {
      const { rows } = await reader.transaction().execute(async (tx) => {
        await sql`select set_config(${TENANT_SETTING}, ${workspaceId}, true)`.execute(tx);
        if (timeoutMs === undefined) return statement.execute(tx);
        await sql`select set_config('statement_timeout', ${String(timeoutMs)}, true)`.execute(tx);
        return statement.execute(tx).catch((error: unknown) => {
          throw isCancelled(error) ? new DomainError('TIMED_OUT', 'That takes too long. Ask for less.') : error;
        });
      });
      return rows;
    },
    system: () => system.em.fork(),
    async ping() {
      await system.em.fork().execute('select 1');
    },
    async close() {
      await Promise.all([app.close(true), system.close(true)]);
    },
  };
}

/** By its own timeout. */
function isCancelled(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === '57014';
}

async function open(
  { service, url, connectTimeoutMs = 5_000, entities, log, onStatement }: DatabaseOptions,
  role: 'app' | 'system',
  connections: number,
) {
  return MikroORM.init<PostgreSqlDriver, EntityManager>({
    driver: PostgreSqlDriver,
    clientUrl: url,
    // A service without entities of its own is still a database.
    entities: [...entities],
    discovery: { warnWhenNoEntities: false },
    sessionContext: 'transaction',
    pool: { min: 0, max: connections },
    driverOptions: {
      Client: PipelinedClient,
      pipeline: true,
      ...(role === 'app' && { onStatement }),
      // The event path hands over arrays: planning anew for each array's length costs more than it saves.
      options: `-c role=${service}_${role}${role === 'system' ? ' -c plan_cache_mode=force_generic_plan' : ''}`,
      connectionTimeoutMillis: connectTimeoutMs,
      application_name: `fenster ${service} ${role}`,
      keepAlive: true,
    },
    logger: (message) => log.warn({ orm: message.slice(0, 200) }, 'orm'),
    debug: false,
  });
}
