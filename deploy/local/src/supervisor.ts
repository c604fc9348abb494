import { fork, type ChildProcess } from 'node:child_process';
import { entryPoint, environmentOf, type Deployment, type ServiceName } from './services.js';

export interface SupervisedProcess {
  readonly name: ServiceName;
  /** Of the process that runs now; undefined between two. */
  readonly pid: number | undefined;
  /** How often it was started again. */
  readonly restarts: number;
  /** Resolves when the process is ready for the first time. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

/** Pause before a second start in a row; the first one is immediate, because everything waits for it. */
const RESTART_MS = 100;
const MAX_RESTART_MS = 5_000;
const STOP_MS = 10_000;
/** A process that lived this long did start properly. */
const SETTLED_MS = 10_000;

/**
 * One service in a process of its own, started again when it dies. When this process is killed, the channel to
 * the child closes, and the child stops by itself.
 */
export function supervise(name: ServiceName, deployment: Deployment, log: (line: string) => void): SupervisedProcess {
  const firstReady = Promise.withResolvers<void>();
  // Whoever waits gets it; nobody has to.
  firstReady.promise.catch(() => undefined);
  let child: ChildProcess | undefined;
  let restarts = 0;
  let stopping = false;
  let delay = 0;
  let timer: NodeJS.Timeout | undefined;
  let wasReady = false;

  function start(): void {
    const startedAt = Date.now();
    const started = fork(entryPoint(name), {
      env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...environmentOf(name, deployment) },
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      // Not those of this process: `--conditions=source` would run the built services on sources.
      execArgv: [],
      // Ctrl-C reaches the whole group; the order of stopping is ours.
      detached: true,
    });
    child = started;
    const errors: string[] = [];
    started.stderr!.setEncoding('utf8').on('data', (text: string) => {
      process.stderr.write(text);
      errors.push(text);
      if (errors.length > 50) errors.shift();
    });
    started.on('message', (message) => {
      if (!(message as { ready?: string }).ready) return;
      wasReady = true;
      firstReady.resolve();
    });
    started.on('exit', (code, signal) => {
      child = undefined;
      if (stopping) return;
      // What never worked will not work by repetition: a wrong configuration, a port that is taken.
      if (!wasReady)
        return firstReady.reject(new Error(`${name} did not start (${signal ?? code}).\n${errors.join('').trim()}`));
      if (Date.now() - startedAt > SETTLED_MS) delay = 0;
      log(`${name} ended (${signal ?? code}) and is started again.`);
      restarts += 1;
      timer = setTimeout(start, delay);
      delay = Math.min(Math.max(delay * 2, RESTART_MS), MAX_RESTART_MS);
    });
  }

  start();
  return {
    name,
    get pid() {
      return child?.pid;
    },
    get restarts() {
      return restarts;
    },
    ready: () => firstReady.promise,
    async stop() {
      stopping = true;
      clearTimeout(timer);
      const running = child;
      if (!running) return;
      const ended = new Promise<void>((resolve) => running.once('exit', () => resolve()));
      running.kill('SIGTERM');
      const kill = setTimeout(() => running.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(kill);
    },
  };
}
