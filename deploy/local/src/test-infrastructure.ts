import { accessSync, constants, existsSync, lstatSync, statfsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimant, claimDirectory, wasClaimed } from './claim.js';
import { directories, natsDirectory, postgresDirectory, type Environment } from './data-dir.js';
import { startNatsServer, stopOrphanedNats, resolveNatsServer } from './nats-server.js';
import { freePort } from './ports.js';
import { relocatedPostgres, startPostgres, stopOrphanedPostgres } from './postgres.js';

export interface TestInfrastructure {
  readonly postgresAdminUrl: string;
  readonly natsUrl: string;
  /** Program, for tests that need a nats-server of their own. */
  readonly natsServerPath: string;
  readonly stop: () => Promise<void>;
}

/** A folder in the system's temporary folder with such a name, and servers in it, is cleared away once its process is dead. */
export const TEST_FOLDER_PREFIX = 'fenster-test-';

/** Files in memory, on Linux. A test run makes and drops some hundred databases: each costs 350 ms of processor time on a disk here, 50 in memory. */
const IN_MEMORY = '/dev/shm';
/** Bytes. A run has used up to a third of it. */
const ROOM = 6 * 2 ** 30;

/** Durability stays as in production, so that the same code runs; what is saved is what a throw-away server never needs. */
const TEST_SETTINGS = {
  max_connections: '400',
  shared_buffers: '128MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  checkpoint_timeout: '30min',
};

/**
 * PostgreSQL and nats-server for a test run, on free ports and in a folder that `stop` removes. Servers that
 * `TEST_POSTGRES_ADMIN_URL` and `TEST_NATS_URL` name are used instead and left alone. What a killed test run left behind
 * is removed first.
 */
export async function startTestInfrastructure(
  options: { env?: Environment; log?: (line: string) => void } = {},
): Promise<TestInfrastructure> {
  const { env = process.env, log = () => {} } = options;
  const [ownPostgres, ownNats] = [env['TEST_POSTGRES_ADMIN_URL'], env['TEST_NATS_URL']];
  await removeLeftovers(log);
  const folder = await mkdtemp(join(testFoldersHome(), TEST_FOLDER_PREFIX));
  const stops: Array<() => Promise<void>> = [() => removeRun(folder)];
  const stop = async () => {
    for (const step of stops.splice(0).toReversed()) await step();
  };
  try {
    // Root's PostgreSQL runs as another user, who has to pass through here.
    await chmod(folder, 0o711);
    // Never released: it ends with the folder.
    claimDirectory(folder);
    const startOwnPostgres = async () => {
      const postgres = await startPostgres({
        dataDir: postgresDirectory(folder),
        port: await freePort(),
        settings: TEST_SETTINGS,
        log,
      });
      stops.push(postgres.stop);
      return postgres.adminUrl;
    };
    const { path: natsServerPath } = await resolveNatsServer({ cacheDir: directories(env).cache, env, log });
    const startOwnNats = async () => {
      const nats = await startNatsServer({
        path: natsServerPath,
        dataDir: natsDirectory(folder),
        port: await freePort(),
        log,
      });
      stops.push(nats.stop);
      return nats.url;
    };
    const started = await Promise.allSettled([ownPostgres || startOwnPostgres(), ownNats || startOwnNats()]);
    const [postgresAdminUrl = '', natsUrl = ''] = started.map((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
    return { postgresAdminUrl, natsUrl, natsServerPath, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Clears away what killed test runs left behind, servers included. */
export async function removeLeftovers(log: (line: string) => void): Promise<void> {
  for (const folder of await foldersOfRuns()) {
    if (!isOurs(folder) || !wasClaimed(folder) || claimant(folder) !== undefined) continue;
    try {
      await stopOrphanedPostgres(postgresDirectory(folder), log);
      for (const place of [folder, natsDirectory(folder)]) await stopOrphanedNats(place, log);
      await removeRun(folder);
    } catch (error) {
      log(`${folder} is left of a killed test run and could not be removed: ${(error as Error).message}`);
    }
  }
}

/** Where folders of tests are made: in memory where there is room and TMPDIR names no other place. */
export function testFoldersHome(): string {
  if (process.env['TMPDIR']) return tmpdir();
  try {
    accessSync(IN_MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(IN_MEMORY);
    return bavail * bsize >= ROOM && process.availableMemory() >= ROOM ? IN_MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}

async function foldersOfRuns(): Promise<string[]> {
  const places = process.env['TMPDIR'] || !existsSync(IN_MEMORY) ? [tmpdir()] : [tmpdir(), IN_MEMORY];
  const folders = places.map(async (place) =>
    (await readdir(place)).filter((name) => name.startsWith(TEST_FOLDER_PREFIX)).map((name) => join(place, name)),
  );
  return (await Promise.all(folders)).flat();
}

/** Anyone may make folders in the temporary folder. What they say about processes and paths counts only if we made them. */
function isOurs(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  return found !== undefined && found.isDirectory() && found.uid === process.getuid?.();
}

async function removeRun(folder: string): Promise<void> {
  const relocated = relocatedPostgres(postgresDirectory(folder));
  if (relocated !== undefined) await rm(relocated, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
}
