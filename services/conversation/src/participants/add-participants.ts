import { conversationParticipantsChanged } from '@fenster/contracts';
import { sql, unnest, type Origin, type Tx } from '@fenster/database';
import { recordActivity } from '../activities/record-activity.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import type { ParticipationCause } from './participant.entity.js';

export interface NewParticipant {
  conversation: Pick<Conversation, 'id' | 'workspaceId' | 'threadId'>;
  memberId: string;
}

/**
 * From now on they follow these conversations; who does so already goes on, for the cause that was first. For whoever
 * the transaction works: members, and rules in consumers. One statement whatever their number; ids are not checked.
 */
export async function addParticipants(
  tx: Tx,
  participants: readonly NewParticipant[],
  cause: ParticipationCause,
  origin: Origin = tx.origin,
): Promise<void> {
  if (participants.length === 0) return;
  const { actor } = origin;
  const { rows } = await sql<{ conversation_id: string; member_id: string }>`
    insert into participant (workspace_id, conversation_id, member_id, cause, added_by_kind, added_by_id, added_at)
    select workspace_id, conversation_id, member_id, ${cause}, ${actor.kind}, ${actor.id ?? null}, ${tx.now()}
    from ${unnest(
      'input',
      { workspace_id: 'uuid', conversation_id: 'uuid', member_id: 'uuid' },
      participants.map(({ conversation, memberId }) => ({
        workspace_id: conversation.workspaceId,
        conversation_id: conversation.id,
        member_id: memberId,
      })),
    )}
    on conflict do nothing returning conversation_id, member_id
  `.execute(tx.sql);
  const conversations = new Map(participants.map(({ conversation }) => [conversation.id, conversation]));
  for (const [id, added] of Map.groupBy(rows, (row) => row.conversation_id)) {
    const memberIds = added.map((row) => row.member_id);
    announceParticipants(tx, conversations.get(id)!, { added: memberIds, removed: [] }, origin);
    // Of the other causes, an activity of their own tells.
    if (cause !== 'ADDED' && cause !== 'FOLLOWED') continue;
    for (const after of memberIds) {
      recordActivity(tx, conversations.get(id)!, { kind: 'PARTICIPANT', before: null, after, origin });
    }
  }
}

export function announceParticipants(
  tx: Tx,
  { id: conversationId, workspaceId, threadId }: NewParticipant['conversation'],
  change: { added: string[]; removed: string[] },
  origin: Origin = tx.origin,
): void {
  const data = { conversationId, threadId, ...change };
  tx.emit(conversationParticipantsChanged, { entityId: conversationId, workspaceId, origin, data });
}
