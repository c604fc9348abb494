import type { ActionGrant, Actor } from '@fenster/auth';
import { heldMessageChanged, type OutgoingContent } from '@fenster/contracts';
import type { Origin, Tx } from '@fenster/database';
import type { DomainError } from '@fenster/runtime';
import { BUDGET_HELD } from '../budgets/budget-gate.rule.js';
import { hasServiceWindow } from '../channels/capabilities.rule.js';
import { Channel } from '../channels/channel.entity.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { clearSentDraft } from '../drafts/draft.commands.js';
import { bodyOf, draftOf } from '../messages/outgoing-content.js';
import { consumeQuota } from '../quotas/consume-quota.js';
import type { Thread } from '../threads/thread.entity.js';
import { setTimers } from '../timers/timer.js';
import { expiryOf } from './approval.rule.js';
import { StoredHeldMessage } from './held-message.entity.js';

export const HELD_MESSAGE_EXPIRY = { kind: 'held-message-expiry' };
/** What waits in a conversation at a time; more is refused. */
const MAX_WAITING = 20;

export interface HeldReply {
  id: string;
  by: Pick<Actor, 'kind' | 'id'>;
  grant: ActionGrant | undefined;
  content: OutgoingContent;
  contextProviderMessageId: string | undefined;
}

/** The reasons of the send gate if not all of them are that a budget holds it; the thread is locked. With none, it waits now. */
export async function holdMessage(
  tx: Tx,
  conversation: Conversation,
  thread: Thread,
  { id, by, grant, content, contextProviderMessageId }: HeldReply,
  reasons: readonly DomainError[],
): Promise<readonly DomainError[]> {
  const [held] = reasons;
  const others = reasons.filter(({ code }) => code !== BUDGET_HELD);
  if (!held || others.length > 0) return others;
  const { id: conversationId, workspaceId } = conversation;
  const waiting = await tx.em.find(StoredHeldMessage, { conversationId, state: 'HELD' });
  if (waiting.length >= MAX_WAITING || by.kind === 'system') return reasons;
  const now = tx.now();
  const channel = await tx.em.findOne(Channel, { id: thread.channelId });
  const expiresAt = expiryOf({
    content,
    heldAt: now,
    windowExpiresAt: thread.windowExpiresAt ?? null,
    hasWindow: hasServiceWindow(channel?.capabilities),
  });
  await clearSentDraft(tx, conversation, { text: draftOf(content), by, isDraftable: content.kind === 'text' });
  if (grant) await consumeQuota(tx, by.id, grant);
  tx.em.create(StoredHeldMessage, {
    id,
    workspaceId,
    conversationId,
    threadId: thread.id,
    ...bodyOf(content),
    contextProviderMessageId: contextProviderMessageId ?? null,
    authorKind: by.kind,
    authorId: by.id,
    budgetId: held.details['budgetId'] as string,
    state: 'HELD',
    heldAt: now,
    expiresAt,
  });
  await setExpiry(tx, conversation, [...waiting.map((each) => each.expiresAt), expiresAt]);
  tx.audit({ action: 'message.hold', object: { type: 'message', id } });
  tellHeld(tx, { id, workspaceId, conversationId, threadId: thread.id, state: 'HELD' });
  return [];
}

/** One timer for all that wait in a conversation. */
export async function setExpiry(
  tx: Tx,
  { workspaceId, id: subjectId }: Pick<Conversation, 'workspaceId' | 'id'>,
  expiries: readonly Date[],
): Promise<void> {
  if (expiries.length === 0) return;
  const dueAt = new Date(Math.min(...expiries.map((at) => at.getTime())));
  await setTimers(tx, HELD_MESSAGE_EXPIRY, [{ workspaceId, subjectId, dueAt }]);
}

export function tellHeld(
  tx: Tx,
  held: Pick<StoredHeldMessage, 'id' | 'workspaceId' | 'conversationId' | 'threadId' | 'state'>,
  origin: Origin = tx.origin,
): void {
  const { id, workspaceId, conversationId, threadId, state } = held;
  const data = { heldMessageId: id, conversationId, threadId, state };
  tx.emit(heldMessageChanged, { entityId: id, workspaceId, origin, data });
}
