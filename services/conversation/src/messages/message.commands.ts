import { authorize, grantFor } from '@fenster/auth';
import { messageQueued } from '@fenster/contracts';
import { once, transact } from '@fenster/database';
import { isId, newId, notFound } from '@fenster/runtime';
import { LockMode } from '@mikro-orm/core';
import { abilityOf, type ConversationContext } from '../context.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { consumeQuota } from '../quotas/consume-quota.js';
import { Thread } from '../threads/thread.entity.js';
import { Message } from './message.entity.js';
import type { SendMessageInput } from './message.types.js';
import { checkSend } from './send-gate.js';

/**
 * Queues a reply. The thread is locked, so `seq`, the check of `expectedLastSeq` and the window belong together.
 * A repeated key returns the first call's message, also when the window has closed since.
 * @throws DomainError BEYOND_API_KEY, NOT_FOUND, INVALID_INPUT, IDEMPOTENCY_CONFLICT, STALE_THREAD, WINDOW_CLOSED,
 *   QUOTA_EXCEEDED.
 */
export async function sendMessage(ctx: ConversationContext, input: SendMessageInput): Promise<Message> {
  const { conversationId, text, idempotencyKey: key, expectedLastSeq } = input;
  const actor = ctx.requireActor();
  const grant = grantFor(actor, 'message:send', 'text');
  if (!isId(conversationId)) throw notFound('Conversation');
  return transact(ctx, async (tx) => {
    const conversation = await tx.em.findOne(Conversation, { id: conversationId });
    authorize(abilityOf(ctx), 'send', 'Conversation', conversation);
    const hashed = { conversationId, text, expectedLastSeq };
    const messageId = await once(tx, { key, operation: 'sendMessage', input: hashed }, newId(), async (id) => {
      const thread = await tx.em.findOneOrFail(
        Thread,
        { id: conversation.threadId },
        { lockMode: LockMode.PESSIMISTIC_WRITE },
      );
      const now = tx.now();
      checkSend({
        text,
        window: { expiresAt: thread.windowExpiresAt ?? null },
        now,
        expectedLastSeq,
        lastSeq: thread.lastSeq,
      });
      if (grant) await consumeQuota(tx, actor.id, grant);
      thread.lastSeq += 1;
      conversation.lastSeq = thread.lastSeq;
      conversation.lastMessageAt = now;
      tx.em.create(Message, {
        id,
        workspaceId: thread.workspaceId,
        threadId: thread.id,
        conversationId: conversation.id,
        channelId: thread.channelId,
        seq: thread.lastSeq,
        direction: 'OUTBOUND',
        type: 'text',
        text,
        status: 'QUEUED',
        ...(actor.kind === 'api_key' ? { apiKeyId: actor.id } : { authorId: actor.id }),
        sentAt: now,
        createdAt: now,
      });
      tx.audit({ action: 'message.send', object: { type: 'message', id } });
      tx.emit(messageQueued, {
        entityId: id,
        data: {
          messageId: id,
          threadId: thread.id,
          conversationId: conversation.id,
          channelId: thread.channelId,
          seq: thread.lastSeq,
          to: { ...(thread.phone && { phone: thread.phone }), ...(thread.bsuid && { bsuid: thread.bsuid }) },
          type: 'text',
          text,
          authorId: actor.id,
        },
      });
    });
    await tx.em.flush();
    return tx.em.findOneOrFail(Message, { id: messageId });
  });
}
