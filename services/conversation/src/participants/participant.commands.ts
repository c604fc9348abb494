import type { Actor } from '@fenster/auth';
import { array, sql, type Tx } from '@fenster/database';
import { DomainError, invalidInput, isId, notFound } from '@fenster/runtime';
import { recordActivity } from '../activities/record-activity.js';
import type { ConversationChange } from '../conversations/change-conversation.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { Member } from '../directory/directory.entity.js';
import { addParticipants, announceParticipants } from './add-participants.js';
import { Participant } from './participant.entity.js';

export const MAX_PARTICIPANTS = 50;

/** @throws DomainError INVALID_INPUT at once; then NOT_FOUND for who is no member, INVALID_INPUT beyond 50. */
export function addingParticipants(input: { memberIds: readonly string[] }): ConversationChange {
  const memberIds = checkMemberIds(input.memberIds);
  return async (tx, conversation) => {
    const known = await tx.em.find(Member, { id: { $in: memberIds }, status: { $ne: 'REMOVED' } });
    if (known.length < memberIds.length) throw notFound('Member', 'memberIds');
    await add(tx, conversation, memberIds, 'ADDED');
  };
}

/** Of those who do not follow nothing changes. @throws DomainError INVALID_INPUT at once. */
export function removingParticipants(input: { memberIds: readonly string[] }): ConversationChange {
  const memberIds = checkMemberIds(input.memberIds);
  return (tx, conversation) => remove(tx, conversation, memberIds);
}

/** @throws DomainError FORBIDDEN for a program; then INVALID_INPUT beyond 50. */
export function following(actor: Actor): ConversationChange {
  const memberIds = [memberIdOf(actor)];
  return (tx, conversation) => add(tx, conversation, memberIds, 'FOLLOWED');
}

/** @throws DomainError FORBIDDEN for a program. */
export function unfollowing(actor: Actor): ConversationChange {
  const memberIds = [memberIdOf(actor)];
  return (tx, conversation) => remove(tx, conversation, memberIds);
}

async function add(
  tx: Tx,
  conversation: Conversation,
  memberIds: readonly string[],
  cause: 'ADDED' | 'FOLLOWED',
): Promise<void> {
  const before = await participantIdsOf(tx, conversation);
  const added = memberIds.filter((id) => !before.includes(id));
  if (added.length === 0) return;
  if (before.length + added.length > MAX_PARTICIPANTS) {
    throw invalidInput('memberIds', `A conversation has at most ${MAX_PARTICIPANTS} participants.`);
  }
  await addParticipants(
    tx,
    added.map((memberId) => ({ conversation, memberId })),
    cause,
  );
  audit(tx, conversation, before, [...before, ...added]);
}

async function remove(tx: Tx, conversation: Conversation, memberIds: readonly string[]): Promise<void> {
  const before = await participantIdsOf(tx, conversation);
  const removed = memberIds.filter((id) => before.includes(id));
  if (removed.length === 0) return;
  await sql`
    delete from participant where workspace_id = ${conversation.workspaceId} and conversation_id = ${conversation.id}
      and member_id = any(${array('uuid', removed)})
  `.execute(tx.sql);
  announceParticipants(tx, conversation, { added: [], removed });
  for (const id of removed) recordActivity(tx, conversation, { kind: 'PARTICIPANT', before: id, after: null });
  const after = before.filter((id) => !removed.includes(id));
  audit(tx, conversation, before, after);
}

function audit(tx: Tx, { id }: Conversation, before: string[], after: string[]): void {
  const object = { type: 'conversation', id } as const;
  tx.audit({
    action: 'conversation.update',
    object,
    before: { participantIds: before },
    after: { participantIds: after },
  });
}

async function participantIdsOf(tx: Tx, { id: conversationId }: Conversation): Promise<string[]> {
  const rows = await tx.em.find(Participant, { conversationId }, { orderBy: { addedAt: 'asc', memberId: 'asc' } });
  return rows.map((row) => row.memberId);
}

function memberIdOf({ kind, id }: Actor): string {
  if (kind !== 'member') throw new DomainError('FORBIDDEN', 'A program follows no conversation: add a member.');
  return id;
}

function checkMemberIds(ids: readonly string[]): string[] {
  if (ids.length === 0 || ids.length > MAX_PARTICIPANTS) {
    throw invalidInput('memberIds', `must name 1 to ${MAX_PARTICIPANTS} members.`);
  }
  if (!ids.every(isId)) throw invalidInput('memberIds', 'must be ids of members.');
  return [...new Set(ids)];
}
