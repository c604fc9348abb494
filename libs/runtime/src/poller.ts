import type { Logger } from './logger.js';
import { createWaker } from './waker.js';

export interface Poller {
  /** Works at once, and from then on. */
  start(): void;
  /** There may be something to do before the next look. */
  wake(): void;
  /** Begins nothing new, and resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}

export interface PollerOptions {
  /**
   * What failed is tried again at the next look. Resolves to in how many milliseconds that has to be, if it is known to be
   * sooner; 0 for at once.
   */
  work(isStopped: () => boolean): Promise<number | void>;
  /** In milliseconds, from the end of one look to the next. */
  everyMs: number;
  /** What the log calls it. */
  name: string;
  log: Logger;
}

/** Looks again and again whether there is something to do: never twice at a time, and however it went before. */
export function createPoller({ work, everyMs, name, log }: PollerOptions): Poller {
  const waker = createWaker();
  let isStopped = false;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (!isStopped) {
      let soon: number | void = undefined;
      try {
        soon = await work(() => isStopped);
      } catch (error) {
        log.warn({ err: error }, `${name}: failed, and will be tried again`);
      }
      const restMs = Math.min(soon ?? everyMs, everyMs);
      if (!isStopped && restMs > 0) await waker.rest(restMs);
    }
  }

  return {
    start() {
      running ??= run();
    },
    wake: waker.wake,
    async stop() {
      isStopped = true;
      waker.wake();
      await running;
    },
  };
}
