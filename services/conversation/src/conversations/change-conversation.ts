import { authorize } from '@fenster/auth';
import { transact, type Tx } from '@fenster/database';
import { isId, notFound } from '@fenster/runtime';
import { LockMode } from '@mikro-orm/core';
import { abilityOf, type ConversationContext } from '../context.js';
import { Thread } from '../threads/thread.entity.js';
import { Conversation } from './conversation.entity.js';

/** A change of a conversation whose thread is locked: what mutations, bulk actions and macros have in common. */
export type ConversationChange = (tx: Tx, conversation: Conversation, thread: Thread) => Promise<void>;

/** Prepares a change, which may refuse its input before anything is locked, and makes it. */
export async function requestChange(
  ctx: ConversationContext,
  conversationId: string,
  prepare: () => ConversationChange,
): Promise<Conversation> {
  const change = prepare();
  return changeConversation(ctx, conversationId, async (tx, conversation, thread) => {
    await change(tx, conversation, thread);
    return conversation;
  });
}

/**
 * One change of a conversation that the actor may `update`, or do the named action with. Whatever happens in a thread takes its row lock first:
 * customer messages, replies and changes of its conversations come one after the other, and nobody waits in a circle.
 * @throws DomainError NOT_FOUND
 */
export async function changeConversation<T>(
  ctx: ConversationContext,
  conversationId: string,
  work: (tx: Tx, conversation: Conversation, thread: Thread) => Promise<T>,
  action: 'update' | 'send' | 'read' = 'update',
): Promise<T> {
  if (!isId(conversationId)) throw notFound('Conversation');
  return transact(ctx, async (tx) => {
    const seen = await tx.em.findOne(Conversation, { id: conversationId });
    authorize(abilityOf(ctx), action, 'Conversation', seen);
    const lockMode = LockMode.PESSIMISTIC_WRITE;
    const thread = await tx.em.findOneOrFail(Thread, { id: seen.threadId }, { lockMode });
    // It may have become somebody else's while this waited.
    const conversation = await tx.em.findOne(Conversation, { id: conversationId }, { refresh: true, lockMode });
    authorize(abilityOf(ctx), action, 'Conversation', conversation);
    return work(tx, conversation, thread);
  });
}
