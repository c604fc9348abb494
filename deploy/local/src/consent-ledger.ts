import { exportConsentLedger, rebuildConsents, verifyConsentLedgers } from '@fenster/contacts';
import { createLogger, newId, systemClock } from '@fenster/runtime';
import type { Environment } from './data-dir.js';
import { asMain, openLedger, PROBLEMS, verifyChains, workspaceIn } from './verify-chains.js';

const CONSENT_PROBLEMS = {
  ...PROBLEMS,
  evidence: 'its evidence is not what was recorded',
  signature: 'its head is not signed by a key of this installation',
};

/**
 * `npm run consent:verify [-- --workspace ID]` walks the consent ledgers, checks evidence and signatures, and names the
 * first broken link of each; `consent:export -- --workspace ID` writes one with keys, texts and signatures, a line of
 * JSON each; `consent:rebuild` makes what the ledgers come to anew. Elsewhere than on a local deployment,
 * CONTACTS_DATABASE_URL says where. Returns the exit code: 1 if a link is broken.
 */
export async function consentLedger(
  [command, ...args]: readonly string[],
  env: Environment,
  say: (line: string) => void,
): Promise<number> {
  if (command === 'verify') {
    const problems = CONSENT_PROBLEMS;
    return verifyChains({ service: 'contacts', args, env, say, walk: verifyConsentLedgers, problems });
  }
  if (command !== 'export' && command !== 'rebuild') throw new Error('There are verify, export and rebuild.');
  const workspaceId = workspaceIn(args);
  if (command === 'export' && workspaceId === undefined) throw new Error('--workspace says whose ledger.');
  const database = await openLedger('contacts', env);
  try {
    if (workspaceId !== undefined && command === 'export') {
      for await (const line of exportConsentLedger(database, workspaceId)) say(JSON.stringify(line));
      return 0;
    }
    const origin = { actor: { kind: 'system', id: 'consent-rebuild' }, correlationId: newId() } as const;
    const log = createLogger('consent-rebuild', 'warn');
    const count = await rebuildConsents({ database, origin, log, now: systemClock, wakeRelay: () => {} });
    say(`${count} consents are what their events come to.`);
    return 0;
  } finally {
    await database.close();
  }
}

if (import.meta.main) await asMain((say) => consentLedger(process.argv.slice(2), process.env, say));
