import { createTokenVerifier, type TokenVerifier } from '@fenster/auth';
import {
  createEventPath,
  createReadAudit,
  migrate,
  openDatabase,
  type ConsumerDefinition,
  type Ctx,
  type Database,
  type DatabaseOptions,
  type MigrationStep,
} from '@fenster/database';
import { connectNats, type NatsConnection } from '@fenster/messaging';
import {
  authEnv,
  createHttpServer,
  createLogger,
  databaseEnv,
  httpEnv,
  natsEnv,
  systemClock,
  type Clock,
  type HttpServerOptions,
  type Logger,
  type Service,
} from '@fenster/runtime';
import type { z } from 'zod';
import { createContext } from './context.js';
import { createGraphQLServer } from './graphql-server.js';
import { buildSubgraph, type SubgraphOptions } from './subgraph.js';

/** The configuration that every service with a database and a subgraph has. */
export const subgraphServiceEnv = { ...httpEnv, ...natsEnv, ...databaseEnv, ...authEnv };
type Env = typeof subgraphServiceEnv;
export type SubgraphServiceConfig = { [K in keyof Env]: z.output<Env[K]> };

export interface Overrides {
  now?: Clock;
  verifier?: TokenVerifier;
  onStatement?: (text: string) => void;
}

/** What a service's own parts are built from. */
export interface Infrastructure {
  database: Database;
  connection: NatsConnection;
  log: Logger;
  now: Clock;
  wakeRelay: Ctx['wakeRelay'];
}

/** A service's own parts: what its resolvers find as `ctx.app`, further routes, and what must start and stop. */
export interface ServiceParts<App> {
  app: App;
  routes?: HttpServerOptions['routes'];
  verifier?: TokenVerifier;
  start?(): Promise<void> | void;
  stop?(): Promise<void> | void;
}

export interface SubgraphServiceOptions<App> {
  name: string;
  config: SubgraphServiceConfig;
  overrides?: Overrides;
  entities: DatabaseOptions['entities'];
  migrations: readonly MigrationStep[];
  consumers: readonly ConsumerDefinition[];
  subgraph: SubgraphOptions;
  build(infrastructure: Infrastructure): ServiceParts<App> | Promise<ServiceParts<App>>;
}

/** The frame of every service that has a database and a subgraph: what starts before what, and stops after what. */
export async function createSubgraphService<App>(options: SubgraphServiceOptions<App>): Promise<Service> {
  const { name, config, overrides = {} } = options;
  const log = createLogger(name, config.LOG_LEVEL);
  const now = overrides.now ?? systemClock;
  const schema = await buildSubgraph(options.subgraph);
  await migrate(name, config.DATABASE_URL, options.migrations);
  const database = await openDatabase({
    service: name,
    url: config.DATABASE_URL,
    poolSize: config.DATABASE_POOL_SIZE,
    entities: options.entities,
    log,
    onStatement: overrides.onStatement,
  });
  const connection = await connectNats({ url: config.NATS_URL, name, log });
  const eventPath = createEventPath({
    service: name,
    database,
    databaseUrl: config.DATABASE_URL,
    connection,
    consumers: options.consumers,
    deadLetterDays: config.DEAD_LETTER_RETENTION_DAYS,
    now,
    log,
  });
  const { wakeRelay } = eventPath;
  const readAudit = createReadAudit({ database, now, log, wakeRelay });
  const parts = await options.build({ database, connection, log, now, wakeRelay });
  const graphql = createGraphQLServer({
    schema,
    verifier: overrides.verifier ?? parts.verifier ?? createTokenVerifier({ jwks: config.JWKS_URL }),
    createContext: (actor, correlationId, facts) =>
      createContext({ app: parts.app, database, now, log, wakeRelay }, actor, correlationId, facts),
    readAudit,
    log,
  });
  const http = createHttpServer({
    host: config.HOST,
    port: config.PORT,
    log,
    routes: { 'POST /graphql': graphql.handler, ...parts.routes },
    upgrades: { '/graphql': graphql.upgrade },
    async ready() {
      await database.ping();
      await connection.flush();
    },
  });

  return {
    name,
    get url() {
      return http.url;
    },
    async start() {
      await graphql.start();
      await eventPath.start();
      await parts.start?.();
      await http.start();
      log.info({ url: http.url }, 'started');
    },
    async stop() {
      await graphql.stop();
      await http.stop();
      await parts.stop?.();
      await readAudit.stop();
      await eventPath.stop();
      await connection.close();
      await database.close();
    },
  };
}
