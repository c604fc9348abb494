import { allows, grantFor } from '@fenster/auth';
import { messageQueued, messageReactionChanged } from '@fenster/contracts';
import { transact } from '@fenster/database';
import { DomainError, invalidInput, isId, newId, notFound } from '@fenster/runtime';
import { LockMode } from '@mikro-orm/core';
import { abilityOf, type ConversationContext } from '../context.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { consumeQuota } from '../quotas/consume-quota.js';
import { addressOf, Thread } from '../threads/thread.entity.js';
import { isEmoji } from './emoji.js';
import { Message } from './message.entity.js';
import { checkSend } from './send-gate.js';
import { readSendState } from './send-state.js';

/** WhatsApp takes reactions to messages of the last 30 days (whatsapp.md §B1). */
const MAX_AGE_MS = 30 * 86_400_000;

/**
 * Reacts for the business: one voice, so it replaces what a colleague reacted with. Null takes the reaction back.
 * What is so already stays so, and nothing is sent.
 * @throws DomainError BEYOND_API_KEY, NOT_FOUND, INVALID_INPUT, NOT_IN_CONTROL, CLAIMED_BY_OTHER, NOT_REACTABLE,
 *   KIND_NOT_SENDABLE, WINDOW_CLOSED, QUOTA_EXCEEDED.
 */
export async function reactToMessage(
  ctx: ConversationContext,
  { messageId, emoji }: { messageId: string; emoji: string | null },
): Promise<Message> {
  const actor = ctx.requireActor();
  const grant = grantFor(actor, 'message:send', 'reaction');
  if (!isId(messageId)) throw notFound('Message');
  return transact(ctx, async (tx) => {
    const seen = await tx.em.findOne(Message, { id: messageId });
    const conversation = seen && (await tx.em.findOne(Conversation, { id: seen.conversationId }));
    if (!conversation || !maySend(ctx, conversation)) throw notFound('Message');
    if (emoji !== null && !isEmoji(emoji)) throw invalidInput('emoji', 'must be one emoji.');
    const lockMode = LockMode.PESSIMISTIC_WRITE;
    const thread = await tx.em.findOneOrFail(Thread, { id: seen.threadId }, { lockMode });
    // They may have changed while this waited for the thread.
    const message = await tx.em.refreshOrFail(seen);
    await tx.em.refreshOrFail(conversation);
    if (!maySend(ctx, conversation)) throw notFound('Message');
    const current = message.reactions?.business;
    const mayBeMissing = current?.status === 'FAILED' || current?.status === 'UNCONFIRMED';
    if ((current?.emoji ?? null) === emoji && !mayBeMissing) return message;
    const now = tx.now();
    const targetProviderMessageId = checkReactable(message, now);
    // It answers nobody: who waits waits on, and nothing is reopened.
    const attempt = { by: actor, kind: 'REACTION', isReply: false } as const;
    const [reason] = checkSend(
      attempt,
      await readSendState(tx, conversation, thread, { by: actor, grant, lock: true }),
    );
    if (reason) throw reason;
    if (grant) await consumeQuota(tx, actor.id, grant);
    const id = newId();
    message.reactions = {
      ...message.reactions,
      business: {
        id,
        emoji,
        reactedAt: now.toISOString(),
        ...(actor.kind === 'api_key' ? { apiKeyId: actor.id } : { authorId: actor.id }),
        status: 'QUEUED',
      },
    };
    tx.audit({ action: 'message.react', object: { type: 'message', id: messageId } });
    const { threadId, conversationId, channelId, seq } = message;
    tx.emit(messageReactionChanged, { entityId: messageId, data: { messageId, threadId, conversationId, seq } });
    tx.emit(messageQueued, {
      entityId: id,
      data: {
        messageId: id,
        threadId,
        conversationId,
        channelId,
        to: addressOf(thread),
        authorId: actor.id,
        type: 'reaction',
        targetProviderMessageId,
        emoji,
      },
    });
    return message;
  });
}

function maySend(ctx: ConversationContext, conversation: Conversation): boolean {
  return allows(abilityOf(ctx), 'send', 'Conversation', conversation);
}

/** @returns what the provider calls the message. @throws DomainError NOT_REACTABLE */
function checkReactable({ revokedAt, type, providerMessageId, sentAt }: Message, now: Date): string {
  const refuse = (message: string) => new DomainError('NOT_REACTABLE', message, { field: 'messageId' });
  if (revokedAt) throw refuse('The message was taken back.');
  if (type === 'system') throw refuse('This is a notice of WhatsApp, which nobody wrote.');
  if (now.getTime() - sentAt.getTime() > MAX_AGE_MS) throw refuse('The message is older than 30 days.');
  if (!providerMessageId) throw refuse('WhatsApp does not have this message yet.');
  return providerMessageId;
}
