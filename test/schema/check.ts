/**
 * `npm run schema:check [-- --base <commit>]`: fails if `schema/` is out of date, or if the public schema breaks clients
 * without a declaration in `schema/breaking-changes.md`. The rules stand in `schema/README.md`.
 */
import { parseArgs } from 'node:util';
import { findUndeclaredBreaks } from './breaking-changes.js';
import { findOutdated, ROOT, SCHEMA_FOLDER } from './folder.js';
import { readHistory } from './history.js';
import { renderSchemas } from './render.js';
import { SUBGRAPHS } from './subgraphs.js';

const { base } = parseArgs({ options: { base: { type: 'string' } } }).values;

const outdated = await findOutdated(SCHEMA_FOLDER, await renderSchemas(SUBGRAPHS));
if (outdated.length > 0) {
  console.error(`schema/ is out of date: run \`npm run schema\`, and commit the result.\n${listed(outdated)}\n`);
  process.exitCode = 1;
}

const { versions, gap } = await readHistory(ROOT, base);
if (gap) console.warn(`Breaking changes cannot be told for certain. ${gap}`);
const breaks = await findUndeclaredBreaks(versions);
if (breaks.length > 0) {
  console.error(
    'The public schema breaks clients. Keep what they use and deprecate it; or, if the break is meant, say so in ' +
      'schema/breaking-changes.md with a line "- `<path>`: <why, and what clients do instead>".\n' +
      listed(breaks.map(({ path, message, version }) => `\`${path}\`: ${message} (${version})`)),
  );
  process.exitCode = 1;
}
if (process.exitCode !== 1)
  console.log(`schema/ is up to date, and breaks nothing undeclared in ${versions.length - 1} step(s).`);

function listed(items: readonly string[]): string {
  return items.map((item) => `  - ${item}`).join('\n');
}
