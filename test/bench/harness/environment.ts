import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  claimDirectory,
  directories,
  freePort,
  objectsDirectory,
  natsDirectory,
  newSecrets,
  PARTS,
  postgresDirectory,
  resolveNatsServer,
  SERVICES,
  startNatsServer,
  startPostgres,
  startStack,
  TEST_FOLDER_PREFIX,
  type Ports,
  type ServiceName,
  type Stack,
} from '@fenster/local';
import pg from 'pg';
import { describeMachine, type Machine } from './machine.js';
import { stopAllProcesses } from './processes.js';

const SUPERGRAPH = fileURLToPath(new URL('../../../schema/supergraph.graphql', import.meta.url));

const TRACKING = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'all',
  'pg_stat_statements.track_planning': 'on',
};
const STATEMENTS = `
  select format('%s %s calls, %s ms in all, %s ms each and %s ms to plan, %s rows: %s', d.datname, calls,
    round((total_exec_time + total_plan_time)::numeric), round(mean_exec_time::numeric, 3), round(mean_plan_time::numeric, 3), rows,
    regexp_replace(query, '\\s+', ' ', 'g')) as line
  from pg_stat_statements s join pg_database d on d.oid = s.dbid
  order by total_exec_time + total_plan_time desc limit 60`;

/** On which port a service can be asked what is in its memory. */
type InspectorPorts = Partial<Record<ServiceName, number>>;

/** PostgreSQL and NATS as `npm start` runs them, in a temporary folder, and all that is started on them. */
export interface Environment {
  readonly machine: Machine;
  /** Gone at its end. */
  readonly folder: string;
  readonly appSecret: string;
  readonly postgresPid: number;
  readonly natsPid: number;
  readonly natsUrl: string;
  readonly postgresAdminUrl: string;
  /** All our services, each from its build and in a process of its own. */
  startFenster(options: { logLevel: string; profileTo?: string; inspectorPorts?: InspectorPorts }): Promise<Stack>;
  /** An empty database; returns its URL. */
  createDatabase(name: string): Promise<string>;
  /** With an administrator's rights, row-level security does not apply. */
  query<Row extends object>(database: string, sql: string): Promise<Row[]>;
  /** Writes what PostgreSQL spent on which statement; only with `trackStatements`. */
  writeStatements(file: string): Promise<void>;
  stop(): Promise<void>;
}

export async function openEnvironment(
  log: (line: string) => void,
  { trackStatements = false } = {},
): Promise<Environment> {
  const folder = await mkdtemp(join(tmpdir(), `${TEST_FOLDER_PREFIX}bench-`));
  const pools = new Map<string, pg.Pool>();
  const stops: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= (async () => {
      await stopAllProcesses();
      await Promise.all([...pools.values()].map((pool) => pool.end()));
      for (const step of stops.splice(0).toReversed()) await step();
    })();
    return stopping;
  };
  try {
    // Root's PostgreSQL runs as another user, who has to pass through here.
    await chmod(folder, 0o711);
    claimDirectory(folder);
    const postgres = await startPostgres({
      dataDir: postgresDirectory(folder),
      port: await freePort(),
      settings: trackStatements ? TRACKING : {},
      log,
    });
    stops.push(postgres.stop);
    const { cache } = directories(process.env);
    const program = await resolveNatsServer({ cacheDir: cache, env: process.env, log });
    const nats = await startNatsServer({
      path: program.path,
      dataDir: natsDirectory(folder),
      port: await freePort(),
      log,
    });
    stops.push(nats.stop);
    const poolOf = (database: string) => {
      let pool = pools.get(database);
      if (!pool) {
        const url = new URL(postgres.adminUrl);
        url.pathname = `/${database}`;
        pools.set(database, (pool = new pg.Pool({ connectionString: url.toString(), max: 2 })));
        pool.on('error', () => undefined);
      }
      return pool;
    };
    const query = async <Row extends object>(database: string, sql: string) =>
      (await poolOf(database).query<Row>(sql)).rows;
    const [version] = await query<{ server_version: string }>('postgres', 'show server_version');
    const secrets = newSecrets();
    return {
      folder,
      machine: describeMachine(folder, { postgres: version!.server_version.split(' ')[0]!, nats: program.version }),
      appSecret: secrets.appSecret,
      postgresPid: postgres.pid,
      natsPid: nats.pid,
      natsUrl: nats.url,
      postgresAdminUrl: postgres.adminUrl,
      async startFenster({ logLevel, profileTo, inspectorPorts = {} }) {
        const ports = Object.fromEntries(
          await Promise.all(PARTS.map(async (part) => [part, await freePort()])),
        ) as Ports;
        if (profileTo !== undefined) await mkdir(profileTo, { recursive: true });
        const nodeOptions = (service: ServiceName) => {
          const inspectorPort = inspectorPorts[service];
          const options = [
            ...(profileTo === undefined
              ? []
              : [`--cpu-prof --cpu-prof-dir=${profileTo} --cpu-prof-name=${service}.cpuprofile`]),
            ...(inspectorPort === undefined ? [] : [`--inspect=127.0.0.1:${inspectorPort} --inspect-publish-uid=http`]),
          ];
          return options.length > 0 ? { NODE_OPTIONS: options.join(' ') } : {};
        };
        const stack = await startStack({
          host: '127.0.0.1',
          ports,
          logLevel,
          secrets,
          objectsDirectory: objectsDirectory(folder),
          natsUrl: nats.url,
          postgresAdminUrl: postgres.adminUrl,
          demoPassword: `Bench-1-${randomBytes(9).toString('base64url')}`,
          processes: true,
          ...(existsSync(SUPERGRAPH) && { supergraphFile: SUPERGRAPH }),
          extra: {
            ...Object.fromEntries(SERVICES.map((service) => [service, nodeOptions(service)])),
            // WhatsApp's own limits are not what is measured.
            sandbox: { ...nodeOptions('sandbox'), RATE_LIMITS: 'false' },
          },
          log,
        });
        stops.push(() => stack.stop());
        return stack;
      },
      async createDatabase(name) {
        await query('postgres', `create database "${name}"`);
        const url = new URL(postgres.adminUrl);
        url.pathname = `/${name}`;
        return url.toString();
      },
      query,
      async writeStatements(file) {
        await query('postgres', 'create extension if not exists pg_stat_statements');
        const rows = await query<{ line: string }>('postgres', STATEMENTS);
        await writeFile(file, `${rows.map(({ line }) => line).join('\n')}\n`);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
