import type { ActorRef, ControlChanged, Controller } from '@fenster/contracts';
import { controlChanged } from '@fenster/contracts';
import type { Origin, Tx } from '@fenster/database';
import { invalidInput, isId, notFound } from '@fenster/runtime';
import { LockMode } from '@mikro-orm/core';
import { checkReason } from '../activities/reason.js';
import { recordActivity } from '../activities/record-activity.js';
import { endClaim, holderOf, lockClaim } from '../claims/claim.commands.js';
import type { ConversationContext } from '../context.js';
import { changeConversation } from '../conversations/change-conversation.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { ApiKey } from '../directory/directory.entity.js';
import { Control } from './control.entity.js';
import { stateOf } from './control.queries.js';
import {
  checkControl,
  idOf,
  isSame,
  noOffer,
  stepControl,
  type ControlAction,
  type ControlState,
  type ControlStep,
} from './control.rule.js';

export interface ControllerInput {
  kind: Controller['kind'];
  id?: string | null;
}

/**
 * @throws DomainError NOT_FOUND, INVALID_INPUT, NOT_IN_CONTROL, NO_OFFER
 */
export async function offerControl(
  ctx: ConversationContext,
  { conversationId, to, summary }: { conversationId: string; to: ControllerInput; summary: string },
): Promise<Control> {
  const action = { kind: 'offer', to: toController(to) } as const;
  return changeControl(ctx, conversationId, action, checkReason(summary, 'summary'));
}

/** @throws DomainError NOT_FOUND, NO_OFFER */
export async function acceptControl(ctx: ConversationContext, conversationId: string): Promise<Control> {
  return changeControl(ctx, conversationId, { kind: 'accept' });
}

/**
 * By who was offered control, or by who offered it.
 * @throws DomainError NOT_FOUND, NO_OFFER, NOT_IN_CONTROL
 */
export async function declineControl(ctx: ConversationContext, conversationId: string): Promise<Control> {
  return changeControl(ctx, conversationId, { kind: 'decline' });
}

/**
 * Whoever comes first answers from now on.
 * @throws DomainError NOT_FOUND, INVALID_INPUT, NOT_IN_CONTROL
 */
export async function releaseControl(
  ctx: ConversationContext,
  { conversationId, summary }: { conversationId: string; summary: string },
): Promise<Control> {
  return changeControl(ctx, conversationId, { kind: 'release' }, checkReason(summary, 'summary'));
}

/**
 * People answer from now on, whoever did before.
 * @throws DomainError NOT_FOUND, INVALID_INPUT, ONLY_PEOPLE
 */
export async function takeOverControl(
  ctx: ConversationContext,
  { conversationId, reason }: { conversationId: string; reason: string },
): Promise<Control> {
  return changeControl(ctx, conversationId, { kind: 'take_over' }, checkReason(reason));
}

async function changeControl(
  ctx: ConversationContext,
  conversationId: string,
  action: ControlAction,
  words: string | null = null,
): Promise<Control> {
  const change = async (tx: Tx, conversation: Conversation) => {
    const actor = ctx.requireActor();
    // Before the row of control: whoever ends a key locks them in this order.
    if (action.kind === 'offer' && !(await isGood(tx, action.to))) throw notFound('API key', 'to.id');
    if (action.kind === 'accept' && !(await isGood(tx, actor))) throw noOffer();
    const row = await lockControl(tx, conversation);
    const before = stateOf(row);
    const step = stepControl(before, action, actor);
    if (!step) return row;
    if (step.change === 'offered') {
      Object.assign(row, {
        offeredByKind: actor.kind,
        offeredById: actor.id,
        offerSummary: words,
        offeredAt: tx.now(),
      });
    }
    applyStep(tx, conversation, row, before, step, step.change === 'accepted' ? row.offerSummary : words);
    if (!isSame(before.controller, step.controller)) await endUselessClaim(tx, conversation, step);
    return row;
  };
  return changeConversation(ctx, conversationId, change, 'send');
}

/** Writes what a step has made of it, and tells it. */
export function applyStep(
  tx: Tx,
  conversation: Pick<Conversation, 'id' | 'threadId' | 'workspaceId'>,
  row: Control,
  before: ControlState,
  { change, controller, offeredTo }: ControlStep,
  words: string | null | undefined,
  origin?: Origin,
): void {
  const isMoved = !isSame(before.controller, controller);
  if (isMoved) {
    row.controllerKind = controller?.kind ?? null;
    row.controllerId = idOf(controller);
    row.since = tx.now();
    row.summary = words ?? null;
  }
  row.offeredToKind = offeredTo?.kind ?? null;
  row.offeredToId = idOf(offeredTo);
  if (offeredTo === null) {
    Object.assign(row, { offeredByKind: null, offeredById: null, offerSummary: null, offeredAt: null });
  }
  const { id: conversationId, threadId, workspaceId } = conversation;
  tx.emit(controlChanged, {
    entityId: conversationId,
    workspaceId,
    ...(origin && { origin }),
    data: {
      conversationId,
      threadId,
      change: change satisfies ControlChanged['change'],
      controller,
      previousController: before.controller,
      offeredTo: offeredTo ?? before.offeredTo,
    },
  });
  if (!isMoved) return;
  recordActivity(tx, conversation, {
    kind: 'CONTROL',
    before: named(before.controller),
    after: named(controller),
    reason: words,
    ...(origin && { origin }),
  });
  tx.audit({
    action: 'conversation.update',
    object: { type: 'conversation', id: conversationId },
    before: { controller: named(before.controller) },
    after: { controller: named(controller) },
    workspaceId,
    ...(origin && { origin }),
  });
}

const named = (controller: Controller | null) => controller && (idOf(controller) ?? controller.kind);

/** A claim that its holder cannot use any more would only keep the new controller out. */
async function endUselessClaim(tx: Tx, conversation: Conversation, after: ControlState): Promise<void> {
  const claim = await lockClaim(tx, conversation.id);
  if (!claim) return;
  try {
    checkControl(after, holderOf(claim));
  } catch {
    endClaim(tx, conversation, claim, 'released');
  }
}

async function lockControl(tx: Tx, { id: conversationId, workspaceId }: Conversation): Promise<Control> {
  const known = await tx.em.findOne(Control, { conversationId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  return known ?? tx.em.create(Control, { conversationId, workspaceId, since: tx.now() });
}

/** Whether it has not ended; a program that has not does not until this transaction does. */
async function isGood(
  tx: Tx,
  { kind, id }: { kind: ActorRef['kind'] | 'human'; id?: string | null },
): Promise<boolean> {
  if (kind !== 'api_key') return true;
  const lockMode = LockMode.PESSIMISTIC_READ;
  const known = await tx.em.findOne(ApiKey, { id: id!, expiresAt: { $gt: tx.now() } }, { lockMode });
  return known !== null;
}

function toController({ kind, id }: ControllerInput): Controller {
  if (kind === 'human') {
    if (id != null) throw invalidInput('to.id', 'is for programs: people are offered control together.');
    return { kind };
  }
  if (!isId(id)) throw invalidInput('to.id', 'must be the id of a program.');
  return { kind, id };
}
