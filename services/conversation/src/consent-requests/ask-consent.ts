import type { ActionGrant } from '@fenster/auth';
import { type ConsentSource, type OutgoingContent, fillTemplate } from '@fenster/contracts';
import type { Origin, Tx } from '@fenster/database';
import { DomainError, newId } from '@fenster/runtime';
import { hasServiceWindow } from '../channels/capabilities.rule.js';
import { Channel } from '../channels/channel.entity.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { plainText } from '../messages/outgoing-content.js';
import { LIMITS } from '../messages/outgoing-content.rule.js';
import { queueMessage, type OutgoingMessage } from '../messages/queue-message.js';
import { sayConsent } from '../opt-outs/stop-marketing.js';
import { recordTold } from '../privacy-notices/due-notices.js';
import { Template } from '../templates/template.entity.js';
import { isWindowOpen } from '../threads/service-window.js';
import type { Thread } from '../threads/thread.entity.js';
import { setTimers } from '../timers/timer.js';
import { chooseText } from './choose-text.rule.js';
import { answerTitles, isRequestTemplate, languageOf, requestWording } from './consent-request-words.rule.js';
import { ConsentText, StoredConsentRequest } from './consent-request.entity.js';
import { CONSENT_REQUEST_EXPIRY } from './consent-request-expiry.js';
import { expiryOf } from './may-ask.rule.js';

/** That the person wants to be asked: where they said so. */
export type OwnWish =
  | {
      source: 'KEYWORD' | 'QR';
      at: Date;
      messageId: string;
      providerMessageId: string | undefined;
      /** With a code in the message, of whose link it is. */
      clickToChatLinkId?: string;
    }
  | { source: 'FORM' | 'QR'; at: Date; formRequestId: string; formUrl?: string | undefined };

export interface Asking {
  id: string;
  by: OutgoingMessage['by'];
  purpose: string;
  /** BCP 47; without one, the person's language as far as it is known. */
  locale?: string | null | undefined;
  wish?: OwnWish | undefined;
  /** By what right this content is sent, if by a limited one. @throws DomainError BEYOND_API_KEY */
  grantFor?: (content: OutgoingContent) => ActionGrant | undefined;
  /** Why it is asked although a budget is used up, by somebody who may say so. */
  budgetOverride?: string;
  origin?: Origin;
}

/**
 * The one way to ask a person for a consent, whoever begins: the published text of the purpose and fixed words around it,
 * through the send gate, into the thread, which must be locked; and as a question into the ledger. Returns the reasons
 * against it; with any, nothing has changed.
 */
export async function askConsent(
  tx: Tx,
  conversation: Conversation,
  thread: Thread,
  { id, by, purpose, locale, wish, grantFor, budgetOverride, origin = tx.origin }: Asking,
): Promise<readonly DomainError[]> {
  const { workspaceId, id: threadId, channelId, contactId, phone } = thread;
  const texts = await tx.em.find(ConsentText, { workspaceId, purpose, isAsked: true });
  const text = chooseText(texts, { locale, phone });
  if (!text) return [textMissing()];
  const content = await contentOf(tx, thread, text);
  if (!content) return [templateMissing(text)];
  const formRequestId = wish && 'formRequestId' in wish ? wish.formRequestId : undefined;
  const messageId = newId();
  const reasons = await queueMessage(tx, conversation, thread, {
    id: messageId,
    by,
    content,
    grant: grantFor?.(content),
    automation: 'CONSENT_REQUEST',
    budgetOverride,
    consentRequest: { text, wishedAt: wish?.at ?? null, formRequestId },
    origin,
  });
  if (reasons.length > 0) return reasons;
  const askedAt = tx.now();
  const expiresAt = expiryOf(askedAt);
  thread.consentAskedUntil = expiresAt;
  await tx.em.flush();
  const about = { workspaceId, threadId, conversationId: conversation.id };
  tx.em.create(StoredConsentRequest, {
    id,
    ...about,
    purpose,
    textHash: text.hash,
    locale: text.locale,
    messageId,
    askedAt,
    expiresAt,
    formRequestId,
    wishedAt: wish?.at,
  });
  await tx.em.flush();
  // The question says where the privacy notice is.
  await recordTold(tx, [{ thread, version: text.privacyNoticeVersion, messageId }]);
  await setTimers(tx, CONSENT_REQUEST_EXPIRY, [{ workspaceId, subjectId: threadId, dueAt: expiresAt }]);
  const { source, ...evidence } = wish ?? { source: 'AGENT' as const };
  sayConsent(tx, {
    ...about,
    channelId,
    contactId,
    identity: identityOf(thread),
    kind: 'REQUESTED',
    source: source satisfies ConsentSource,
    purposes: [purpose],
    locale: text.locale,
    textHash: text.hash,
    requestMessageId: messageId,
    ...evidence,
    at: askedAt,
    origin,
  });
  return [];
}

/** What the person is called now. */
export function identityOf({ phone, bsuid, threemaId }: Thread) {
  return { ...(phone && { phone }), ...(bsuid && { bsuid }), ...(threemaId && { threemaId }) };
}

/** With buttons where they fit, in words where not; by an approved template that says the same while no window is open. */
async function contentOf(tx: Tx, thread: Thread, text: ConsentText): Promise<OutgoingContent | undefined> {
  const { workspaceId, channelId, windowExpiresAt } = thread;
  const channel = await tx.em.findOne(Channel, { workspaceId, id: channelId });
  const wording = requestWording(text);
  if (isWindowOpen({ expiresAt: windowExpiresAt ?? null }, tx.now()) || !hasServiceWindow(channel?.capabilities)) {
    const takesButtons = channel?.capabilities?.contentKinds.includes('buttons') ?? true;
    if (!takesButtons || [...wording].length > LIMITS.body) return plainText(wording);
    return { kind: 'buttons', body: wording, buttons: buttonsOf(text.locale) };
  }
  if (!channel?.accountId) return undefined;
  const approved = await tx.em.find(
    Template,
    { workspaceId, accountId: channel.accountId, status: 'APPROVED', category: 'UTILITY' },
    { orderBy: { name: 'asc' } },
  );
  const template = approved.find(
    ({ language, definition }) =>
      languageOf(language) === languageOf(text.locale) && definition && isRequestTemplate(definition, text),
  );
  return template && fillTemplate(template, {});
}

export function buttonsOf(locale: string): { id: string; title: string }[] {
  const { yes, no } = answerTitles(locale);
  return [
    { id: 'consent:yes', title: yes },
    { id: 'consent:no', title: no },
  ];
}

function textMissing(): DomainError {
  return new DomainError(
    'CONSENT_TEXT_MISSING',
    'There is no published text to ask with, for this purpose or not in this language. Publish one: publishConsentText.',
  );
}

function templateMissing(text: ConsentText): DomainError {
  return new DomainError(
    'CONSENT_TEMPLATE_MISSING',
    'No service window is open, and no approved UTILITY template of this channel says exactly what has to be asked. Submit one with these words, and nothing else but quick replies that say yes and no.',
    { details: { wording: requestWording(text) } },
  );
}
