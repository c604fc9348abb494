import type { WordChoice } from '@fenster/contracts';
import type { Tx } from '@fenster/database';
import { OptOutWord } from '../opt-outs/opt-out-word.entity.js';
import type { Template } from '../templates/template.entity.js';
import type { Thread } from '../threads/thread.entity.js';
import type { ConsentFacts } from './consent-gate.rule.js';
import { Consent } from './consent.entity.js';

export interface TemplateConsent {
  facts: ConsentFacts;
  /** What the workspace has chosen of words that end marketing. */
  words: readonly WordChoice[];
}

/** What decides whether a template may go to the persons of these threads. No statement where nothing depends on it. */
export async function readConsents(
  tx: Tx,
  threads: readonly Thread[],
  template: Template | null,
): Promise<ReadonlyMap<Thread, TemplateConsent>> {
  if (!template || template.category === 'AUTHENTICATION' || threads.length === 0) return new Map();
  const { workspaceId } = template;
  const contactId = { $in: [...new Set(threads.map((thread) => thread.contactId))] };
  const channelId = { $in: [...new Set(threads.map((thread) => thread.channelId))] };
  const stored = await tx.em.find(Consent, { workspaceId, contactId, channelId });
  const keyOf = (of: { contactId: string; channelId: string }) => `${of.contactId} ${of.channelId}`;
  const consents = Map.groupBy(stored, keyOf);
  const chosen = template.category === 'UTILITY' ? [] : await tx.em.find(OptOutWord, { workspaceId });
  const words = chosen.map(({ word, locale = null, isEveryday, isActive }) => ({ word, locale, isEveryday, isActive }));
  return new Map(
    threads.map((thread) => {
      const { phone = null, bsuid = null, threemaId = null, optedOutAt = null, marketingStoppedAt = null } = thread;
      const said = consents.get(keyOf(thread)) ?? [];
      return [thread, { facts: { phone, bsuid, threemaId, consents: said, optedOutAt, marketingStoppedAt }, words }];
    }),
  );
}
