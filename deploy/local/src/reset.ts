import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { claimant } from './claim.js';
import { directories, isDataDirectory, natsDirectory, postgresDirectory, type Environment } from './data-dir.js';
import { LocalSetupError } from './errors.js';
import { stopOrphanedNats } from './nats-server.js';
import { programCopies } from './postgres-machine.js';
import { relocatedPostgres, stopOrphanedPostgres } from './postgres.js';
import { terminate } from './server-process.js';

export interface ResetOptions {
  readonly env: Environment;
  /** Also what can be fetched again: nats-server, copies of PostgreSQL's programs. */
  readonly all?: boolean;
  readonly log?: (line: string) => void;
}

/** A clean stop lets requests in flight end and writes a checkpoint; a minute covers both with a margin. */
const STOP_STEPS = [['SIGTERM', 60_000]] as const;

/**
 * Stops the running instance, and orphans of a killed one, then removes the data folder.
 * @throws LocalSetupError when the instance does not stop, or the folder is not one that Fenster made
 */
export async function reset({ env, all = false, log = () => {} }: ResetOptions): Promise<void> {
  const { data, cache } = directories(env);
  if (existsSync(data)) await removeData(data, log);
  else log(`There are no data in ${data}.`);
  if (!all) return;
  for (const folder of [cache, ...programCopies()]) {
    await rm(folder, { recursive: true, force: true });
    log(`Removed ${folder}.`);
  }
}

async function removeData(data: string, log: (line: string) => void): Promise<void> {
  if (!isDataDirectory(data))
    throw new LocalSetupError(`${data} was not made by Fenster and is not removed. Is FENSTER_DATA_DIR right?`);
  const [postgres, nats] = [postgresDirectory(data), natsDirectory(data)];
  for (const directory of [data, postgres, nats]) {
    const owner = claimant(directory);
    if (owner === undefined) continue;
    log(`Stopping Fenster (process ${owner.pid}) …`);
    await terminate(owner, STOP_STEPS);
  }
  await stopOrphanedPostgres(postgres, log);
  await stopOrphanedNats(nats, log);
  const relocated = relocatedPostgres(postgres);
  for (const folder of [...(relocated === undefined ? [] : [relocated]), data]) {
    await rm(folder, { recursive: true, force: true });
    log(`Removed ${folder}.`);
  }
}

if (import.meta.main) {
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  try {
    const { values } = parseArgs({ options: { all: { type: 'boolean', default: false } } });
    await reset({ env: process.env, all: values.all, log: say });
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    const isOthers = code === 'EACCES' || code === 'EPERM';
    const text = isOthers
      ? `${path} belongs to another user; run reset as the user who started Fenster.`
      : (error as Error).message;
    process.stderr.write(`${text}\n`);
    process.exitCode = 1;
  }
}
