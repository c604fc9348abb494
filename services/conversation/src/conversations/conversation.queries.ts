import { array, sql, type RawBuilder } from '@fenster/database';
import { type BatchLoad, checkPageSize, decodePage, encodeCursor, pageOf } from '@fenster/graphql';
import { isId, notFound } from '@fenster/runtime';
import { abilityOf, type ConversationContext } from '../context.js';
import { compileFilter, type Filter } from '../views/filter.rule.js';
import { accessibleSql } from './accessible-sql.js';
import { Thread } from '../threads/thread.entity.js';
import type { Conversation } from './conversation.entity.js';
import { CONVERSATION_COLUMNS, toConversation, type ConversationRow } from './conversation.row.js';
import type { ConversationPage } from './conversation.types.js';

/** Those that the actor may see, of a person under all ids that contacts knows them by; the most recent first. */
export function listConversationsOfContact(
  ctx: ConversationContext,
  contactIds: readonly string[],
  { first, after }: { first: number; after: string | null | undefined },
): Promise<ConversationPage> {
  const ofContact = sql<boolean>`c.contact_id = any(${array('uuid', contactIds.filter(isId))})`;
  return listMatching(ctx, { first, after, where: ofContact });
}

export function listConversations(
  ctx: ConversationContext,
  { filter, ...page }: { first: number; after: string | null | undefined; filter?: Filter | undefined },
): Promise<ConversationPage> {
  return listMatching(ctx, { ...page, where: filter && filterSql(ctx, filter) });
}

/** Rows and event position come from one statement, so a client that goes on from it misses nothing. */
async function listMatching(
  ctx: ConversationContext,
  { first, after, where }: { first: number; after: string | null | undefined; where: RawBuilder<boolean> | undefined },
): Promise<ConversationPage> {
  const { workspaceId } = ctx.requireActor();
  const size = checkPageSize(first);
  const position = after == null ? undefined : decodePage(after, 'after');
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<{ log_end: string } & (ConversationRow | { id: null })>`
      select log.log_end, page.*
      from (
        select coalesce((select last_seq from outbox_counter where workspace_id = ${workspaceId}), 0) as log_end
      ) log
      left join lateral (
        select ${CONVERSATION_COLUMNS} from conversation c
        where ${accessibleSql(abilityOf(ctx), 'read')} ${where ? sql`and ${where}` : sql``}
          ${position ? sql`and (c.last_message_at, c.id) < (${position.at}, ${position.id})` : sql``}
        order by c.last_message_at desc, c.id desc limit ${size + 1}
      ) page on true
      order by page.last_message_at desc, page.id desc
    `,
  );
  const found = rows.flatMap((row) => (row.id === null ? [] : [toConversation(row)]));
  return {
    ...pageOf(found, size, ({ lastMessageAt: at, id }) => ({ at, id })),
    cursor: encodeCursor(Number(rows[0]!.log_end)),
  };
}

/** As the filter is meant for the one who asks, now. */
function filterSql(ctx: Pick<ConversationContext, 'requireActor' | 'now'>, filter: Filter): RawBuilder<boolean> {
  return compileFilter(filter, ctx.requireActor()).sql(ctx.now());
}

/** Counting ends here: whoever has so many has many. */
export const MAX_COUNT = 10_000;

/** How many the actor may see of those that pass the filter; {@link MAX_COUNT} stands for that many or more. */
export async function countConversations(ctx: ConversationContext, filter: Filter): Promise<number> {
  return (await ctx.loader(countsByFilter).load(JSON.stringify(filter)))!;
}

/** By filters as JSON: for lists of views, one statement. */
const countsByFilter: BatchLoad<string, number> = async (ctx, filters) => {
  const rights = accessibleSql(abilityOf(ctx), 'read');
  const counts = filters.map(
    (filter) => sql<number>`(
      select count(*)::int from (
        select from conversation c where ${rights} and ${filterSql(ctx, JSON.parse(filter) as Filter)} limit ${MAX_COUNT}
      ) found
    )`,
  );
  const [row] = await ctx.database.readForTenant(
    ctx.requireActor().workspaceId,
    sql<{ counts: number[] }>`select array[${sql.join(counts)}] as counts`,
  );
  return new Map(filters.map((filter, index) => [filter, row!.counts[index]!]));
};

/** Those of the conversations that the actor may see. */
export const conversationsById: BatchLoad<string, Conversation> = async (ctx, ids) => {
  const rows = await ctx.database.readForTenant(
    ctx.requireActor().workspaceId,
    sql<ConversationRow>`
      select ${CONVERSATION_COLUMNS} from conversation c
      where c.id = any(${array('uuid', ids.filter(isId))}) and ${accessibleSql(abilityOf(ctx), 'read')}
    `,
  );
  return new Map(rows.map((row) => [row.id, toConversation(row)]));
};

/** @throws DomainError NOT_FOUND for one that is not there, or that the actor may not see. */
export async function requireConversation(ctx: Pick<ConversationContext, 'loader'>, id: string): Promise<Conversation> {
  const conversation = await ctx.loader(conversationsById).load(id);
  if (!conversation) throw notFound('Conversation');
  return conversation;
}

export const threadsById: BatchLoad<string, Thread> = async (ctx, ids) => {
  const rows = await ctx.em.find(Thread, { id: { $in: [...ids] } });
  return new Map(rows.map((row) => [row.id, row]));
};
