import { array, sql } from '@fenster/database';
import type { BatchLoad } from '@fenster/graphql';
import { readSeqSql } from '../views/filter.rule.js';

/** Counting ends here. */
export const MAX_UNREAD = 999;

/** Customer messages that the actor has not read, by conversation; which they may see is known by then. */
export const unreadCounts: BatchLoad<string, number> = async (ctx, conversationIds) => {
  const viewer = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    viewer.workspaceId,
    sql<{ id: string; unread: number }>`
      select c.id, unread.count as unread
      from conversation c
      cross join lateral (select ${readSeqSql(viewer)} as seq offset 0) r
      cross join lateral (
        select count(*)::int from (
          select from message m where m.workspace_id = c.workspace_id and m.conversation_id = c.id and m.seq > r.seq
            and m.direction = 'INBOUND' limit ${MAX_UNREAD}
        ) m
      ) unread
      where c.workspace_id = ${viewer.workspaceId} and c.id = any(${array('uuid', conversationIds)})
        and c.last_customer_seq > r.seq
    `,
  );
  return new Map(rows.map((row) => [row.id, row.unread]));
};
