import { allows, grantFor } from '@fenster/auth';
import { messageSettled, messageStatusChanged } from '@fenster/contracts';
import { transact, type Tx } from '@fenster/database';
import { DomainError, isId, newId, notFound } from '@fenster/runtime';
import { LockMode } from '@mikro-orm/core';
import { readBudgetOverride } from '../budgets/budget-gate.rule.js';
import { abilityOf, type ConversationContext } from '../context.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { Message, type UnconfirmedDecision } from '../messages/message.entity.js';
import { contentIn } from '../messages/outgoing-content.js';
import { queueMessage } from '../messages/queue-message.js';
import { resourceOf } from '../messages/send-gate.js';
import { StoredNewsletter } from '../newsletters/newsletter.entity.js';
import { Thread } from '../threads/thread.entity.js';

export interface Settlement {
  messageId: string;
  decision: UnconfirmedDecision;
  expectedLastSeq?: number | null | undefined;
  budgetOverride?: string | null | undefined;
}

/**
 * Somebody has looked at the chat and decides about a message of which nobody knows whether it was sent: it is sent
 * again, as a message of its own, through the gate like any other; or it counts as sent. Fenster itself never does
 * either. The same decision again changes nothing.
 * @throws DomainError BEYOND_API_KEY, BEYOND_BUDGET_RIGHTS, NOT_FOUND, NOT_UNCONFIRMED, and what the send gate says
 */
export async function settleUnconfirmedMessage(
  ctx: ConversationContext,
  { messageId, decision, expectedLastSeq, budgetOverride }: Settlement,
): Promise<Message> {
  const actor = ctx.requireActor();
  const override = readBudgetOverride(actor, budgetOverride);
  if (!isId(messageId)) throw notFound('Message');
  return transact(ctx, async (tx) => {
    const seen = await tx.em.findOne(Message, { id: messageId });
    const conversation = seen && (await tx.em.findOne(Conversation, { id: seen.conversationId }));
    if (!conversation || !maySend(ctx, conversation)) throw notFound('Message');
    const lockMode = LockMode.PESSIMISTIC_WRITE;
    const thread = await tx.em.findOneOrFail(Thread, { id: seen.threadId }, { lockMode });
    // A status may tell while this waits, or a colleague decide.
    const message = await tx.em.findOneOrFail(Message, { id: messageId }, { lockMode, refresh: true });
    await tx.em.refreshOrFail(conversation);
    if (!maySend(ctx, conversation)) throw notFound('Message');
    const content = contentIn({ ...message, text: message.text ?? null, payload: message.payload ?? null });
    const grant = grantFor(actor, 'message:send', content ? resourceOf(content) : 'text');
    if (message.settledAs === decision) return message;
    if (message.status !== 'UNCONFIRMED' || message.settledAs != null) throw notUnconfirmed(message);

    const { threadId, conversationId, seq } = message;
    const about = { messageId, threadId, conversationId, seq };
    let resentAs: string | undefined;
    if (decision === 'SEND_AGAIN') {
      // Retention may have removed it.
      if (!content) throw notUnconfirmed(message);
      resentAs = newId();
      const { contextProviderMessageId } = message;
      const [reason] = await queueMessage(tx, conversation, thread, {
        id: resentAs,
        by: actor,
        grant,
        content,
        contentField: undefined,
        expectedLastSeq,
        contextProviderMessageId: contextProviderMessageId ?? undefined,
        resendOf: messageId,
        ...(await purposeOf(tx, message)),
        ...override,
      });
      if (reason) throw reason;
    } else {
      message.status = 'SENT';
      tx.emit(messageStatusChanged, { entityId: messageId, data: { ...about, status: 'SENT' } });
    }
    const { kind, id } = actor;
    Object.assign(message, {
      settledAs: decision,
      settledByKind: kind,
      settledById: id,
      settledAt: tx.now(),
      resentAs: resentAs ?? null,
    });
    tx.audit({ action: 'message.settle', object: { type: 'message', id: messageId }, after: { decision } });
    tx.emit(messageSettled, { entityId: messageId, data: { ...about, decision, ...(resentAs && { resentAs }) } });
    return message;
  });
}

/** A newsletter's message asks for the consent that its newsletter asked for. */
async function purposeOf(tx: Tx, { newsletterId }: Message): Promise<{ purpose?: string }> {
  if (!newsletterId) return {};
  const { purpose } = await tx.em.findOneOrFail(StoredNewsletter, { id: newsletterId });
  return { purpose };
}

function maySend(ctx: ConversationContext, conversation: Conversation): boolean {
  return allows(abilityOf(ctx), 'send', 'Conversation', conversation);
}

function notUnconfirmed({ settledAs }: Message): DomainError {
  const why =
    settledAs == null
      ? 'It is known what became of this message: there is nothing to decide.'
      : 'Somebody has decided otherwise meanwhile.';
  return new DomainError('NOT_UNCONFIRMED', why, { field: 'messageId' });
}
