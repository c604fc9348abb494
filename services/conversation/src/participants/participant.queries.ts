import { array, sql } from '@fenster/database';
import type { ActorRef } from '@fenster/contracts';
import type { BatchLoad } from '@fenster/graphql';
import { toActor } from '../activities/actor.types.js';
import type { ParticipationCause } from './participant.entity.js';
import type { ParticipantType } from './participant.types.js';

interface Row {
  conversation_id: string;
  member_id: string;
  cause: ParticipationCause;
  added_by_kind: ActorRef['kind'];
  added_by_id: string | null;
  added_at: Date;
}

/** By conversation, those who have followed longest first; without those who are no members any more. */
export const participantsOfConversations: BatchLoad<string, ParticipantType[]> = async (ctx, conversationIds) => {
  const rows = await ctx.database.readForTenant(
    ctx.requireActor().workspaceId,
    sql<Row>`
      select p.conversation_id, p.member_id, p.cause, p.added_by_kind, p.added_by_id, p.added_at from participant p
      where p.conversation_id = any(${array('uuid', conversationIds)}) and not exists (
        select from member where workspace_id = p.workspace_id and id = p.member_id and status = 'REMOVED'
      )
      order by p.added_at, p.member_id
    `,
  );
  const byConversation = Map.groupBy(rows, (row) => row.conversation_id);
  return new Map([...byConversation].map(([id, found]) => [id, found.map(toType)]));
};

function toType(row: Row): ParticipantType {
  return {
    member: { id: row.member_id },
    cause: row.cause,
    addedBy: toActor({ kind: row.added_by_kind, id: row.added_by_id }),
    addedAt: row.added_at,
  };
}
