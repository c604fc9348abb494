import { allows } from '@fenster/auth';
import type { Tx } from '@fenster/database';
import { checkText, DomainError, isId, notFound } from '@fenster/runtime';
import { LockMode } from '@mikro-orm/core';
import { abilityOf, type ConversationContext } from '../context.js';
import { changeConversation } from '../conversations/change-conversation.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { contentIn } from '../messages/outgoing-content.js';
import { queueMessage } from '../messages/queue-message.js';
import type { Thread } from '../threads/thread.entity.js';
import { judgeDecision, type Decision } from './approval.rule.js';
import type { ApproveHeldMessageInput, DeclineHeldMessageInput } from './approval.types.js';
import { StoredHeldMessage } from './held-message.entity.js';
import { tellHeld } from './hold-message.js';

/**
 * It leaves, if the send gate has nothing else against it now, asked for its author: with a reason, it waits on.
 * @throws DomainError BEYOND_API_KEY, NOT_FOUND, NOT_YOURS_TO_DECIDE, NOT_HELD, and what the send gate says
 */
export function approveHeldMessage(
  ctx: ConversationContext,
  { id, expectedLastSeq }: ApproveHeldMessageInput,
): Promise<StoredHeldMessage> {
  return decide(ctx, id, 'RELEASED', async (tx, held, conversation, thread) => {
    const content = contentIn({ ...held, text: held.text ?? null, payload: held.payload ?? null });
    if (!content) throw new DomainError('NOT_HELD', 'What it said is gone. Write it again.', { field: 'id' });
    const [reason] = await queueMessage(tx, conversation, thread, {
      id,
      by: { kind: held.authorKind, id: held.authorId },
      content,
      contentField: undefined,
      contextProviderMessageId: held.contextProviderMessageId ?? undefined,
      expectedLastSeq,
      isApproved: true,
    });
    if (reason) throw reason;
    // The message says it from now on.
    Object.assign(held, { text: null, payload: null });
  });
}

/** @throws DomainError BEYOND_API_KEY, NOT_FOUND, NOT_YOURS_TO_DECIDE, NOT_HELD, INVALID_INPUT */
export async function declineHeldMessage(
  ctx: ConversationContext,
  { id, reason: given }: DeclineHeldMessageInput,
): Promise<StoredHeldMessage> {
  const reason = checkText(given, 'reason', { max: 500 });
  return decide(ctx, id, 'DECLINED', async (tx, held) => {
    held.reason = reason;
    tx.audit({ action: 'message.decline', object: { type: 'message', id }, after: { reason } });
  });
}

/** @throws DomainError NOT_FOUND, NOT_YOURS_TO_DECIDE, NOT_HELD */
export function withdrawHeldMessage(ctx: ConversationContext, id: string): Promise<StoredHeldMessage> {
  return decide(ctx, id, 'WITHDRAWN', async (tx) => {
    tx.audit({ action: 'message.withdraw', object: { type: 'message', id } });
  });
}

/** The thread is locked: of two who decide at once, the later one is told that it is decided. */
async function decide(
  ctx: ConversationContext,
  id: string,
  decision: Decision,
  work: (tx: Tx, held: StoredHeldMessage, conversation: Conversation, thread: Thread) => Promise<void>,
): Promise<StoredHeldMessage> {
  const actor = ctx.requireActor();
  const seen = isId(id) ? await ctx.em.findOne(StoredHeldMessage, { id }) : null;
  const conversationOf = seen && (await ctx.em.findOne(Conversation, { id: seen.conversationId }));
  const action = decision === 'WITHDRAWN' ? 'send' : 'read';
  // Of what one may not see, nothing tells it from what does not exist.
  if (!conversationOf || !allows(abilityOf(ctx), action, 'Conversation', conversationOf)) throw notFound('HeldMessage');
  const change = async (tx: Tx, conversation: Conversation, thread: Thread) => {
    const lockMode = LockMode.PESSIMISTIC_WRITE;
    const held = await tx.em.findOne(StoredHeldMessage, { id }, { lockMode, refresh: true });
    if (!held) throw notFound('HeldMessage');
    const judgement = judgeDecision(held, decision, actor, tx.now());
    if (judgement instanceof DomainError) throw judgement;
    if (judgement === 'repeated') return held;
    await work(tx, held, conversation, thread);
    const decidedById = actor.kind === 'member' ? actor.id : null;
    Object.assign(held, { state: decision, endedAt: tx.now(), decidedById });
    await tx.em.flush();
    tellHeld(tx, held);
    return held;
  };
  return changeConversation(ctx, conversationOf.id, change, action);
}
