import { allows, authorize, grantFor } from '@fenster/auth';
import { once, transact, type Tx } from '@fenster/database';
import { invalidInput, isId, newId, notFound } from '@fenster/runtime';
import { LockMode } from '@mikro-orm/core';
import { holdMessage } from '../approvals/hold-message.js';
import { StoredHeldMessage } from '../approvals/held-message.entity.js';
import { readBudgetOverride } from '../budgets/budget-gate.rule.js';
import { abilityOf, type ConversationContext } from '../context.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { Thread } from '../threads/thread.entity.js';
import { knownFiles } from '../media/files-of-content.js';
import { Message } from './message.entity.js';
import type { SendMessageInput } from './message.types.js';
import { queueMessage } from './queue-message.js';
import { giveContent } from '../templates/find-template.js';
import { resourceOf } from './send-gate.js';

/**
 * Queues a reply. The thread is locked, so `seq` and all that the send gate looks at belong together.
 * A repeated key returns the first call's message, also when the window has closed since. What a budget holds becomes no
 * message: it waits for approval, and a repeated key returns it, whatever became of it.
 * @throws DomainError BEYOND_API_KEY, NOT_FOUND, INVALID_INPUT, IDEMPOTENCY_CONFLICT, STALE_THREAD, WINDOW_CLOSED,
 *   QUOTA_EXCEEDED, BUDGET_USED_UP, BEYOND_BUDGET_RIGHTS, CHANNEL_DOWN, ANOTHER_CONVERSATION_OPEN, NOT_IN_CONTROL, CLAIMED_BY_OTHER.
 */
export async function sendMessage(
  ctx: ConversationContext,
  input: SendMessageInput,
): Promise<Message | StoredHeldMessage> {
  const { conversationId, text, content, idempotencyKey: key, expectedLastSeq, replyToMessageId } = input;
  const actor = ctx.requireActor();
  const override = readBudgetOverride(actor, input.budgetOverride);
  if (!isId(conversationId)) throw notFound('Conversation');
  const given = await giveContent(ctx.em, input, () => channelOf(ctx, conversationId, 'send'));
  const grant = grantFor(actor, 'message:send', resourceOf(given.content));
  const files = await knownFiles(ctx, given.content);
  return transact(ctx, async (tx) => {
    const conversation = await tx.em.findOne(Conversation, { id: conversationId });
    authorize(abilityOf(ctx), 'send', 'Conversation', conversation);
    const hashed = { conversationId, text, content, expectedLastSeq, replyToMessageId, ...override };
    const messageId = await once(tx, { key, operation: 'sendMessage', input: hashed }, newId(), async (id) => {
      const thread = await tx.em.findOneOrFail(
        Thread,
        { id: conversation.threadId },
        { lockMode: LockMode.PESSIMISTIC_WRITE },
      );
      // It may have been resolved, or become somebody else's, while this waited for the thread.
      await tx.em.refresh(conversation);
      authorize(abilityOf(ctx), 'send', 'Conversation', conversation);
      const contextProviderMessageId =
        replyToMessageId == null ? undefined : await findQuoted(ctx, tx, thread, replyToMessageId);
      const asked = { ...given, ...override, files, expectedLastSeq, contextProviderMessageId };
      const reasons = await queueMessage(tx, conversation, thread, { id, by: actor, grant, ...asked });
      const { content: said } = given;
      const reply = { id, by: actor, grant, content: said, contextProviderMessageId };
      const [reason] = await holdMessage(tx, conversation, thread, reply, reasons);
      if (reason) throw reason;
    });
    await tx.em.flush();
    const message = await tx.em.findOne(Message, { id: messageId });
    return message ?? tx.em.findOneOrFail(StoredHeldMessage, { id: messageId });
  });
}

/** @throws DomainError NOT_FOUND */
export async function channelOf(
  ctx: ConversationContext,
  conversationId: string,
  action: 'read' | 'send',
): Promise<string> {
  const conversation = isId(conversationId) ? await ctx.em.findOne(Conversation, { id: conversationId }) : null;
  authorize(abilityOf(ctx), action, 'Conversation', conversation);
  return conversation.channelId;
}

/** @returns what the provider calls the message. @throws DomainError NOT_FOUND, INVALID_INPUT */
async function findQuoted(ctx: ConversationContext, tx: Tx, thread: Thread, id: string): Promise<string> {
  const quoted = isId(id) ? await tx.em.findOne(Message, { id, threadId: thread.id }) : null;
  if (!quoted) throw notFound('Message');
  const conversation = await tx.em.findOne(Conversation, { id: quoted.conversationId });
  if (!conversation || !allows(abilityOf(ctx), 'read', 'Conversation', conversation)) throw notFound('Message');
  const refuse = (message: string) => invalidInput('replyToMessageId', message);
  if (quoted.revokedAt) throw refuse('was taken back.');
  if (!quoted.providerMessageId) throw refuse('is not at WhatsApp yet.');
  return quoted.providerMessageId;
}
