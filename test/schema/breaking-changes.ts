import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

/** The public schema as it was at one time, with the breaks that were declared until then. */
export interface SchemaVersion {
  /** A commit, or the work tree. */
  name: string;
  sdl: string;
  /** `schema/breaking-changes.md` */
  declarations: string;
}

export interface BreakingChange {
  /** What breaks: `Message.text`, `Query.messages.first`. */
  path: string;
  message: string;
  /** The version that brought it. */
  version: string;
}

/**
 * Finds what would break clients between one version and the next, and is not declared.
 * A declaration counts for a step if it is among the last version's and was not there before the step:
 * so one can be handed in later, but not used for a second break of the same path. What a later version gives back
 * breaks nobody any more.
 */
export async function findUndeclaredBreaks(versions: readonly SchemaVersion[]): Promise<BreakingChange[]> {
  const last = versions.at(-1);
  const declared = parseDeclarations(last?.declarations ?? '');
  const found: BreakingChange[] = [];
  for (const [index, after] of versions.entries()) {
    const before = versions[index - 1];
    if (!before || before.sdl === after.sdl) continue;
    const known = new Set(parseDeclarations(before.declarations).map(({ entry }) => entry));
    const excused = new Set(declared.filter(({ entry }) => !known.has(entry)).map(({ path }) => path));
    const breaks = (await breaksBetween(before, after)).filter(({ path }) => !excused.has(path));
    if (breaks.length === 0) continue;
    const lasting = new Set((await breaksBetween(before, last!)).map(({ path }) => path));
    found.push(...breaks.filter(({ path }) => lasting.has(path)).map((each) => ({ ...each, version: after.name })));
  }
  return found;
}

async function breaksBetween(before: SchemaVersion, after: SchemaVersion): Promise<Omit<BreakingChange, 'version'>[]> {
  const changes = await diff(buildSchema(before.sdl), buildSchema(after.sdl));
  return changes
    .filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
    .map(({ path, type, message }) => ({ path: path ?? type, message }));
}

/** An entry is a list item that names the path in backticks and gives a reason: "- `Message.text`: it is called body now". */
function parseDeclarations(markdown: string): { path: string; entry: string }[] {
  return [...markdown.matchAll(/^- `([^`]+)`\W+\w.*$/gm)].map(([entry, path]) => ({ path: path!, entry }));
}
