import { parseArgs } from 'node:util';
import { openDatabase, type Database, type VerifiedChain } from '@fenster/database';
import { createLogger, isId, parseConfig, postgresUrl } from '@fenster/runtime';
import { z } from 'zod';
import type { Environment } from './data-dir.js';
import { running } from './running.js';
import type { DatabaseName } from './services.js';

interface ChainsCommand<Check extends string> {
  service: DatabaseName;
  args: readonly string[];
  env: Environment;
  say(line: string): void;
  walk(database: Database, options: { workspaceId?: string | undefined }): AsyncIterable<VerifiedChain<Check>>;
  problems: Readonly<Record<Check, string>>;
}

/** What is wrong with a link, whatever it is of. */
export const PROBLEMS = {
  gap: 'the entry is missing',
  'previous hash': 'it does not follow the entry before it (wrong previous hash)',
  hash: 'its content is not what was recorded (hash mismatch)',
  head: 'the log does not end as its head says (entries cut off, added or replaced)',
};

/** Walks the chains of one service and names the first broken link of each. Returns the exit code: 1 if one is broken. */
export async function verifyChains<Check extends string>(command: ChainsCommand<Check>): Promise<number> {
  const { service, args, env, say, walk, problems } = command;
  const workspaceId = workspaceIn(args);
  const database = await openLedger(service, env);
  let broken = 0;
  try {
    for await (const chain of walk(database, { workspaceId })) {
      say(describe(chain, problems));
      if (chain.broken) broken += 1;
    }
  } finally {
    await database.close();
  }
  return broken > 0 ? 1 : 0;
}

/** @throws Error unless it is an id, or not given. */
export function workspaceIn(args: readonly string[]): string | undefined {
  const { values } = parseArgs({ args: [...args], options: { workspace: { type: 'string' } } });
  const { workspace } = values;
  if (workspace !== undefined && !isId(workspace)) throw new Error('--workspace must be the id of a workspace.');
  return workspace;
}

/** That of the deployment that runs here; elsewhere, <SERVICE>_DATABASE_URL says where. */
export function openLedger(service: DatabaseName, env: Environment): Promise<Database> {
  const variable = `${service.toUpperCase()}_DATABASE_URL`;
  const shape = z.object({ [variable]: postgresUrl });
  const url = env[variable]
    ? (parseConfig('verify', shape, env) as Record<string, string>)[variable]!
    : running(env, `Start it first, or set ${variable}.`).databaseUrl(service);
  return openDatabase({ service, url, poolSize: 2, entities: [], log: createLogger('verify', 'warn') });
}

function describe<Check extends string>(
  { workspaceId, head, broken }: VerifiedChain<Check>,
  problems: Readonly<Record<Check, string>>,
): string {
  if (broken) return `workspace ${workspaceId}: BROKEN at seq ${broken.seq}: ${problems[broken.check]}`;
  return `workspace ${workspaceId}: ${head.seq} entries hold together, head ${head.hash.toString('hex')}`;
}

/** Runs a command whose result is the exit code; 2 if it could not be run. */
export async function asMain(command: (say: (line: string) => void) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command((line) => void process.stdout.write(`${line}\n`));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}
