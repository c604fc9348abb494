import type { Tx } from '@fenster/database';
import type { Conversation } from '../conversations/conversation.entity.js';
import type { Thread } from '../threads/thread.entity.js';
import { clearTimers, setTimers } from '../timers/timer.js';
import { announceStatus } from './announce-status.js';
import { decideStatus, type StatusCommand } from './status.rule.js';
import { SNOOZE_END } from './wake-conversations.js';

const AUDITED = {
  resolve: 'conversation.resolve',
  reopen: 'conversation.reopen',
  reply: 'conversation.reopen',
} as const;

/**
 * What somebody wants of one conversation; its thread is locked. `false` if nothing changes.
 * @throws DomainError as {@link decideStatus}
 */
export async function changeStatus(
  tx: Tx,
  conversation: Conversation,
  thread: Thread,
  command: StatusCommand,
  { note }: { note?: string | null } = {},
): Promise<boolean> {
  const { openConversationId } = thread;
  const transition = decideStatus(conversation, command, {
    now: tx.now(),
    window: { expiresAt: thread.windowExpiresAt ?? null },
    isAnotherOpen: openConversationId != null && openConversationId !== conversation.id,
  });
  if (!transition) return false;
  const before = auditedOf(conversation);
  const { to, reason } = transition;
  announceStatus(tx, conversation, { from: conversation.status, to, reason, note });
  if (to.status === 'RESOLVED') {
    thread.openConversationId = null;
    thread.resolvedConversationId = conversation.id;
    conversation.waitingSince = null;
  } else thread.openConversationId = conversation.id;
  thread.wakesOnMessage = to.status === 'PENDING' || to.status === 'SNOOZED';
  const [was, is] = [conversation.snoozedUntil, to.snoozedUntil];
  Object.assign(conversation, to);
  const { workspaceId, id: subjectId } = conversation;
  if (is) await setTimers(tx, SNOOZE_END, [{ workspaceId, subjectId, dueAt: is }]);
  else if (was) await clearTimers(tx, SNOOZE_END, [{ workspaceId, subjectId }]);
  tx.audit({
    action: AUDITED[command.kind as keyof typeof AUDITED] ?? 'conversation.update',
    object: { type: 'conversation', id: conversation.id },
    before,
    after: auditedOf(conversation),
  });
  return true;
}

function auditedOf({ status, snoozedUntil }: Conversation) {
  return { status, snoozedUntil: snoozedUntil?.toISOString() ?? null };
}
