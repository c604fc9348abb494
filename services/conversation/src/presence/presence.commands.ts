import { allows } from '@fenster/auth';
import { transact } from '@fenster/database';
import { DomainError, invalidInput } from '@fenster/runtime';
import { keepClaim } from '../claims/claim.commands.js';
import { claimOf } from '../claims/claim.queries.js';
import { isHeldBy, renewedExpiry } from '../claims/claim.rule.js';
import { abilityOf, type ConversationContext } from '../context.js';
import { controlOf, stateOf } from '../control/control.queries.js';
import { isOneOf } from '../control/control.rule.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { requireConversation } from '../conversations/conversation.queries.js';
import { TYPING, VIEWING } from './presence-map.js';
import type { Heartbeat } from './presence.types.js';

const MAX_PLACE_LENGTH = 64;

/**
 * The member looks at this conversation, or at none.
 * @throws DomainError NOT_FOUND, INVALID_INPUT, BEYOND_API_KEY
 */
export async function setViewing(
  ctx: ConversationContext,
  { conversationId, place }: { conversationId: string | null; place: string },
): Promise<Heartbeat> {
  if (ctx.requireActor().kind !== 'member') {
    throw new DomainError('BEYOND_API_KEY', 'Programs look at nothing: only members are present.');
  }
  checkPlace(place);
  if (conversationId !== null) await requireConversation(ctx, conversationId);
  say(ctx, 'viewing', conversationId, place);
  return { repeatAfterSeconds: VIEWING.repeatMs / 1_000 };
}

/**
 * Somebody types, or stopped. A claim of theirs holds on. If it is a reply, the customer may see that somebody types.
 * @throws DomainError NOT_FOUND, INVALID_INPUT
 */
export async function setTyping(
  ctx: ConversationContext,
  typing: { conversationId: string; isTyping: boolean; isReply: boolean; place: string },
): Promise<Heartbeat> {
  checkPlace(typing.place);
  const conversation = await requireConversation(ctx, typing.conversationId);
  if (ctx.requireActor().kind === 'member') {
    say(ctx, 'typing', typing.isTyping ? conversation.id : null, typing.place);
  }
  if (typing.isTyping) await goOnTyping(ctx, conversation, typing.isReply);
  return { repeatAfterSeconds: TYPING.repeatMs / 1_000 };
}

async function goOnTyping(ctx: ConversationContext, conversation: Conversation, isReply: boolean): Promise<void> {
  const actor = ctx.requireActor();
  const claim = await claimOf(ctx, conversation);
  const isOwn = claim !== undefined && isHeldBy(claim, actor);
  if (isOwn && renewedExpiry(claim, ctx.now())) await transact(ctx, (tx) => keepClaim(tx, conversation.id, actor));
  if (!isReply || (claim && !isOwn) || !allows(abilityOf(ctx), 'send', 'Conversation', conversation)) return;
  const { controller } = stateOf(await controlOf(ctx, conversation));
  if (controller === null || isOneOf(controller, actor)) await ctx.app.customerTyping.passOn(ctx, conversation);
}

function say(ctx: ConversationContext, kind: 'viewing' | 'typing', conversationId: string | null, place: string): void {
  const { workspaceId, id: memberId, sessionId = '' } = ctx.requireActor();
  ctx.app.presence.say({ kind, workspaceId, memberId, place: `${sessionId} ${place}`, conversationId });
}

function checkPlace(place: string): void {
  if (place.length > MAX_PLACE_LENGTH) throw invalidInput('place', `must have at most ${MAX_PLACE_LENGTH} characters.`);
}
