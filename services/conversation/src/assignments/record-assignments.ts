import { assignmentChanged, conversationMovedAway, type AssignmentCause } from '@fenster/contracts';
import type { Tx } from '@fenster/database';
import { recordActivity } from '../activities/record-activity.js';
import type { Conversation } from '../conversations/conversation.entity.js';

/** Whose work a conversation is. */
export type Placement = Pick<Conversation, 'teamId' | 'assigneeId'>;

export interface AssignmentChange {
  conversation: Pick<Conversation, 'id' | 'workspaceId' | 'threadId'>;
  before: Placement;
  after: Placement;
  cause: AssignmentCause;
  /** In words of a person, or of the rule that decided. */
  reason?: string | undefined;
}

/** What a change of assignment leaves behind, in its transaction. Whoever makes it has stored the rows. */
export function recordAssignment(tx: Tx, { conversation, before, after, cause, reason }: AssignmentChange): void {
  const { id: conversationId, workspaceId, threadId } = conversation;
  const isTeamNew = before.teamId !== after.teamId;
  const isAssigneeNew = before.assigneeId !== after.assigneeId;
  if (!isTeamNew && !isAssigneeNew) return;
  const previous = { previousTeamId: before.teamId ?? null, previousAssigneeId: before.assigneeId ?? null };
  const about = { entityId: conversationId, workspaceId };
  if (takesSight(before, after))
    tx.emit(conversationMovedAway, { ...about, data: { conversationId, threadId, ...previous } });
  const { teamId = null, assigneeId = null } = after;
  tx.emit(assignmentChanged, { ...about, data: { conversationId, threadId, teamId, assigneeId, ...previous, cause } });
  if (isTeamNew)
    recordActivity(tx, conversation, { kind: 'TEAM', before: before.teamId ?? null, after: teamId, reason });
  if (isAssigneeNew) {
    recordActivity(tx, conversation, {
      kind: 'ASSIGNEE',
      before: before.assigneeId ?? null,
      after: assigneeId,
      reason,
    });
  }
}

/** Whether anybody may lose sight of it, by the rules of `ability.ts`. */
function takesSight(before: Placement, after: Placement): boolean {
  if (before.assigneeId && before.assigneeId !== after.assigneeId) return true;
  // Of a team, those see it who belong to the team; of nobody, those of its channel's teams.
  return before.teamId ? before.teamId !== after.teamId : !before.assigneeId;
}
