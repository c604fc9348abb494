import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SchemaFiles } from './render.js';

export const ROOT = join(import.meta.dirname, '../..');
export const SCHEMA_FOLDER = join(ROOT, 'schema');

/** Replaces every generated file in the folder; what people write there (`*.md`) stays. */
export async function writeSchemas(folder: string, files: SchemaFiles): Promise<void> {
  for (const name of await generatedFilesIn(folder)) {
    if (!files.has(name)) await rm(join(folder, name));
  }
  for (const [name, text] of files) await writeFile(join(folder, name), text);
}

/** Says, for each file that is not as it would be generated, how it differs first. */
export async function findOutdated(folder: string, files: SchemaFiles): Promise<string[]> {
  const stale = (await generatedFilesIn(folder))
    .filter((name) => !files.has(name))
    .map((name) => `${name} is of nothing that exists.`);
  const outdated = await Promise.all(
    [...files].map(async ([name, generated]) => {
      const committed = await readFile(join(folder, name), 'utf8').catch(() => undefined);
      if (committed === undefined) return `${name} is missing.`;
      return committed === generated ? undefined : `${name} differs, ${firstDifference(committed, generated)}`;
    }),
  );
  return [...stale, ...outdated.filter((finding) => finding !== undefined)];
}

async function generatedFilesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => /\.(graphql|json)$/.test(name));
}

function firstDifference(committed: string, generated: string): string {
  const [before, after] = [committed.split('\n'), generated.split('\n')];
  const line = after.findIndex((text, index) => text !== before[index]);
  const place = line === -1 ? after.length : line;
  return `from line ${place + 1}:\n    - ${before[place] ?? '(end)'}\n    + ${after[place] ?? '(end)'}`;
}
