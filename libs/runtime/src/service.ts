import { ConfigurationError } from './errors.js';
import type { Environment } from './config.js';

/** What a process can start and stop. `url` is known after `start`. */
export interface Service {
  readonly name: string;
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Entry point of a service that has a process to itself: configuration from the environment, clean stop on
 * SIGTERM and SIGINT, exit code 1 on anything unexpected.
 */
export async function runMain<C>(
  name: string,
  loadConfig: (env: Environment) => C,
  createService: (config: C) => Promise<Service>,
): Promise<void> {
  const fail = (error: unknown): never => {
    process.stderr.write(`${error instanceof ConfigurationError ? error.message : describe(error)}\n`);
    process.exit(1);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  const service = await createService(loadConfig(process.env));
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= service.stop().then(() => process.exit(0), fail);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // A parent that was killed cannot send a signal; its end of the channel closes instead.
  process.on('disconnect', stop);
  await service.start();
  process.send?.({ ready: name, url: service.url });
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
