import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { claimDirectory } from './claim.js';
import { LocalSetupError } from './errors.js';
import { assertPortFree } from './ports.js';
import {
  canEnter,
  postgresPrograms,
  postgresUser,
  isReachableDirectory,
  reachableDirectory,
  type PostgresPrograms,
} from './postgres-machine.js';
import {
  hasArgument,
  identifyProcess,
  isPidTaken,
  logTail,
  readText,
  serverEnvironment,
  spawnServer,
  terminate,
  waitUntil,
  type ProcessIdentity,
  type RunAs,
  type ServerExit,
  type ServerProcess,
} from './server-process.js';

export interface PostgresOptions {
  /** Folder of ours that holds the cluster, the administrator's password and the log. */
  readonly dataDir: string;
  readonly port: number;
  readonly host?: string;
  /** Environment variable that changes the port, for the error about a taken one. */
  readonly portVariable?: string;
  /** Server parameters that replace ours. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly log?: (line: string) => void;
}

export interface RunningPostgres {
  /** With the administrator's password: not for logs. */
  readonly adminUrl: string;
  readonly port: number;
  readonly pid: number;
  readonly exited: Promise<ServerExit>;
  readonly stop: () => Promise<void>;
}

const ADMIN = 'postgres';
const READY_PATIENCE_MS = 120_000;
const LEFTOVER_PATIENCE_MS = 15_000;
/** Fast shutdown (clients are disconnected, a checkpoint is written), then immediate shutdown (recovery at the next start). */
const STOP_STEPS = [
  ['SIGINT', 30_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
] as const;

const SETTINGS: Readonly<Record<string, string>> = {
  // No socket file: nothing outside the data folder, no clash with another server's /tmp/.s.PGSQL.*.
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '256MB',
  random_page_cost: '1.1',
  // Short statements: compiling one costs more than running it.
  jit: 'off',
  // A 200 to a webhook and an acknowledged mutation promise that the row survives a power cut.
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // After a crash every file of the cluster is flushed before anything else; one call for all of them takes a tenth of the time.
  ...(process.platform === 'linux' && { recovery_init_sync_method: 'syncfs' }),
  wal_buffers: '16MB',
  min_wal_size: '256MB',
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Statements and error details quote values: message bodies, phone numbers.
  log_statement: 'none',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
};

/**
 * Starts the embedded PostgreSQL on its data folder, which is initialised once and used again from then on. An orphan of a
 * killed run is stopped first.
 * @throws AlreadyRunningError, PortTakenError, LocalSetupError; nothing is left running then
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { port, host = '127.0.0.1', portVariable = 'FENSTER_POSTGRES_PORT', settings = {}, log = () => {} } = options;
  mkdirSync(options.dataDir, { recursive: true });
  const dataDir = realpathSync(options.dataDir);
  const claim = claimDirectory(dataDir);
  try {
    await stopOrphan(clusterOf(dataDir) ?? join(dataDir, 'cluster'), log);
    await assertPortFree(port, 'PostgreSQL', portVariable, host);

    const runAs = postgresUser(clusterOf(dataDir) ?? join(dataDir, 'cluster'), log);
    const programs = postgresPrograms(runAs, log);
    const password = administratorPassword(dataDir);
    const cluster = clusterOf(dataDir) ?? initialise(dataDir, password, programs, runAs, log);
    assertUsable(cluster, programs, runAs);

    const parameters = { ...SETTINGS, ...settings, listen_addresses: host, port: String(port) };
    const args = ['-D', cluster, ...Object.entries(parameters).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
    const logFile = join(dataDir, 'postgres.log');
    const server = await startUntilReady({ programs, args, cluster, logFile, runAs });
    const adminUrl = `postgres://${ADMIN}:${password}@${host}:${port}/postgres`;
    const stop = stopOnce(server, claim.release);
    try {
      await assertAnswers(adminUrl);
    } catch (error) {
      await stop();
      throw error;
    }
    return { adminUrl, port, pid: server.pid, exited: server.exited, stop };
  } catch (error) {
    claim.release();
    throw error;
  }
}

/** Stops the PostgreSQL that a killed run left behind on this data folder, if there is one. */
export async function stopOrphanedPostgres(dataDir: string, log: (line: string) => void = () => {}): Promise<void> {
  const cluster = existsSync(dataDir) ? clusterOf(realpathSync(dataDir)) : undefined;
  if (cluster !== undefined) await stopOrphan(cluster, log);
}

/** Folder outside the data folder that the cluster had to go to, see `reachableDirectory`. */
export function relocatedPostgres(dataDir: string): string | undefined {
  const cluster = existsSync(dataDir) ? clusterOf(realpathSync(dataDir)) : undefined;
  return cluster === undefined || dirname(cluster) === realpathSync(dataDir) ? undefined : dirname(cluster);
}

function clusterOf(dataDir: string): string | undefined {
  const candidates = [join(dataDir, 'cluster'), recordedLocation(dataDir)];
  return candidates.find((candidate) => candidate !== undefined && existsSync(candidate));
}

/** The record names the folder it was made for: a copied repository does not run on the original's data. */
function recordedLocation(dataDir: string): string | undefined {
  const record = readText(locationFile(dataDir));
  if (record === undefined) return undefined;
  const { cluster, madeFor } = JSON.parse(record) as { cluster: string; madeFor: string };
  if (!isReachableDirectory(dirname(cluster)))
    throw new LocalSetupError(`${locationFile(dataDir)} names a folder that Fenster does not make.`);
  return madeFor !== dataDir && existsSync(madeFor) ? undefined : cluster;
}

function locationFile(dataDir: string): string {
  return join(dataDir, 'location.json');
}

function administratorPassword(dataDir: string): string {
  const file = join(dataDir, 'password');
  const known = readText(file);
  if (known) return known;
  const password = randomBytes(24).toString('hex');
  writeFileSync(file, password, { mode: 0o600 });
  return password;
}

function initialise(
  dataDir: string,
  password: string,
  programs: PostgresPrograms,
  runAs: RunAs,
  log: (line: string) => void,
): string {
  const home = canEnter(dataDir, runAs) ? dataDir : reachableDirectory(dataDir, runAs);
  const cluster = join(home, 'cluster');
  // Made under another name: an interrupted initialisation is not taken for a cluster.
  const draft = join(home, 'cluster.draft');
  const passwordFile = join(home, 'initdb-password');
  rmSync(draft, { recursive: true, force: true });
  rmSync(passwordFile, { force: true });
  if (home !== dataDir && existsSync(cluster)) {
    throw new LocalSetupError(
      `${cluster} exists, but ${locationFile(dataDir)} does not name it. Remove the folder if its data are not needed.`,
    );
  }
  try {
    mkdirSync(draft, { mode: 0o700 });
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    if (runAs.uid !== undefined && runAs.gid !== undefined) {
      chownSync(draft, runAs.uid, runAs.gid);
      chownSync(passwordFile, runAs.uid, runAs.gid);
    }
    // The built-in locale sorts alike on every machine and after every update of its C library.
    const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
    const args = [
      '-D',
      draft,
      `--username=${ADMIN}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--no-instructions',
      ...locale,
    ];
    const run = spawnSync(programs.initdb, args, { ...runAs, cwd: '/', env: serverEnvironment(), encoding: 'utf8' });
    if (run.status !== 0)
      throw new LocalSetupError(
        `PostgreSQL's data folder could not be made: ${run.error?.message ?? run.stderr.trim()}`,
      );
    if (home !== dataDir) writeFileSync(locationFile(dataDir), JSON.stringify({ cluster, madeFor: dataDir }));
    renameSync(draft, cluster);
    if (home !== dataDir) log(`PostgreSQL's data are in ${cluster}, because its user cannot enter ${dataDir}.`);
    return cluster;
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(draft, { recursive: true, force: true });
  }
}

function assertUsable(cluster: string, programs: PostgresPrograms, runAs: RunAs): void {
  if (!canEnter(cluster, runAs)) {
    throw new LocalSetupError(
      `The user that PostgreSQL runs as cannot enter ${cluster}. ` +
        'If another user started Fenster here before, start it as that user, or let that user run npm run reset.',
    );
  }
  // As root the folder is closed to nobody; as anyone else PG_VERSION is ours to read when the folder is ours to enter.
  const version = readText(join(cluster, 'PG_VERSION'))?.trim();
  if (version !== programs.majorVersion) {
    throw new LocalSetupError(
      `${cluster} holds data of PostgreSQL ${version}, this version of Fenster brings PostgreSQL ${programs.majorVersion}. ` +
        'Remove the data with npm run reset, or move them with pg_upgrade.',
    );
  }
}

interface StartPlan {
  readonly programs: PostgresPrograms;
  readonly args: readonly string[];
  readonly cluster: string;
  readonly logFile: string;
  readonly runAs: RunAs;
}

async function startUntilReady(plan: StartPlan): Promise<ServerProcess> {
  const deadline = Date.now() + LEFTOVER_PATIENCE_MS;
  for (;;) {
    const server = spawnServer({
      command: plan.programs.postgres,
      args: plan.args,
      logFile: plan.logFile,
      runAs: plan.runAs,
      exitSignal: 'SIGINT',
    });
    let exit: ServerExit | undefined;
    void server.exited.then((value) => (exit = value));
    const ready = await waitUntil(() => exit !== undefined || isReady(plan.cluster, server.pid), READY_PATIENCE_MS);
    if (ready && exit === undefined) return server;
    const problem = logTail(plan.logFile);
    if (exit === undefined) await stopOnce(server, () => {})();
    // Backends of a postmaster that was killed notice it within moments; until then they hold its shared memory.
    if (exit !== undefined && problem.includes('shared memory block') && Date.now() < deadline) continue;
    throw new LocalSetupError(`PostgreSQL did not start. Its last words (${plan.logFile}):\n${problem}`);
  }
}

/** What pg_ctl looks at: pid in the first line of postmaster.pid, status in the eighth. */
function isReady(cluster: string, pid: number): boolean {
  const lines = readText(join(cluster, 'postmaster.pid'))?.split('\n') ?? [];
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

async function assertAnswers(adminUrl: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
  } catch (error) {
    if ((error as { code?: string }).code !== '28P01') throw error;
    throw new LocalSetupError(
      'The password kept in the data folder is not the one of this cluster. Was the folder put together from two? npm run reset makes a new one.',
    );
  } finally {
    await client.end();
  }
}

async function stopOrphan(cluster: string, log: (line: string) => void): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid');
  const pid = Number(readText(pidFile)?.split('\n')[0]);
  const found = identifyProcess(pid);
  if (found !== undefined && isServerOf(found, cluster)) {
    log(`PostgreSQL of a run that was killed is still there (process ${pid}); stopping it.`);
    await terminate(found, STOP_STEPS);
  }
  // By another process, or by the server's own unreaped remains: PostgreSQL would take either for a live server. Without
  // the file it still finds out by the shared memory whether a backend is left.
  if (isPidTaken(pid)) rmSync(pidFile, { force: true });
}

function isServerOf(found: ProcessIdentity, cluster: string): boolean {
  return hasArgument(found.pid, '-D') && hasArgument(found.pid, cluster);
}

function stopOnce(server: ServerProcess, release: () => void): () => Promise<void> {
  const identity = identifyProcess(server.pid);
  let stopping: Promise<void> | undefined;
  return () => (stopping ??= (identity ? terminate(identity, STOP_STEPS) : Promise.resolve()).finally(release));
}
