import type { Actor } from '@fenster/auth';
import { claimChanged, type ActorRef, type ClaimChanged } from '@fenster/contracts';
import { sql, type Origin, type Tx } from '@fenster/database';
import { DomainError, invalidInput } from '@fenster/runtime';
import { LockMode } from '@mikro-orm/core';
import { checkReason } from '../activities/reason.js';
import { recordActivity } from '../activities/record-activity.js';
import type { ConversationContext } from '../context.js';
import { checkInControl } from '../control/check-in-control.js';
import { changeConversation } from '../conversations/change-conversation.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { setTimers } from '../timers/timer.js';
import { Claim } from './claim.entity.js';
import { CLAIM_SECONDS, checkClaim, expiryFrom, heldClaim, isHeldBy, renewedExpiry } from './claim.rule.js';

export const CLAIM_EXPIRY = { kind: 'claim-expiry' };

/**
 * From now on nobody else may send here. A claim of one's own is renewed.
 * @throws DomainError NOT_FOUND, INVALID_INPUT, NOT_IN_CONTROL, CLAIMED_BY_OTHER
 */
export async function claimConversation(
  ctx: ConversationContext,
  { conversationId, seconds }: { conversationId: string; seconds: number },
): Promise<Claim> {
  checkSeconds(seconds);
  const change = async (tx: Tx, conversation: Conversation) => {
    const claim = await lockClaim(tx, conversation.id);
    const me = ctx.requireActor();
    await checkInControl(tx, conversation, me);
    checkClaim(claim, me, tx.now());
    return hold(tx, conversation, claim, me, { seconds });
  };
  return changeConversation(ctx, conversationId, change, 'send');
}

/**
 * From now on oneself may send here, and who held the claim may not.
 * @throws DomainError NOT_FOUND, INVALID_INPUT, NOT_IN_CONTROL
 */
export async function takeOverClaim(
  ctx: ConversationContext,
  { conversationId, reason: given, seconds }: { conversationId: string; reason: string; seconds: number },
): Promise<Claim> {
  checkSeconds(seconds);
  const reason = checkReason(given);
  const change = async (tx: Tx, conversation: Conversation) => {
    const me = ctx.requireActor();
    const claim = await lockClaim(tx, conversation.id);
    await checkInControl(tx, conversation, me);
    return hold(tx, conversation, claim, me, { seconds, reason });
  };
  return changeConversation(ctx, conversationId, change, 'send');
}

/**
 * Gives up one's own claim; without one, nothing happens.
 * @throws DomainError NOT_FOUND, CLAIMED_BY_OTHER
 */
export async function releaseClaim(ctx: ConversationContext, conversationId: string): Promise<Conversation> {
  const change = async (tx: Tx, conversation: Conversation) => {
    const claim = await lockClaim(tx, conversation.id);
    checkClaim(claim, ctx.requireActor(), tx.now());
    if (heldClaim(claim, tx.now())) endClaim(tx, conversation, claim!, 'released');
    return conversation;
  };
  return changeConversation(ctx, conversationId, change, 'send');
}

/**
 * The holder is still at it: the claim holds on. Nobody is told.
 * @throws DomainError NOT_FOUND, CLAIM_LOST
 */
export async function renewClaim(ctx: ConversationContext, conversationId: string): Promise<Claim> {
  const change = async (tx: Tx, conversation: Conversation) => {
    const claim = await lockClaim(tx, conversation.id);
    const held = heldClaim(claim, tx.now());
    if (!held || !isHeldBy(held, ctx.requireActor())) {
      throw new DomainError('CLAIM_LOST', 'You do not hold the claim any more. Claim the conversation again.', {
        details: { claim: held ?? null },
      });
    }
    held.expiresAt = renewedExpiry(held, tx.now()) ?? held.expiresAt;
    return held;
  };
  return changeConversation(ctx, conversationId, change, 'send');
}

/** Somebody types, edits the draft, or sends: if the claim is theirs, it holds on. Does without the thread's lock. */
export async function keepClaim(tx: Tx, conversationId: string, { kind, id }: Who): Promise<void> {
  const now = tx.now();
  await sql`
    update claim set expires_at = ${now}::timestamptz + seconds * interval '1 second'
    where workspace_id = ${tx.workspaceId} and conversation_id = ${conversationId}
      and holder_kind = ${kind} and holder_id = ${id} and expires_at > ${now}
      and expires_at <= ${now}::timestamptz + seconds * interval '1 second' * 2 / 3
  `.execute(tx.sql);
}

/** The claim, which nobody renews meanwhile. The thread must be locked. */
export function lockClaim(tx: Tx, conversationId: string): Promise<Claim | null> {
  return tx.em.findOne(Claim, { conversationId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
}

/** Nobody holds it any more. `origin` as in consumers. */
export function endClaim(tx: Tx, conversation: Announced, claim: Claim, change: 'released', origin?: Origin): void {
  tx.em.remove(claim);
  announceClaim(tx, conversation, { change, previousHolder: holderOf(claim) }, origin);
}

export function holderOf({ holderKind, holderId }: Pick<Claim, 'holderKind' | 'holderId'>): ActorRef {
  return { kind: holderKind, id: holderId };
}

async function hold(
  tx: Tx,
  conversation: Conversation,
  known: Claim | null,
  who: Who,
  { seconds, reason = null }: { seconds: number; reason?: string | null },
): Promise<Claim> {
  const now = tx.now();
  const expiresAt = expiryFrom(now, seconds);
  const held = heldClaim(known, now);
  const { workspaceId, id: subjectId } = conversation;
  if (held && isHeldBy(held, who)) {
    // Later, the timer finds out by itself.
    if (expiresAt < held.expiresAt) await setTimers(tx, CLAIM_EXPIRY, [{ workspaceId, subjectId, dueAt: expiresAt }]);
    return Object.assign(held, { expiresAt, seconds });
  }
  const previousHolder = known && holderOf(known);
  // Its timer comes later than its expiry: the end is told before the beginning.
  if (known && !held) announceClaim(tx, conversation, { change: 'expired', previousHolder });
  const taken = {
    holderKind: who.kind,
    holderId: who.id,
    takenAt: now,
    expiresAt,
    seconds,
    reason: held ? reason : null,
  };
  const claim = known
    ? Object.assign(known, taken)
    : tx.em.create(Claim, { conversationId: subjectId, workspaceId, ...taken });
  await setTimers(tx, CLAIM_EXPIRY, [{ workspaceId, subjectId, dueAt: expiresAt }]);
  announceClaim(tx, conversation, {
    change: held ? 'taken_over' : 'taken',
    holder: who,
    ...(held && { previousHolder }),
    expiresAt: expiresAt.toISOString(),
  });
  if (!held) return claim;
  recordActivity(tx, conversation, { kind: 'CLAIM', before: previousHolder!.id!, after: who.id, reason });
  tx.audit({
    action: 'conversation.update',
    object: { type: 'conversation', id: conversation.id },
    before: { claimHolderId: previousHolder!.id! },
    after: { claimHolderId: who.id },
  });
  return claim;
}

type Change = Pick<ClaimChanged, 'change'> & Partial<Pick<ClaimChanged, 'holder' | 'previousHolder' | 'expiresAt'>>;
type Announced = Pick<Conversation, 'id' | 'threadId' | 'workspaceId'>;

export function announceClaim(tx: Tx, { id, threadId, workspaceId }: Announced, change: Change, origin?: Origin): void {
  const nobody = { holder: null, previousHolder: null, expiresAt: null };
  tx.emit(claimChanged, {
    entityId: id,
    workspaceId,
    ...(origin && { origin }),
    data: { conversationId: id, threadId, ...nobody, ...change },
  });
}

type Who = Pick<Actor, 'kind' | 'id'>;

function checkSeconds(seconds: number): void {
  const { min, max } = CLAIM_SECONDS;
  if (seconds < min || seconds > max) throw invalidInput('seconds', `must be ${min} to ${max}.`);
}
