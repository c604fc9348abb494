import type { Actor } from '@fenster/auth';
import type { Tx } from '@fenster/database';
import { DomainError, invalidInput, isId, notFound } from '@fenster/runtime';
import { checkReason } from '../activities/reason.js';
import type { ConversationChange } from '../conversations/change-conversation.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { Member, Team, TeamMember } from '../directory/directory.entity.js';
import { addParticipants } from '../participants/add-participants.js';
import { recordAssignment, type Placement } from './record-assignments.js';

interface Reasoned {
  reason?: string | null | undefined;
}

/** @throws DomainError INVALID_INPUT, NOT_FOUND. */
export function assigning({ memberId, reason }: Reasoned & { memberId: string | null }): ConversationChange {
  const words = wordsOf(reason);
  if (memberId !== null && !isId(memberId)) throw notFound('Member', 'memberId');
  return async (tx, conversation) => {
    if (memberId !== null) await checkAssignable(tx, memberId);
    await place(tx, conversation, { teamId: conversation.teamId ?? null, assigneeId: memberId }, words);
  };
}

/** Who is not of the new team has it no longer: its queue has. @throws DomainError INVALID_INPUT, NOT_FOUND. */
export function givingToTeam({ teamId, reason }: Reasoned & { teamId: string | null }): ConversationChange {
  const words = wordsOf(reason);
  if (teamId !== null && !isId(teamId)) throw notFound('Team', 'teamId');
  return async (tx, conversation) => {
    if (teamId !== null && !(await tx.em.findOne(Team, { id: teamId }))) throw notFound('Team', 'teamId');
    const assigneeId = conversation.assigneeId ?? null;
    const stays =
      teamId === null || (assigneeId && (await tx.em.findOne(TeamMember, { teamId, memberId: assigneeId })));
    await place(tx, conversation, { teamId, assigneeId: stays ? assigneeId : null }, words);
  };
}

/** @throws DomainError FORBIDDEN for a program, INVALID_INPUT; then ALREADY_ASSIGNED. */
export function taking(
  { kind, id }: Actor,
  { from, reason }: Reasoned & { from?: string | null | undefined },
): ConversationChange {
  if (kind !== 'member') {
    throw new DomainError('FORBIDDEN', 'A program takes no conversation: assign it to somebody.');
  }
  const words = wordsOf(reason);
  return async (tx, conversation) => {
    const { teamId = null, assigneeId } = conversation;
    if (assigneeId && assigneeId !== id && assigneeId !== from) {
      throw new DomainError('ALREADY_ASSIGNED', 'A colleague has it. Name them in `from` to take it from them.', {
        details: { assignee: { id: assigneeId } },
      });
    }
    await place(tx, conversation, { teamId, assigneeId: id }, words);
  };
}

function wordsOf(reason: string | null | undefined): string | undefined {
  return reason == null ? undefined : checkReason(reason);
}

async function checkAssignable(tx: Tx, memberId: string): Promise<void> {
  const member = await tx.em.findOne(Member, { id: memberId });
  if (!member || member.status === 'REMOVED') throw notFound('Member', 'memberId');
  if (member.status === 'INVITED') {
    throw invalidInput('memberId', 'must be of somebody who has accepted their invitation.');
  }
  if (!member.permissions.includes('conversation:read')) {
    throw invalidInput('memberId', 'must be of somebody whose role lets them see conversations.');
  }
}

async function place(tx: Tx, conversation: Conversation, after: Placement, reason: string | undefined): Promise<void> {
  const before = { teamId: conversation.teamId ?? null, assigneeId: conversation.assigneeId ?? null };
  if (before.teamId === after.teamId && before.assigneeId === after.assigneeId) return;
  Object.assign(conversation, after);
  recordAssignment(tx, { conversation, before, after, cause: 'MANUAL', reason });
  if (after.assigneeId) await addParticipants(tx, [{ conversation, memberId: after.assigneeId }], 'ASSIGNED');
  tx.audit({ action: 'conversation.assign', object: { type: 'conversation', id: conversation.id }, before, after });
}
