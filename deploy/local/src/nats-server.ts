import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { access, constants, copyFile, chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { claimDirectory } from './claim.js';
import type { Environment } from './data-dir.js';
import { withDebianPackage } from './debian-package.js';
import { LocalSetupError } from './errors.js';
import { assertPortFree } from './ports.js';
import {
  hasArgument,
  identifyProcess,
  logTail,
  readText,
  spawnServer,
  terminate,
  waitUntil,
  type ServerExit,
} from './server-process.js';
import { withVendorArchive } from './vendor-archive.js';

const run = promisify(execFile);

/** Oldest version that everything in Fenster is written for, that of Debian 12. */
export const OLDEST_NATS_SERVER = '2.9.10';
/** Debian 13 has 2.10, which also runs on Debian 12. */
const PREFERRED_SUITE = 'trixie';
const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;
const READY_PATIENCE_MS = 60_000;
const STOP_STEPS = [
  ['SIGINT', 20_000],
  ['SIGKILL', 5_000],
] as const;

export interface NatsServerProgram {
  readonly path: string;
  readonly version: string;
}

export interface ResolveOptions {
  readonly cacheDir: string;
  readonly env: Environment;
  readonly log?: (line: string) => void;
  /** Where Debian's package puts the program, which is not on everyone's PATH. */
  readonly systemFolders?: readonly string[];
}

export interface RunningNats {
  readonly url: string;
  /** Unknown for a server that `NATS_URL` names. */
  readonly pid?: number;
  readonly exited?: Promise<ServerExit>;
  readonly stop: () => Promise<void>;
}

export interface NatsServerOptions {
  /** Program, from `resolveNatsServer`. */
  readonly path: string;
  /** Folder of ours that holds configuration, stream files and log. */
  readonly dataDir: string;
  readonly port: number;
  readonly host?: string;
  readonly portVariable?: string;
  readonly log?: (line: string) => void;
}

/**
 * Finds a nats-server, or fetches one into the cache: PATH, cache, Debian's package (suite trixie at the address that the
 * machine's own package sources name, then its own suite), the vendor's archive with a pinned hash. Safe to run twice at
 * the same time on the same cache.
 * @throws LocalSetupError saying what was tried and what to do
 */
export async function resolveNatsServer(options: ResolveOptions): Promise<NatsServerProgram> {
  const { cacheDir, env, log = () => {}, systemFolders = ['/usr/local/sbin', '/usr/sbin'] } = options;
  const onPath = [...(env['PATH'] ?? '').split(':').filter(Boolean), ...systemFolders].map((folder) =>
    join(folder, 'nats-server'),
  );
  const installed = await firstUsable(onPath, log);
  if (installed) return installed;

  const store = join(cacheDir, 'nats-server');
  const cached = await firstUsable(await cachedPrograms(store));
  if (cached) return cached;

  const keep = async (program: string) => keepInCache(store, program);
  const problems: string[] = [];
  try {
    const package_ = { name: 'nats-server', preferredSuite: PREFERRED_SUITE, env, log };
    return await withDebianPackage(package_, (folder) => keep(join(folder, 'usr', 'sbin', 'nats-server')));
  } catch (error) {
    problems.push(`Debian package: ${(error as Error).message}`);
  }
  try {
    return await withVendorArchive({ env, log }, (folder) => keep(join(folder, 'nats-server')));
  } catch (error) {
    problems.push(`vendor's archive: ${(error as Error).message}`);
  }
  throw new LocalSetupError(
    [
      'No nats-server was found, and none could be fetched:',
      ...problems.map((problem) => `  - ${problem}`),
      'Do one of these:',
      `  - install nats-server ${OLDEST_NATS_SERVER} or newer so that it is on PATH (Debian, Ubuntu: apt install nats-server; macOS: brew install nats-server)`,
      '  - set NATS_URL to a running server with JetStream, for example nats://127.0.0.1:4222',
      '  - set NATS_ARCHIVE_URL and NATS_ARCHIVE_SHA256 to a release archive (.tar.gz) for this platform and its hash',
    ].join('\n'),
  );
}

/** The server that `NATS_URL` names, else one of our own. Only the latter is stopped by `stop`. */
export async function startNats(options: ResolveOptions & Omit<NatsServerOptions, 'path'>): Promise<RunningNats> {
  const external = options.env['NATS_URL'];
  if (external) {
    await assertJetStream(external);
    return { url: external, stop: () => Promise.resolve() };
  }
  const { path, version } = await resolveNatsServer(options);
  options.log?.(`nats-server ${version} (${path})`);
  return startNatsServer({ ...options, path });
}

/**
 * Starts nats-server with JetStream on files, without authentication and therefore meant for the loopback address. An
 * orphan of a killed run is stopped first.
 * @throws AlreadyRunningError, PortTakenError, LocalSetupError; nothing is left running then
 */
export async function startNatsServer(
  options: NatsServerOptions,
): Promise<RunningNats & { pid: number; exited: Promise<ServerExit> }> {
  const { path, port, host = '127.0.0.1', portVariable = 'FENSTER_NATS_PORT', log = () => {} } = options;
  await mkdir(options.dataDir, { recursive: true });
  const dataDir = realpathSync(options.dataDir);
  const claim = claimDirectory(dataDir);
  try {
    await stopOrphanedNats(dataDir, log);
    await assertPortFree(port, 'nats-server', portVariable, host);
    const config = configFile(dataDir);
    await writeFile(config, configuration(dataDir, host, port));
    const logFile = join(dataDir, 'nats.log');
    const server = spawnServer({ command: path, args: ['--config', config], logFile, exitSignal: 'SIGINT' });
    const identity = identifyProcess(server.pid);
    let stopping: Promise<void> | undefined;
    const stop = () =>
      (stopping ??= (identity ? terminate(identity, STOP_STEPS) : Promise.resolve()).finally(claim.release));

    let hasExited = false;
    void server.exited.then(() => (hasExited = true));
    const isReady = async () =>
      Number(readText(pidFile(dataDir))) === server.pid && (await greeting(host, port))?.jetstream === true;
    const ready = await waitUntil(async () => hasExited || (await isReady()), READY_PATIENCE_MS);
    if (!ready || hasExited) {
      await stop();
      throw new LocalSetupError(`nats-server did not start. Its last words (${logFile}):\n${logTail(logFile)}`);
    }
    return { url: `nats://${host}:${port}`, pid: server.pid, exited: server.exited, stop };
  } catch (error) {
    claim.release();
    throw error;
  }
}

/** Stops the nats-server that a killed run left behind on this data folder, if there is one. */
export async function stopOrphanedNats(folder: string, log: (line: string) => void = () => {}): Promise<void> {
  if (!existsSync(folder)) return;
  const dataDir = realpathSync(folder);
  const found = identifyProcess(Number(readText(pidFile(dataDir))));
  if (found === undefined || !hasArgument(found.pid, configFile(dataDir))) return;
  log(`nats-server of a run that was killed is still there (process ${found.pid}); stopping it.`);
  await terminate(found, STOP_STEPS);
}

function configFile(dataDir: string): string {
  return join(dataDir, 'nats.conf');
}

function pidFile(dataDir: string): string {
  return join(dataDir, 'nats.pid');
}

/** Only settings that 2.9.10 knows. */
function configuration(dataDir: string, host: string, port: number): string {
  return `server_name: "fenster-local"
host: ${JSON.stringify(host)}
port: ${port}
pid_file: ${JSON.stringify(pidFile(dataDir))}
max_payload: ${MAX_PAYLOAD_BYTES}
jetstream {
  store_dir: ${JSON.stringify(join(dataDir, 'jetstream'))}
}
`;
}

async function firstUsable(
  paths: readonly string[],
  log?: (line: string) => void,
): Promise<NatsServerProgram | undefined> {
  for (const path of paths) {
    const version = await versionOf(path);
    if (version === undefined) continue;
    if (compareVersions(version, OLDEST_NATS_SERVER) >= 0) return { path, version };
    log?.(`${path} is version ${version}, older than ${OLDEST_NATS_SERVER}: not used.`);
  }
  return undefined;
}

/** Newest version first. The folder's name says for which platform it is, as a cache may be shared by two machines. */
async function cachedPrograms(store: string): Promise<string[]> {
  const suffix = `-${platformName()}`;
  const folders = (await readdir(store).catch(() => [])).filter((name) => name.endsWith(suffix));
  return folders
    .toSorted((a, b) => compareVersions(b.slice(0, -suffix.length), a.slice(0, -suffix.length)))
    .map((name) => join(store, name, 'nats-server'));
}

async function keepInCache(store: string, program: string): Promise<NatsServerProgram> {
  const draft = join(store, `draft-${randomUUID()}`);
  await mkdir(draft, { recursive: true });
  try {
    const path = join(draft, 'nats-server');
    await copyFile(program, path);
    await chmod(path, 0o755);
    const version = await versionOf(path);
    if (version === undefined) throw new LocalSetupError('the program does not run on this machine');
    if (compareVersions(version, OLDEST_NATS_SERVER) < 0)
      throw new LocalSetupError(`version ${version} is older than ${OLDEST_NATS_SERVER}`);
    const folder = join(store, `${version}-${platformName()}`);
    // Another process may have been faster; its program is as good.
    if ((await versionOf(join(folder, 'nats-server'))) === undefined) await replaceFolder(draft, folder);
    return { path: join(folder, 'nats-server'), version };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function replaceFolder(draft: string, folder: string): Promise<void> {
  try {
    await rename(draft, folder);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    if ((await versionOf(join(folder, 'nats-server'))) !== undefined) return;
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder);
  }
}

function platformName(): string {
  return `${process.platform}-${process.arch}`;
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.X_OK);
    const { stdout } = await run(path, ['--version'], { timeout: 10_000 });
    return /\d+\.\d+\.\d+/.exec(stdout)?.[0];
  } catch {
    return undefined;
  }
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  const differences = (left ?? []).map((part, index) => part - (right?.[index] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}

interface Greeting {
  readonly version?: string;
  readonly jetstream?: boolean;
}

/** A NATS server speaks first: `INFO {json}`. It does so only once its streams are loaded. */
function greeting(host: string, port: number): Promise<Greeting | undefined> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect({ host, port });
    const finish = (value?: Greeting) => {
      socket.destroy();
      resolve(value);
    };
    socket.setTimeout(5_000, () => finish());
    socket.once('error', () => finish());
    socket.once('close', () => finish());
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('utf8');
      if (!received.includes('\r\n')) return;
      try {
        finish(JSON.parse(received.slice('INFO '.length, received.indexOf('\r\n'))) as Greeting);
      } catch {
        finish();
      }
    });
  });
}

/** Of a list of servers one that answers is enough; the client finds the others by itself. */
async function assertJetStream(urls: string): Promise<void> {
  const addresses = urls.split(',').flatMap((url) => (URL.canParse(url.trim()) ? [new URL(url.trim())] : []));
  if (addresses.length === 0) throw new LocalSetupError('NATS_URL is not a URL such as nats://127.0.0.1:4222.');
  const places = addresses.map(({ hostname, port }) => ({ hostname, port: Number(port || 4222) }));
  const answers = await Promise.all(places.map(({ hostname, port }) => greeting(hostname, port)));
  const names = places.map(({ hostname, port }) => `${hostname}:${port}`).join(', ');
  if (answers.every((answer) => answer === undefined)) {
    throw new LocalSetupError(
      `NATS_URL names ${names}, where no NATS server answers. Start it, or unset NATS_URL to use one of Fenster's own.`,
    );
  }
  if (!answers.some((answer) => answer?.jetstream)) {
    throw new LocalSetupError(
      `The NATS server at ${names} runs without JetStream, which Fenster needs (nats-server --jetstream).`,
    );
  }
}
