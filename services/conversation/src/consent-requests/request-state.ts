import type { Tx } from '@fenster/database';
import { currentConsent, isOptedOut, type ConsentFacts } from '../consents/consent-gate.rule.js';
import { Consent } from '../consents/consent.entity.js';
import type { Thread } from '../threads/thread.entity.js';
import { StoredConsentRequest, type ConsentText } from './consent-request.entity.js';
import type { AskFacts } from './may-ask.rule.js';

/** Of a request, for the send gate: what was said of the consent, and what was asked before. */
export async function readRequestState(
  tx: Tx,
  thread: Thread,
  {
    text: { purpose, purposeKind },
    formRequestId,
  }: { text: Pick<ConsentText, 'purpose' | 'purposeKind'>; formRequestId?: string | undefined },
): Promise<Omit<AskFacts, 'isWindowOpen' | 'wishedAt' | 'now'>> {
  const { workspaceId, channelId, id: threadId } = thread;
  const { phone = null, bsuid = null, threemaId = null, optedOutAt = null, marketingStoppedAt = null } = thread;
  // By what the person is called, whatever contact that is: who signed up on a form may have become known there.
  const names = [phone, bsuid, threemaId].filter((name) => name !== null);
  const consents = await tx.em.find(Consent, { workspaceId, channelId, identityValue: { $in: names }, purpose });
  const facts: ConsentFacts = { phone, bsuid, threemaId, consents, optedOutAt, marketingStoppedAt };
  const asked = await tx.em.find(StoredConsentRequest, { workspaceId, threadId });
  const ofPurpose = asked.filter((request) => request.purpose === purpose);
  const consent = currentConsent(facts, purpose);
  const hasOptedOut = isOptedOut(facts, purpose);
  const noes = [
    ...(consent?.state === 'WITHDRAWN' || consent?.state === 'REFUSED' ? [consent.since] : []),
    ...(purposeKind === 'MARKETING' && hasOptedOut && optedOutAt ? [optedOutAt] : []),
  ];
  return {
    purpose,
    purposeKind,
    state: consent?.state ?? null,
    isOptedOut: hasOptedOut,
    saidNoAt: noes.toSorted((one, other) => Number(one) - Number(other)).at(-1) ?? null,
    // What never arrived was no question.
    isSignUpUsed:
      formRequestId !== undefined &&
      ofPurpose.some((request) => request.formRequestId === formRequestId && request.answer !== 'UNDELIVERED'),
    isStoppedByProvider: marketingStoppedAt !== null,
    openUntil: asked.find(({ answer }) => answer == null)?.expiresAt ?? null,
    askedAt: ofPurpose.map(({ askedAt }) => askedAt),
  };
}
