import { parseArgs } from 'node:util';
import { openDatabase } from '@fenster/database';
import { verifyAuditLogs, type VerifiedLog } from '@fenster/identity';
import { createLogger, isId, parseConfig, postgresUrl } from '@fenster/runtime';
import { z } from 'zod';
import { claimant } from './claim.js';
import { directories, type Environment } from './data-dir.js';
import { loadSecrets, loadSettings } from './settings.js';

/**
 * `npm run audit:verify [-- --workspace ID]`: walks the audit logs and names the first broken link of each. Elsewhere
 * than on a local deployment, IDENTITY_DATABASE_URL says where. Returns the exit code: 1 if a link is broken.
 */
export async function auditVerify(
  args: readonly string[],
  env: Environment,
  say: (line: string) => void,
): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { workspace: { type: 'string' } } });
  const { workspace: workspaceId } = values;
  if (workspaceId !== undefined && !isId(workspaceId)) throw new Error('--workspace must be the id of a workspace.');
  const database = await openDatabase({
    service: 'identity',
    url: env['IDENTITY_DATABASE_URL'] ? urlFromEnvironment(env) : localUrl(env),
    poolSize: 2,
    entities: [],
    log: createLogger('audit-verify', 'warn'),
  });
  let broken = 0;
  try {
    for await (const log of verifyAuditLogs(database, { workspaceId })) {
      say(describe(log));
      if (log.broken) broken += 1;
    }
  } finally {
    await database.close();
  }
  return broken > 0 ? 1 : 0;
}

const PROBLEMS: Record<NonNullable<VerifiedLog['broken']>['check'], string> = {
  gap: 'the entry is missing',
  'previous hash': 'it does not follow the entry before it (wrong previous hash)',
  hash: 'its content is not what was recorded (hash mismatch)',
  head: 'the log does not end as its head says (entries cut off, added or replaced)',
};

function describe({ workspaceId, head, broken }: VerifiedLog): string {
  if (broken) return `workspace ${workspaceId}: BROKEN at seq ${broken.seq}: ${PROBLEMS[broken.check]}`;
  return `workspace ${workspaceId}: ${head.seq} entries hold together, head ${head.hash.toString('hex')}`;
}

function urlFromEnvironment(env: Environment): string {
  return parseConfig('audit-verify', z.object({ IDENTITY_DATABASE_URL: postgresUrl }), env).IDENTITY_DATABASE_URL;
}

function localUrl(env: Environment): string {
  const { data } = directories(env);
  if (!claimant(data)) throw new Error('Fenster does not run here. Start it first, or set IDENTITY_DATABASE_URL.');
  const { databasePassword } = loadSecrets(data);
  return `postgres://identity:${databasePassword}@127.0.0.1:${loadSettings(env).ports.postgres}/identity`;
}

if (import.meta.main) {
  try {
    process.exitCode = await auditVerify(
      process.argv.slice(2),
      process.env,
      (line) => void process.stdout.write(`${line}\n`),
    );
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}
