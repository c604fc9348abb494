import type { HeldMessageState } from '@fenster/contracts';
import { sql } from '@fenster/database';
import { checkPageSize, decodePage, pageOf } from '@fenster/graphql';
import { invalidInput, isId } from '@fenster/runtime';
import { abilityOf, type ConversationContext } from '../context.js';
import { accessibleSql } from '../conversations/accessible-sql.js';
import { StoredHeldMessage } from './held-message.entity.js';

export interface HeldMessagesAsked {
  conversationId?: string | null | undefined;
  state: HeldMessageState;
  first: number;
  after?: string | null | undefined;
}

/** In conversations that the actor may see; the oldest first. @throws DomainError INVALID_INPUT */
export async function listHeldMessages(
  ctx: ConversationContext,
  { conversationId, state, first, after }: HeldMessagesAsked,
): Promise<{ nodes: StoredHeldMessage[]; nextPage: string | null }> {
  const size = checkPageSize(first);
  const position = after == null ? undefined : decodePage(after, 'after');
  if (conversationId != null && !isId(conversationId)) throw invalidInput('conversationId', 'must be an id.');
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<{ id: string; at: Date }>`
      select h.id, h.held_at as at from held_message h
      join conversation c on c.workspace_id = h.workspace_id and c.id = h.conversation_id
      where h.workspace_id = ${workspaceId} and h.state = ${state} and ${accessibleSql(abilityOf(ctx), 'read')}
        ${conversationId == null ? sql`` : sql`and h.conversation_id = ${conversationId}`}
        ${position ? sql`and (h.held_at, h.id) > (${position.at}, ${position.id})` : sql``}
      order by h.held_at, h.id limit ${size + 1}
    `,
  );
  const { nodes, nextPage } = pageOf(rows, size, (row) => row);
  const found = await ctx.em.find(StoredHeldMessage, { id: { $in: nodes.map(({ id }) => id) } });
  const byId = new Map(found.map((held) => [held.id, held]));
  return { nodes: nodes.flatMap(({ id }) => byId.get(id) ?? []), nextPage };
}
