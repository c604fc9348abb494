import { allows, grantFor, type ActionGrant } from '@fenster/auth';
import { transact, type Tx } from '@fenster/database';
import { DomainError, isId, notFound } from '@fenster/runtime';
import { abilityOf, type ConversationContext } from '../context.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { quotaLeft } from '../quotas/consume-quota.js';
import { knownFiles } from '../media/files-of-content.js';
import { giveContent } from '../templates/find-template.js';
import { Thread } from '../threads/thread.entity.js';
import { channelOf } from './message.commands.js';
import type { CheckSendInput, ReplyOption, SendCheck } from './check-send.types.js';
import {
  checkSend,
  REPLY_KINDS,
  replyKindOf,
  resourceOf,
  type ReplyKind,
  type SendAttempt,
  type SendState,
} from './send-gate.js';
import { readSendState } from './send-state.js';

/** What sending this would be told now. Nothing is sent, and nothing reserved. @throws DomainError NOT_FOUND */
export async function askSendGate(ctx: ConversationContext, input: CheckSendInput): Promise<SendCheck> {
  const { conversationId, expectedLastSeq } = input;
  const given = await giveContent(ctx.em, input, () => channelOf(ctx, conversationId, 'read'));
  const files = await knownFiles(ctx, given.content);
  return ask(ctx, conversationId, async (tx, conversation, thread) => {
    const kind = replyKindOf(given.content);
    const right = rightTo(ctx, conversation, resourceOf(given.content));
    const attempt: SendAttempt = { by: ctx.requireActor(), ...right, ...given, files, kind, expectedLastSeq };
    const state = await readSendState(tx, conversation, thread, { ...attempt, ...right });
    return { conversationId, ...answer(attempt, state) };
  });
}

/** What of each kind may be sent now. @throws DomainError NOT_FOUND */
export function replyOptions(ctx: ConversationContext, conversationId: string): Promise<ReplyOption[]> {
  return ask(ctx, conversationId, async (tx, conversation, thread) => {
    const options: ReplyOption[] = [];
    const by = ctx.requireActor();
    const state = await readSendState(tx, conversation, thread, { by });
    for (const kind of REPLY_KINDS) {
      const right = rightTo(ctx, conversation, resourceOfKind(ctx, kind));
      const quota = right.grant && (await quotaLeft(tx, by.id, right.grant));
      const { isAllowed, reasons } = answer({ by, ...right, kind }, { ...state, quota });
      const isTimed = isAllowed && kind !== 'TEMPLATE';
      options.push({ conversationId, kind, isAllowed, reasons, allowedUntil: isTimed ? state.window.expiresAt : null });
    }
    return options;
  });
}

async function ask<T>(
  ctx: ConversationContext,
  conversationId: string,
  work: (tx: Tx, conversation: Conversation, thread: Thread) => Promise<T>,
): Promise<T> {
  if (!isId(conversationId)) throw notFound('Conversation');
  return transact(ctx, async (tx) => {
    const conversation = await tx.em.findOne(Conversation, { id: conversationId });
    if (!conversation || !allows(abilityOf(ctx), 'read', 'Conversation', conversation)) throw notFound('Conversation');
    return work(tx, conversation, await tx.em.findOneOrFail(Thread, { id: conversation.threadId }));
  });
}

/** Of templates, where a program may send certain ones only, one of these: so it may send templates. */
function resourceOfKind(ctx: ConversationContext, kind: ReplyKind): string {
  const resource = kind.toLowerCase();
  const grants = kind === 'TEMPLATE' ? (ctx.requireActor().grants ?? []) : [];
  return grants.find((grant) => grant.resource?.startsWith(`${resource}:`))?.resource ?? resource;
}

/** By what right the actor sends this here, or why not. */
function rightTo(
  ctx: ConversationContext,
  conversation: Conversation,
  resource: string,
): { grant?: ActionGrant | undefined; forbidden?: DomainError } {
  if (!allows(abilityOf(ctx), 'send', 'Conversation', conversation)) {
    return { forbidden: new DomainError('NOT_PERMITTED', 'You may not send messages here.') };
  }
  try {
    return { grant: grantFor(ctx.requireActor(), 'message:send', resource) };
  } catch (error) {
    if (error instanceof DomainError) return { forbidden: error };
    throw error;
  }
}

function answer(attempt: SendAttempt, state: SendState): Omit<SendCheck, 'conversationId'> {
  const reasons = checkSend(attempt, state).map(({ code, message, field, details }) => {
    const { resetsAt, claim, monthEndsAt } = details as {
      resetsAt?: Date;
      claim?: { expiresAt: Date };
      monthEndsAt?: Date;
    };
    return { code, message, field: field ?? null, until: resetsAt ?? claim?.expiresAt ?? monthEndsAt ?? null };
  });
  return { isAllowed: reasons.length === 0, reasons };
}
