import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const READY_MS = 60_000;
const STOP_MS = 3_000;

const hasTaskset = spawnSync('taskset', ['--version']).status === 0;
/** Whether a server with one thread and the load can have a processor each. */
export const canPin = hasTaskset && availableParallelism() >= 2;
const LOAD_CPU = String(availableParallelism() - 1);
const SERVER_CPU = '0';

/** What runs at present, for whoever has to end it all. */
const running = new Set<ChildProcess>();

export async function stopAllProcesses(): Promise<void> {
  await Promise.all([...running].map(stop));
}

/** Runs a file of this folder in a process of its own; TypeScript is transpiled when it is loaded, never later. */
function start(file: string, { env = {}, cpu }: { env?: Record<string, string>; cpu?: string }): ChildProcess {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  const node = [process.execPath, ...(file.endsWith('.ts') ? ['--import', '@oxc-node/core/register'] : []), path];
  const [command, ...args] = cpu === undefined ? node : ['taskset', '-c', cpu, ...node];
  const child = spawn(command!, args, {
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...env },
    // Our standard output is for results.
    stdio: ['ignore', 2, 2, 'ipc'],
    serialization: 'advanced',
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (!running.has(child)) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(kill);
}

export interface ServerUnderTest {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

/** `isPinned`: one thread does all the work, so that a processor of its own does it no harm. */
export async function startServer(
  file: string,
  { env, isPinned }: { env: Record<string, string>; isPinned: boolean },
): Promise<ServerUnderTest> {
  const child = start(file, { env, ...(isPinned && { cpu: SERVER_CPU }) });
  const url = await answerOf<string>(child, file, READY_MS, (message) => (message as { url?: string }).url);
  return { url, pid: child.pid!, stop: () => stop(child) };
}

/** Runs a load to its end. @throws what went wrong in it. */
export async function runLoad<Task extends object, Result>(
  file: string,
  task: Task,
  { isPinned, patienceMs }: { isPinned: boolean; patienceMs: number },
): Promise<{ result: Result; cores: number }> {
  const child = start(file, isPinned ? { cpu: LOAD_CPU } : {});
  child.send(task);
  try {
    return await answerOf(child, file, patienceMs, (message) => {
      const { result, cores, error } = message as { result?: Result; cores: number; error?: string };
      if (error !== undefined) throw new Error(error);
      return result === undefined ? undefined : { result, cores };
    });
  } finally {
    await stop(child);
  }
}

function answerOf<T>(
  child: ChildProcess,
  file: string,
  patienceMs: number,
  read: (message: unknown) => T | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${file} does not answer.`)), patienceMs);
    child.on('message', (message) => {
      try {
        const answer = read(message);
        if (answer === undefined) return;
        resolve(answer);
      } catch (error) {
        reject(error as Error);
      }
      clearTimeout(timer);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`${file} ended (${signal ?? code}).`));
    });
    child.once('error', reject);
  });
}

export function pinning(): string {
  if (!canPin) return 'nothing pinned (taskset or a second processor is missing)';
  return `load on processor ${LOAD_CPU}; servers of one thread on ${SERVER_CPU}; those with a database, ours among them, on all`;
}
