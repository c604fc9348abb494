import type { ActionGrant } from '@fenster/auth';
import { messageQueued, typeOfContent, type OutgoingContent, fillTemplate } from '@fenster/contracts';
import type { Origin, Tx } from '@fenster/database';
import type { DomainError } from '@fenster/runtime';
import { hasServiceWindow } from '../channels/capabilities.rule.js';
import { keepClaim } from '../claims/claim.commands.js';
import { clearSentDraft } from '../drafts/draft.commands.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { consumeQuota } from '../quotas/consume-quota.js';
import { changeStatus } from '../status/change-status.js';
import { addressOf, type Thread } from '../threads/thread.entity.js';
import { Message, type Automation } from './message.entity.js';
import { bodyOf, draftOf } from './outgoing-content.js';
import { checkSend, replyKindOf, type SendAttempt, type SendState } from './send-gate.js';
import { readSendState, spenderOf, type KnownFacts } from './send-state.js';

export interface OutgoingMessage extends Omit<SendAttempt, 'kind' | 'isReply'> {
  id: string;
  content: OutgoingContent;
  grant?: ActionGrant | undefined;
  /** The unconfirmed message in whose place it is sent. */
  resendOf?: string;
  /** The rule of Fenster that sends it. That is no answer: who waits for one waits on, and nothing is reopened. */
  automation?: Automation;
  /** The newsletter that it is a message of. */
  newsletterId?: string;
  /** What the gate asks, where it was read for many messages together. */
  known?: KnownFacts;
  /** In consumers and timers. */
  origin?: Origin;
}

/** What the send gate says of it, and what it was asked about. Changes nothing. */
export async function checkOutgoing(
  tx: Tx,
  conversation: Conversation,
  thread: Thread,
  outgoing: OutgoingMessage,
): Promise<{ reasons: readonly DomainError[]; content: OutgoingContent; state: SendState }> {
  const state = await readSendState(tx, conversation, thread, { ...outgoing, lock: true });
  // As the template is now, for its category decides what it costs, and its words what is read.
  const content =
    outgoing.content.kind === 'template' && state.template
      ? fillTemplate(state.template, outgoing.content)
      : outgoing.content;
  const attempt = { ...outgoing, content, kind: replyKindOf(content), isReply: !outgoing.automation };
  return { reasons: checkSend(attempt, state), content, state };
}

/**
 * The one way in which a message leaves, whoever sends it: through the send gate and, if that has no reason against it,
 * into the thread, which must be locked. Returns the reasons; with any, nothing has changed.
 */
export async function queueMessage(
  tx: Tx,
  conversation: Conversation,
  thread: Thread,
  outgoing: OutgoingMessage,
): Promise<readonly DomainError[]> {
  const { id, by, grant, contextProviderMessageId, automation, newsletterId, resendOf, origin = tx.origin } = outgoing;
  const { reasons, content, state } = await checkOutgoing(tx, conversation, thread, outgoing);
  if (reasons.length > 0) return reasons;
  const now = tx.now();
  // From here on a plain yes may be the answer to this, unless it asks nothing.
  if (automation !== 'CONSENT_REQUEST' && automation !== 'PRIVACY_NOTICE') thread.consentAskedUntil = null;
  if (!automation) {
    await keepClaim(tx, conversation.id, by);
    await clearSentDraft(tx, conversation, {
      text: draftOf(content),
      by,
      // What was held gave up its draft then; what its author drafts by now is something else.
      isDraftable: content.kind === 'text' && !resendOf && !outgoing.isApproved,
    });
    await changeStatus(tx, conversation, thread, { kind: 'reply' });
    conversation.waitingSince = null;
    conversation.firstResponseAt ??= now;
  }
  if (newsletterId !== undefined) thread.newsletterMessageId = id;
  if (grant) await consumeQuota(tx, by.id, grant);
  thread.lastSeq += 1;
  conversation.lastSeq = thread.lastSeq;
  conversation.lastMessageAt = now;
  const { workspaceId, id: threadId, channelId, lastSeq: seq } = thread;
  tx.em.create(Message, {
    id,
    workspaceId,
    threadId,
    conversationId: conversation.id,
    channelId,
    seq,
    direction: 'OUTBOUND',
    ...bodyOf(content),
    status: 'QUEUED',
    automation: automation ?? null,
    newsletterId: newsletterId ?? null,
    resendOf: resendOf ?? null,
    ...(contextProviderMessageId && { contextProviderMessageId }),
    ...(by.kind === 'api_key' && { apiKeyId: by.id }),
    ...(by.kind === 'member' && { authorId: by.id }),
    sentAt: now,
    createdAt: now,
  });
  if (!automation) {
    const { budgetOverride } = outgoing;
    const settings = budgetOverride === undefined ? {} : { after: { budgetOverride } };
    tx.audit({
      action: outgoing.isApproved ? 'message.approve' : 'message.send',
      object: { type: 'message', id },
      ...settings,
    });
  }
  tx.emit(messageQueued, {
    entityId: id,
    workspaceId,
    origin,
    data: {
      messageId: id,
      threadId,
      conversationId: conversation.id,
      channelId,
      seq,
      to: addressOf(thread),
      contactId: thread.contactId,
      teamId: spenderOf(conversation, newsletterId).teamId,
      ...(content.kind === 'text'
        ? { type: 'text', text: content.body, ...(content.previewUrl && { previewUrl: true }) }
        : { type: typeOfContent(content), content }),
      ...(contextProviderMessageId && { contextProviderMessageId }),
      ...(by.kind !== 'system' && { authorId: by.id }),
      ...(newsletterId !== undefined && { newsletterId }),
      ...(hasServiceWindow(state.channel?.capabilities) && {
        windowExpiresAt: thread.windowExpiresAt?.toISOString() ?? null,
        windowOpenedAt: thread.windowOpenedAt?.toISOString() ?? null,
        freeEntryExpiresAt: thread.freeEntryExpiresAt?.toISOString() ?? null,
      }),
    },
  });
  return [];
}
