import { existsSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { LocalSetupError } from './errors.js';
import { identifyProcess, isAlive, readText, type ProcessIdentity } from './server-process.js';

export interface Claim {
  readonly release: () => void;
}

export class AlreadyRunningError extends LocalSetupError {
  override readonly name = 'AlreadyRunningError';

  constructor(
    readonly directory: string,
    readonly owner: ProcessIdentity,
  ) {
    super(
      `${directory} is in use by process ${owner.pid}. Stop it first (Ctrl-C in its terminal, or kill ${owner.pid}).`,
    );
  }
}

const FILE = 'owner.json';

/**
 * Says that this process, and no other, runs servers on the directory. A server found running on a directory whose owner
 * is dead is an orphan; without the claim it could as well belong to a live second instance.
 * @throws AlreadyRunningError while the process that claimed the directory is alive
 */
export function claimDirectory(directory: string): Claim {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, FILE);
  const self = identifyProcess(process.pid);
  if (self === undefined)
    throw new LocalSetupError('This process cannot see itself: is /proc mounted, is ps installed?');
  // Distinct for every claim, so that a claim is never mistaken for another one of the same process.
  const content = JSON.stringify({ ...self, claim: randomUUID() });
  const draft = `${file}.${process.pid}.${randomUUID()}`;
  writeFileSync(draft, content, { mode: 0o644, flag: 'wx' });
  try {
    while (!tryLink(draft, file)) {
      const found = readText(file);
      if (found === undefined) continue;
      const owner = parseOwner(found);
      if (owner && isAlive(owner)) throw new AlreadyRunningError(directory, owner);
      takeAway(file, found);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    release: () => {
      if (readText(file) === content) rmSync(file, { force: true });
    },
  };
}

/** @returns the live process that claimed the directory */
export function claimant(directory: string): ProcessIdentity | undefined {
  const owner = parseOwner(readText(join(directory, FILE)));
  return owner && isAlive(owner) ? owner : undefined;
}

/** Whether a claim, live or dead, is in the directory: one without is still being made, or not ours. */
export function wasClaimed(directory: string): boolean {
  return existsSync(join(directory, FILE));
}

/** Two processes may find the same dead claim; the one that moves away the other's fresh claim instead puts it back. */
function takeAway(file: string, expected: string): void {
  const aside = `${file}.${process.pid}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (readText(aside) !== expected) tryLink(aside, file);
  rmSync(aside, { force: true });
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function parseOwner(text: string | undefined): ProcessIdentity | undefined {
  try {
    const { pid, startedAt } = JSON.parse(text ?? '') as Partial<ProcessIdentity>;
    return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : undefined;
  } catch {
    return undefined;
  }
}
