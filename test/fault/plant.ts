import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  assertPortFree,
  claimDirectory,
  directories,
  objectsDirectory,
  natsDirectory,
  newSecrets,
  PARTS,
  postgresDirectory,
  PortTakenError,
  relocatedPostgres,
  removeLeftovers,
  resolveNatsServer,
  startNatsServer,
  startPostgres,
  startStack,
  TEST_FOLDER_PREFIX,
  urlOf,
  type Ports,
  type ServiceName,
  type Stack,
} from '@fenster/local';
import { waitFor } from './back-off.js';

const SERVERS = ['nats', 'postgres'] as const;
type Server = (typeof SERVERS)[number];

/** Everything that a message passes on its way. The sandbox is the outside world and stays. */
export const VICTIMS = [
  'channels',
  'conversation',
  'contacts',
  'billing',
  'identity',
  'gateway',
  ...SERVERS,
] as const satisfies (ServiceName | Server)[];
export type Victim = (typeof VICTIMS)[number];

interface RunningServer {
  readonly pid: number;
  readonly exited: Promise<unknown>;
  stop(): Promise<void>;
}

export interface Plant {
  readonly stack: Stack;
  /** Sends SIGKILL; resolves when the victim is there again and says that it is ready. */
  kill(victim: Victim): Promise<void>;
  /** Services that ended though nobody killed them. */
  unasked(): string[];
  stop(): Promise<void>;
}

export interface PlantOptions {
  logLevel?: string;
  /** Server parameters, e.g. to take durability away and see this test fail. */
  postgresSettings?: Readonly<Record<string, string>>;
  log?: (line: string) => void;
}

/** Outside the range from which the system takes ports for outgoing connections: a dead server's port stays free. */
const [LOWEST_PORT, HIGHEST_PORT] = [20_000, 29_999];
const SUPERGRAPH = fileURLToPath(new URL('../../schema/supergraph.graphql', import.meta.url));
/** How long anything may take to come back on a machine that has other things to do. */
const RETURN_MS = 60_000;

/** The built services in a process each, on a PostgreSQL and a nats-server that are nobody else's, so that all may be killed. */
export async function startPlant(options: PlantOptions = {}): Promise<Plant> {
  const { logLevel = 'silent', postgresSettings = {}, log = () => {} } = options;
  await removeLeftovers(log);
  // Named and laid out like the folder of any test run: what is left of a killed one is found by it.
  const folder = await mkdtemp(join(tmpdir(), TEST_FOLDER_PREFIX));
  const stops: (() => Promise<void>)[] = [() => removeFolder(folder)];
  const stop = async () => {
    for (const step of stops.splice(0).toReversed()) await step();
  };
  try {
    // Root's PostgreSQL runs as another user, who has to pass through here.
    await chmod(folder, 0o711);
    claimDirectory(folder);
    const ports = await steadyPorts();
    const { path } = await resolveNatsServer({ cacheDir: directories(process.env).cache, env: process.env, log });
    const startServer = {
      postgres: () =>
        startPostgres({ dataDir: postgresDirectory(folder), port: ports.postgres, settings: postgresSettings, log }),
      nats: () => startNatsServer({ path, dataDir: natsDirectory(folder), port: ports.nats, log }),
    };
    const servers: Partial<Record<Server, RunningServer>> = {};
    stops.push(async () => {
      for (const server of SERVERS) await servers[server]?.stop();
    });
    const postgres = (servers.postgres = await startServer.postgres());
    const nats = (servers.nats = await startServer.nats());
    const stack = await startStack({
      host: '127.0.0.1',
      ports,
      logLevel,
      secrets: newSecrets(),
      objectsDirectory: objectsDirectory(folder),
      natsUrl: nats.url,
      postgresAdminUrl: postgres.adminUrl,
      supergraphFile: SUPERGRAPH,
      demoPassword: 'fenster-demo-1',
      processes: true,
      extra: {
        sandbox: { SENT_DELAY_MS: '0', DELIVERED_DELAY_MS: '20', READ_DELAY_MS: '40', RATE_LIMITS: 'false' },
        // A send that was cut in two is given up sooner than in production, so that the run can see its end.
        channels: { SEND_TIMEOUT_MS: '1000', UNCONFIRMED_AFTER_MS: '2000' },
      },
      log,
    });
    stops.push(stack.stop);
    const killed = new Map<ServiceName, number>();
    const killServer = async (server: Server) => {
      const running = servers[server]!;
      process.kill(running.pid, 'SIGKILL');
      await running.exited;
      // Only gives the folder free: there is nothing left to stop.
      await running.stop();
      servers[server] = await startServer[server]();
    };
    const killService = async (service: ServiceName) => {
      const running = stack.processes.get(service)!;
      const { pid, restarts } = running;
      if (pid === undefined) throw new Error(`${service} is not running.`);
      killed.set(service, (killed.get(service) ?? 0) + 1);
      process.kill(pid, 'SIGKILL');
      await waitFor(`${service} is started again`, () => running.restarts > restarts, { withinMs: RETURN_MS });
    };
    let killing: Promise<void> = Promise.resolve();
    // A server that is just being started again must be there to be stopped.
    stops.push(() => killing.catch(() => undefined));

    return {
      stack,
      async kill(victim) {
        killing = isServer(victim) ? killServer(victim) : killService(victim);
        await killing;
        const isBack = () => isReady(stack);
        await waitFor(`all services are ready after ${victim} was killed`, isBack, { withinMs: RETURN_MS });
      },
      unasked: () =>
        [...stack.processes.values()]
          .filter(({ name, restarts }) => restarts > (killed.get(name) ?? 0))
          .map(({ name, restarts }) => `${name} ended by itself, ${restarts - (killed.get(name) ?? 0)} times`),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function isServer(victim: Victim): victim is Server {
  return (SERVERS as readonly string[]).includes(victim);
}

async function isReady({ deployment, processes }: Stack): Promise<boolean> {
  const answers = await Promise.all(
    Array.from(processes.keys(), async (name) => {
      try {
        const response = await fetch(`${urlOf(deployment, name)}/health/ready`, { signal: AbortSignal.timeout(5_000) });
        await response.arrayBuffer();
        return response.ok;
      } catch {
        return false;
      }
    }),
  );
  return answers.every(Boolean);
}

async function steadyPorts(): Promise<Ports> {
  const ports = new Set<number>();
  for (let failures = 0; ports.size < PARTS.length;) {
    const port = LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT + 1));
    try {
      await assertPortFree(port, 'a fault test', 'nothing');
      ports.add(port);
    } catch (error) {
      if (!(error instanceof PortTakenError) || (failures += 1) > 100) throw error;
    }
  }
  return Object.fromEntries(PARTS.map((part, index) => [part, [...ports][index]])) as Ports;
}

async function removeFolder(folder: string): Promise<void> {
  const relocated = relocatedPostgres(postgresDirectory(folder));
  for (const each of [folder, ...(relocated === undefined ? [] : [relocated])]) {
    await rm(each, { recursive: true, force: true });
  }
}
