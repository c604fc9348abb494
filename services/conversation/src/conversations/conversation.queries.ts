import { accessibleWhere } from '@fenster/auth';
import { logBounds, type EntityManager } from '@fenster/database';
import { checkPageSize, decodePage, encodeCursor, encodePage, type BatchLoad } from '@fenster/graphql';
import { isId } from '@fenster/runtime';
import { IsolationLevel } from '@mikro-orm/core';
import { abilityOf, type ConversationContext } from '../context.js';
import { Thread } from '../threads/thread.entity.js';
import { Conversation } from './conversation.entity.js';
import type { ConversationPage } from './conversation.types.js';

/** Rows and event position come from one snapshot of the database, so a client that goes on from it misses nothing. */
export async function listConversations(
  ctx: ConversationContext,
  { first, after }: { first: number; after: string | null | undefined },
): Promise<ConversationPage> {
  const size = checkPageSize(first);
  const position = after == null ? undefined : decodePage(after, 'after');
  return ctx.em.transactional(
    async (em) => {
      const { last } = await logBounds(em as EntityManager);
      const rows = await em.find(
        Conversation,
        {
          $and: [
            accessibleWhere(abilityOf(ctx), 'read', 'Conversation'),
            position
              ? {
                  $or: [
                    { lastMessageAt: { $lt: position.at } },
                    { lastMessageAt: position.at, id: { $lt: position.id } },
                  ],
                }
              : {},
          ],
        },
        { orderBy: { lastMessageAt: 'desc', id: 'desc' }, limit: size + 1 },
      );
      const nodes = rows.slice(0, size);
      const oldest = nodes.at(-1);
      return {
        nodes,
        nextPage: rows.length > size && oldest ? encodePage({ at: oldest.lastMessageAt, id: oldest.id }) : null,
        cursor: encodeCursor(last),
      };
    },
    { isolationLevel: IsolationLevel.REPEATABLE_READ, readOnly: true },
  );
}

/** Those of the conversations that the actor may see. */
export const conversationsById: BatchLoad<string, Conversation> = async (ctx, ids) => {
  const where = { $and: [accessibleWhere(abilityOf(ctx), 'read', 'Conversation'), { id: { $in: ids.filter(isId) } }] };
  const rows = await ctx.em.find(Conversation, where);
  return new Map(rows.map((row) => [row.id, row]));
};

export const threadsById: BatchLoad<string, Thread> = async (ctx, ids) => {
  const rows = await ctx.em.find(Thread, { id: { $in: [...ids] } });
  return new Map(rows.map((row) => [row.id, row]));
};
