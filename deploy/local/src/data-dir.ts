import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LocalSetupError } from './errors.js';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Directories {
  /** What `npm run reset` removes: databases, stream, keys of this installation. `FENSTER_DATA_DIR` moves it. */
  readonly data: string;
  /** What can be fetched again: the nats-server program. Survives a reset. `FENSTER_CACHE_DIR` moves it. */
  readonly cache: string;
}

const MARKER = 'fenster.json';
// src/ and dist/ are equally deep in the repository.
const repository = fileURLToPath(new URL('../../..', import.meta.url));

export function directories(env: Environment): Directories {
  return {
    data: resolve(env['FENSTER_DATA_DIR'] || join(repository, '.fenster', 'data')),
    cache: resolve(env['FENSTER_CACHE_DIR'] || join(repository, '.fenster', 'cache')),
  };
}

/**
 * Makes the data folder and marks it as ours, which is what allows `reset` to remove it.
 * @throws LocalSetupError when the folder holds something that Fenster did not put there
 */
export function openDataDirectory(data: string): void {
  mkdirSync(data, { recursive: true });
  if (isDataDirectory(data)) return;
  if (readdirSync(data).length > 0) {
    throw new LocalSetupError(
      `${data} is not empty and was not made by Fenster. Point FENSTER_DATA_DIR to a new or empty folder.`,
    );
  }
  writeFileSync(join(data, MARKER), `${JSON.stringify({ madeBy: 'fenster', layout: 1 })}\n`);
}

export function isDataDirectory(data: string): boolean {
  return existsSync(join(data, MARKER));
}

export function postgresDirectory(data: string): string {
  return join(data, 'postgres');
}

export function objectsDirectory(data: string): string {
  return join(data, 'objects');
}

export function natsDirectory(data: string): string {
  return join(data, 'nats');
}
