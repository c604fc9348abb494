import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildSchema } from 'graphql';
import type { SchemaVersion } from './breaking-changes.js';

const run = promisify(execFile);

const PUBLIC_SCHEMA = 'schema/public.graphql';
const DECLARATIONS = 'schema/breaking-changes.md';

/** Older steps were checked when they were made. */
const STEPS = 50;

export interface History {
  /** Oldest first; the work tree is the last. */
  versions: SchemaVersion[];
  /** Why versions may be missing. */
  gap?: string;
}

/**
 * Reads the versions of the public schema.
 * Every commit on the main line counts as published, because it may have been deployed; a merged branch counts as one step.
 * With `base` only that commit and the work tree are compared: for branches that will be squashed.
 */
export async function readHistory(root: string, base?: string): Promise<History> {
  const workTree: SchemaVersion = {
    name: 'the work tree',
    sdl: await readFile(join(root, PUBLIC_SCHEMA), 'utf8'),
    declarations: await readFile(join(root, DECLARATIONS), 'utf8').catch(() => ''),
  };
  if (base !== undefined) {
    const version = await versionAt(root, base);
    if (!version) throw new Error(`There is no ${PUBLIC_SCHEMA} at ${base}.`);
    return { versions: [version, workTree] };
  }

  const isShallow = await git(root, 'rev-parse', '--is-shallow-repository');
  if (isShallow === undefined) return { versions: [workTree], gap: 'This is no git repository.' };
  const log = await git(root, 'log', '--first-parent', `--max-count=${STEPS}`, '--format=%H', '--', PUBLIC_SCHEMA);
  const commits = (log ?? '').split('\n').filter(Boolean).toReversed();
  const versions = await Promise.all(commits.map((commit) => versionAt(root, commit)));
  return {
    versions: [...versions.filter((version) => version !== undefined), workTree],
    gap: isShallow === 'true' ? 'This clone is shallow: fetch the whole history.' : undefined,
  };
}

/** Undefined where the schema does not exist, or is none that anybody could have used: the half of a merge. */
async function versionAt(root: string, commit: string): Promise<SchemaVersion | undefined> {
  const sdl = await git(root, 'show', `${commit}:${PUBLIC_SCHEMA}`);
  if (sdl === undefined || !isSchema(sdl)) return undefined;
  return { name: commit.slice(0, 12), sdl, declarations: (await git(root, 'show', `${commit}:${DECLARATIONS}`)) ?? '' };
}

function isSchema(sdl: string): boolean {
  try {
    buildSchema(sdl);
    return true;
  } catch {
    return false;
  }
}

/** Undefined if git refuses: no repository, no commit yet, no such file. */
async function git(root: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run('git', args, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
    return stdout.trim();
  } catch {
    return undefined;
  }
}
