import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { LocalSetupError } from './errors.js';

/** A pid alone may have been given to another process since; with its start time it names one process for good. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string;
}

export interface ServerProcess {
  readonly pid: number;
  /** Settles when the process has ended, whoever ended it. */
  readonly exited: Promise<ServerExit>;
}

export interface ServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** User and group that a process gets; empty: those of this process. */
export interface RunAs {
  readonly uid?: number;
  readonly gid?: number;
}

const PASSED_ON = ['PATH', 'TMPDIR', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'];
const POLL_MS = 20;

/** @returns undefined when there is no such process, or only its unreaped remains. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  if (process.platform === 'linux') {
    const stat = readText(`/proc/${pid}/stat`);
    if (stat === undefined) return undefined;
    // The second field is the name in brackets and may contain anything; state is the third field, start time the 22nd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return { pid, startedAt: `${readText('/proc/sys/kernel/random/boot_id')?.trim()}/${fields[19]}` };
  }
  const [state, ...startedAt] = ps(pid, 'stat', 'lstart').split(/\s+/);
  if (!state || state.startsWith('Z')) return undefined;
  return { pid, startedAt: startedAt.join(' ') };
}

/** Whether the system knows the pid at all, be it of a process that has ended and waits to be reaped. */
export function isPidTaken(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startedAt === identity.startedAt;
}

/** Whether the process was started with this argument. */
export function hasArgument(pid: number, argument: string): boolean {
  if (process.platform === 'linux') return readText(`/proc/${pid}/cmdline`)?.split('\0').includes(argument) ?? false;
  return ps(pid, 'command').includes(argument);
}

/** What a server needs of its surroundings and no more: nothing secret of ours shows up in its environment. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const passedOn = PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  return { ...Object.fromEntries(passedOn), LC_ALL: 'C', TZ: 'UTC' };
}

/**
 * Starts a server in a session of its own, so that Ctrl-C in the terminal reaches only us and the servers are stopped in
 * order. Output goes to `logFile` and not to a pipe, which would break with us. When this process exits without having
 * stopped the server it sends `exitSignal`; after a SIGKILL the next start finds the orphan.
 */
export function spawnServer(options: {
  command: string;
  args: readonly string[];
  logFile: string;
  runAs?: RunAs;
  exitSignal: NodeJS.Signals;
}): ServerProcess {
  const { command, args, logFile, runAs = {}, exitSignal } = options;
  keepPrevious(logFile);
  const output = openSync(logFile, 'a', 0o600);
  try {
    const child = spawn(command, args, {
      ...runAs,
      cwd: '/',
      env: serverEnvironment(),
      detached: true,
      stdio: ['ignore', output, output],
    });
    const { promise: exited, resolve } = Promise.withResolvers<ServerExit>();
    const onExit = () => child.kill(exitSignal);
    child.once('exit', (code, signal) => {
      process.off('exit', onExit);
      resolve({ code, signal });
    });
    child.once('error', () => resolve({ code: null, signal: null }));
    if (child.pid === undefined) throw new LocalSetupError(`${command} could not be started.`);
    process.on('exit', onExit);
    return { pid: child.pid, exited };
  } finally {
    closeSync(output);
  }
}

/**
 * Ends a process, ours or an orphan's, with one signal after the other, each with its time to comply.
 * @throws LocalSetupError when the process belongs to another user or outlives all signals
 */
export async function terminate(
  identity: ProcessIdentity,
  steps: ReadonlyArray<readonly [NodeJS.Signals, number]>,
): Promise<void> {
  for (const [signal, patienceMs] of steps) {
    if (!isAlive(identity)) return;
    try {
      process.kill(identity.pid, signal);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ESRCH') return;
      if (code === 'EPERM')
        throw new LocalSetupError(`Process ${identity.pid} has to be stopped first, but belongs to another user.`);
      throw error;
    }
    if (await waitUntil(() => !isAlive(identity), patienceMs)) return;
  }
  throw new LocalSetupError(`Process ${identity.pid} does not end.`);
}

/** @returns whether the condition came true in time */
export async function waitUntil(condition: () => boolean | Promise<boolean>, patienceMs: number): Promise<boolean> {
  const deadline = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() >= deadline) return false;
    await wait(POLL_MS);
  }
  return true;
}

export function logTail(logFile: string, lines = 15): string {
  return (readText(logFile) ?? '').trimEnd().split('\n').slice(-lines).join('\n');
}

export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function keepPrevious(logFile: string): void {
  try {
    renameSync(logFile, `${logFile}.previous`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function ps(pid: number, ...columns: string[]): string {
  const args = [...columns.flatMap((column) => ['-o', `${column}=`]), '-ww', '-p', String(pid)];
  return spawnSync('ps', args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } }).stdout.trim();
}
