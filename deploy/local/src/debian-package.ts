import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Environment } from './data-dir.js';
import { LocalSetupError } from './errors.js';
import {
  candidateSources,
  formatSources,
  parseRelease,
  readPackageSources,
  type PackageSource,
} from './package-sources.js';

const run = promisify(execFile);
const UPDATE_PATIENCE_MS = 180_000;

/**
 * Calls `use` with a folder that holds the unpacked Debian package, for one candidate source after the other until one
 * succeeds. Needs neither root nor a change to the system: apt-get gets lists, cache and sources in a temporary folder.
 * @returns what `use` returned
 * @throws LocalSetupError naming what went wrong with each candidate
 */
export async function withDebianPackage<T>(
  options: { name: string; preferredSuite: string; env: Environment; log: (line: string) => void; aptFolder?: string },
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const { name, preferredSuite, env, log, aptFolder } = options;
  const architecture = (
    await run('dpkg', ['--print-architecture'], { env: toolEnvironment(env) }).catch(() => undefined)
  )?.stdout.trim();
  if (!architecture) throw new LocalSetupError('this is not a Debian or Ubuntu system (no dpkg)');
  const release = parseRelease(await readFile('/etc/os-release', 'utf8').catch(() => ''));
  const candidates = candidateSources(await readPackageSources(aptFolder), release, preferredSuite);
  if (candidates.length === 0)
    throw new LocalSetupError('the package sources of this machine name no archive of Debian or Ubuntu');

  const problems: string[] = [];
  for (const candidate of candidates) {
    const suites = [...new Set(candidate.flatMap((entry) => entry.suites))].join(', ');
    log(`Fetching ${name} from Debian's archive, suite ${suites} (once, takes some seconds) …`);
    // Under the system's temporary folder, where apt's unprivileged helper can work when we are root.
    const folder = await mkdtemp(join(tmpdir(), 'fenster-apt-'));
    try {
      await chmod(folder, 0o755);
      return await use(await fetchPackage(name, candidate, architecture, folder, env));
    } catch (error) {
      problems.push(`suite ${suites}: ${describe(error)}`);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  throw new LocalSetupError(problems.join('; '));
}

async function fetchPackage(
  name: string,
  sources: readonly PackageSource[],
  architecture: string,
  folder: string,
  env: Environment,
): Promise<string> {
  const inFolder = (...path: string[]) => join(folder, ...path);
  for (const path of ['sources', 'lists/partial', 'cache/archives/partial', 'download', 'unpacked']) {
    await mkdir(inFolder(path), { recursive: true });
  }
  // An address may contain a password.
  await writeFile(inFolder('sources', 'fenster.sources'), formatSources(sources, architecture), { mode: 0o600 });
  await writeFile(inFolder('apt.conf'), configuration(folder));
  const options = { env: toolEnvironment(env), timeout: UPDATE_PATIENCE_MS };
  const apt = (cwd: string, ...args: string[]) =>
    run('apt-get', ['-c', inFolder('apt.conf'), '-qq', ...args], { ...options, cwd });
  await apt(folder, 'update');
  await apt(inFolder('download'), 'download', name);
  const file = (await readdir(inFolder('download'))).find((entry) => entry.endsWith('.deb'));
  if (file === undefined) throw new LocalSetupError('apt-get downloaded nothing');
  await run('dpkg-deb', ['-x', inFolder('download', file), inFolder('unpacked')], options);
  return inFolder('unpacked');
}

/** The hooks of an update (package kits, notifiers, cache cleaners) are about the system's lists, not about ours. */
function configuration(folder: string): string {
  return `#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "${folder}/sources";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "${folder}/lists";
Dir::Cache "${folder}/cache";
APT::Default-Release "";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
`;
}

function toolEnvironment(env: Environment): NodeJS.ProcessEnv {
  return { ...env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
}

/** Last line of what the tool said; addresses are left out, they may hold a password. */
function describe(error: unknown): string {
  const { stderr, message, code } = error as { stderr?: string; message: string; code?: unknown };
  if (code === 'ENOENT' && stderr === undefined) return 'apt-get or dpkg-deb is not installed';
  const lines = (stderr ?? '').split('\n').filter((line) => line.startsWith('E:'));
  return (lines.at(-1) ?? message.split('\n')[0] ?? '').replaceAll(/\w+:\/\/\S+/g, '<address>');
}
