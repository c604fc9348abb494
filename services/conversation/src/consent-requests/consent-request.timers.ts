import { findClickToChatCode } from '@fenster/contracts';
import type { Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { askingLinks, type AskingLink } from '../click-to-chat/asking-links.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { loadLocked } from '../conversations/load-locked.js';
import { Message } from '../messages/message.entity.js';
import { plainText } from '../messages/outgoing-content.js';
import { queueMessage } from '../messages/queue-message.js';
import { sayConsent } from '../opt-outs/stop-marketing.js';
import { lockFreeThreads } from '../threads/lock-free-threads.js';
import { Thread } from '../threads/thread.entity.js';
import { setTimers, type Timer, type TimerDefinition } from '../timers/timer.js';
import { askConsent, identityOf } from './ask-consent.js';
import { answerText, asksForMarketing } from './consent-request-words.rule.js';
import { CONSENT_REQUEST_EXPIRY } from './consent-request-expiry.js';
import { StoredConsentRequest } from './consent-request.entity.js';
import { OPT_IN_WISHED } from './opt-in-wished.js';
import { CONSENT_ANSWERED } from './take-answers.js';

/** A question that nobody answered is over, and the ledger has it. */
export const consentRequestExpiryTimer: TimerDefinition = {
  ...CONSENT_REQUEST_EXPIRY,
  async handle(tx, due) {
    const { free, busy } = await lockFreeThreads(tx, due, 'thread');
    const requests = await requestsOf(tx, free, { answer: null });
    const later = requests.filter(({ expiresAt }) => expiresAt > tx.now());
    await setTimers(
      tx,
      CONSENT_REQUEST_EXPIRY,
      later.map(({ workspaceId, threadId, expiresAt }) => ({ workspaceId, subjectId: threadId, dueAt: expiresAt })),
    );
    const over = requests.filter((request) => !later.includes(request));
    const subjects = await subjectsOf(tx, over);
    for (const request of over) {
      const { thread } = subjects.get(request.conversationId)!;
      const { workspaceId, threadId, conversationId, purpose, textHash, locale, messageId, expiresAt } = request;
      Object.assign(request, { answer: 'EXPIRED', answeredAt: tx.now() });
      thread.consentAskedUntil = null;
      sayConsent(tx, {
        workspaceId,
        threadId,
        conversationId,
        channelId: thread.channelId,
        contactId: thread.contactId,
        identity: identityOf(thread),
        kind: 'EXPIRED',
        source: 'KEYWORD',
        purposes: [purpose],
        locale,
        textHash,
        requestMessageId: messageId,
        at: expiresAt,
        origin: tx.origin,
      });
    }
    await tx.em.flush();
    return { busy };
  },
};

/** Whoever has answered is told once that it is noted: they wrote just now, so it is an answer. */
export const consentAnsweredTimer: TimerDefinition = {
  ...CONSENT_ANSWERED,
  async handle(tx, due) {
    const { free, busy } = await lockFreeThreads(tx, due, 'thread');
    const requests = await requestsOf(tx, free, { answer: { $in: ['CONFIRMED', 'REFUSED'] }, isAcknowledged: false });
    const subjects = await subjectsOf(tx, requests);
    for (const request of requests) {
      const { conversation, thread } = subjects.get(request.conversationId)!;
      const { answer, locale } = request;
      request.isAcknowledged = true;
      // Where the gate has a reason against it (the channel is down), nothing is said.
      await queueMessage(tx, conversation, thread, {
        id: newId(),
        by: { kind: 'system', id: 'consent-answer' },
        content: plainText(answerText(locale, answer as 'CONFIRMED' | 'REFUSED')),
        automation: 'CONSENT_ANSWER',
      });
    }
    await tx.em.flush();
    return { busy };
  },
};

/** Whoever wants something that needs a consent is asked to confirm it. */
export const optInWishedTimer: TimerDefinition = {
  ...OPT_IN_WISHED,
  async handle(tx, due) {
    const { free, busy } = await lockFreeThreads(tx, due, 'thread');
    for (const timer of free) await askAsWished(tx, timer);
    await tx.em.flush();
    return { busy };
  },
};

const LOOKED_AT = 20;

async function askAsWished(tx: Tx, { workspaceId, subjectId: threadId, cause }: Timer): Promise<void> {
  const last = await tx.em.find(
    Message,
    { workspaceId, threadId, direction: 'INBOUND' },
    { orderBy: { seq: 'desc' }, limit: LOOKED_AT },
  );
  const links = await askingLinks(
    tx,
    workspaceId,
    last.flatMap(({ text }) => findClickToChatCode(text ?? undefined) ?? []),
  );
  const [wished] = last.flatMap((message): (Partial<AskingLink> & { message: Message; purpose: string })[] => {
    const text = message.text ?? undefined;
    if (asksForMarketing(text)) return [{ message, purpose: 'marketing' }];
    const link = links.get(findClickToChatCode(text) ?? '');
    return link ? [{ message, ...link }] : [];
  });
  if (!wished) return;
  const { message, purpose, locale, clickToChatLinkId } = wished;
  const thread = await tx.em.findOneOrFail(Thread, { workspaceId, id: threadId });
  // They have stopped it since, or in the same second.
  if (thread.optedOutAt && message.sentAt <= thread.optedOutAt) return;
  const conversation = await tx.em.findOneOrFail(Conversation, { workspaceId, id: message.conversationId });
  // Without a published text nobody is asked, and an agent reads what was written.
  await askConsent(tx, conversation, thread, {
    id: newId(),
    by: { kind: 'system', id: 'opt-in' },
    purpose,
    locale,
    wish: {
      source: clickToChatLinkId === undefined ? 'KEYWORD' : 'QR',
      at: message.sentAt,
      messageId: message.id,
      providerMessageId: message.providerMessageId ?? undefined,
      ...(clickToChatLinkId !== undefined && { clickToChatLinkId }),
    },
    // Where the wish came from, if it is still that one.
    ...(cause?.messageId === message.id && { origin: { ...tx.origin, correlationId: cause.correlationId } }),
  });
}

function requestsOf(tx: Tx, threads: readonly { workspaceId: string; threadId: string }[], where: object) {
  if (threads.length === 0) return [];
  return tx.em.find(StoredConsentRequest, {
    workspaceId: { $in: [...new Set(threads.map(({ workspaceId }) => workspaceId))] },
    threadId: { $in: threads.map(({ threadId }) => threadId) },
    ...where,
  });
}

function subjectsOf(tx: Tx, requests: readonly StoredConsentRequest[]) {
  return loadLocked(
    tx,
    requests.map(({ workspaceId, conversationId, threadId }) => ({
      workspace_id: workspaceId,
      id: conversationId,
      thread_id: threadId,
    })),
  );
}
