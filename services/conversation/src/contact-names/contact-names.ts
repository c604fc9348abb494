import { array, sql, type Sql } from '@fenster/database';
import type { BatchLoad } from '@fenster/graphql';

interface NameRow {
  id: string;
  name: string | null;
}

/**
 * What the people of these conversations are called: as contacts tells it, else as the channel did. Without what
 * nobody knows. For those who may see contacts.
 */
export function nameStatement(workspaceId: string, conversationIds: readonly string[]) {
  return sql<NameRow>`
    select c.id, coalesce(nullif(n.name, ''), t.profile_name) as name from conversation c
    join thread t on t.workspace_id = c.workspace_id and t.id = c.thread_id
    left join contact_name n on n.workspace_id = c.workspace_id and n.contact_id = c.contact_id
    where c.workspace_id = ${workspaceId} and c.id = any(${array('uuid', conversationIds)})
  `;
}

/** By conversation. */
export const contactNames: BatchLoad<string, string> = async (ctx, conversationIds) => {
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(workspaceId, nameStatement(workspaceId, conversationIds));
  return new Map(rows.flatMap(({ id, name }) => (name === null ? [] : [[id, name]])));
};

export async function contactNameOf(db: Sql, workspaceId: string, conversationId: string): Promise<string | null> {
  const { rows } = await nameStatement(workspaceId, [conversationId]).execute(db);
  return rows[0]?.name ?? null;
}
