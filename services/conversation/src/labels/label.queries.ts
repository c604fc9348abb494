import { array, sql } from '@fenster/database';
import type { ActorRef } from '@fenster/contracts';
import type { BatchLoad } from '@fenster/graphql';
import { toActor } from '../activities/actor.types.js';
import type { ConversationContext } from '../context.js';
import { Label } from './label.entity.js';
import type { ConversationLabelType } from './label.types.js';

/** All of the workspace, by name. */
export function listLabels(ctx: ConversationContext): Promise<Label[]> {
  return ctx.em.find(Label, {}, { orderBy: { name: 'asc', id: 'asc' } });
}

export const labelsById: BatchLoad<string, Label> = async (ctx, ids) => {
  const labels = await ctx.em.find(Label, { id: { $in: [...ids] } });
  return new Map(labels.map((label) => [label.id, label]));
};

interface Row {
  conversation_id: string;
  id: string;
  name: string;
  colour: string;
  created_at: Date;
  set_by_kind: ActorRef['kind'];
  set_by_id: string | null;
  set_at: Date;
}

/** By conversation, in the order in which they were set. */
export const labelsOfConversations: BatchLoad<string, ConversationLabelType[]> = async (ctx, conversationIds) => {
  const rows = await ctx.database.readForTenant(
    ctx.requireActor().workspaceId,
    sql<Row>`
      select c.conversation_id, label.id, label.name, label.colour, label.created_at, c.set_by_kind, c.set_by_id, c.set_at
      from conversation_label c join label on label.workspace_id = c.workspace_id and label.id = c.label_id
      where c.conversation_id = any(${array('uuid', conversationIds)})
      order by c.set_at, label.id
    `,
  );
  const byConversation = Map.groupBy(rows, (row) => row.conversation_id);
  return new Map([...byConversation].map(([id, found]) => [id, found.map(toType)]));
};

function toType({ id, name, colour, created_at: createdAt, ...row }: Row): ConversationLabelType {
  return {
    label: { id, name, colour, createdAt },
    setBy: toActor({ kind: row.set_by_kind, id: row.set_by_id }),
    setAt: row.set_at,
  };
}
