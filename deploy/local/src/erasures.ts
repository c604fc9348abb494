import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  mergeRemembered,
  reapplyErasures,
  rememberedErasure,
  rememberedErasures,
  type RememberedErasure,
} from '@fenster/contacts';
import { createLogger, newId, systemClock } from '@fenster/runtime';
import type { Environment } from './data-dir.js';
import { DATABASES } from './services.js';
import { asMain, openLedger } from './verify-chains.js';

/**
 * `npm run erasures:reapply [-- --from FILE]` after a restore: erases again who had been erased, as any service remembers it
 * whose database is not older, or a file that `npm run erasures:export` wrote, which belongs where backups are not. Fenster
 * must run: it is what erases. Elsewhere than on a local deployment, <SERVICE>_DATABASE_URL say where.
 */
export async function erasures(
  [command, ...args]: readonly string[],
  env: Environment,
  say: (line: string) => void,
): Promise<number> {
  if (command !== 'export' && command !== 'reapply') throw new Error('There are export and reapply.');
  const { values } = parseArgs({ args, options: { from: { type: 'string' } } });
  const remembered: RememberedErasure[] = values.from === undefined ? [] : readExport(values.from);
  for (const service of DATABASES) {
    const database = await openLedger(service, env);
    try {
      remembered.push(...(await rememberedErasures(database)));
    } finally {
      await database.close();
    }
  }
  const merged = mergeRemembered(remembered);
  if (command === 'export') {
    for (const each of merged) say(JSON.stringify(each));
    return 0;
  }
  const database = await openLedger('contacts', env);
  try {
    const origin = { actor: { kind: 'system', id: 'erasures-reapply' }, correlationId: newId() } as const;
    const log = createLogger('erasures-reapply', 'warn');
    await reapplyErasures({ database, origin, log, now: systemClock, wakeRelay: () => {} }, merged);
  } finally {
    await database.close();
  }
  say(`${merged.length} erasures are done again; the query \`erasures\` tells when they are over.`);
  return 0;
}

function readExport(file: string): RememberedErasure[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => rememberedErasure.parse(JSON.parse(line)));
}

if (import.meta.main) await asMain((say) => erasures(process.argv.slice(2), process.env, say));
