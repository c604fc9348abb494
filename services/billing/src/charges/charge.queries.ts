import { accessibleWhere } from '@fenster/auth';
import { checkPageSize, type BatchLoad, type GraphQLContext } from '@fenster/graphql';
import { invalidInput, isId } from '@fenster/runtime';
import { abilityOf } from '../ability.js';
import { Charge } from './charge.entity.js';
import { ConversationTotal } from './conversation-total.entity.js';

export interface ChargePageRequest {
  conversationId: string;
  /** Of this window only; null: of what was sent outside of all. */
  windowOpenedAt?: Date | null;
  first: number;
  after: string | null | undefined;
}

/** @throws DomainError INVALID_INPUT for a page size or position that the API does not hand out. */
export function loadChargePage(ctx: GraphQLContext, request: ChargePageRequest): Promise<ChargePageRows> {
  const { conversationId, first, after } = request;
  if (!isId(conversationId)) throw invalidInput('conversationId', 'is not an id.');
  checkPageSize(first);
  if (after != null && !isId(after)) throw invalidInput('after', 'is not a position that this API handed out.');
  return ctx.loader(chargePages).load(request) as Promise<ChargePageRows>;
}

export interface ChargePageRows {
  nodes: Charge[];
  nextPage: string | null;
}

/** All pages that one tick asks for in one query. */
const chargePages: BatchLoad<ChargePageRequest, ChargePageRows> = async (ctx, requests) => {
  const pages = requests.map(({ conversationId, windowOpenedAt, first, after = null }, index) => ({
    index,
    conversationId,
    isOfWindow: windowOpenedAt !== undefined,
    windowOpenedAt,
    first,
    after,
  }));
  const rows = await ctx.em.execute<({ page: number } & Record<string, unknown>)[]>(
    `select request.index as page, found.*
     from jsonb_to_recordset(?::jsonb) as request(index int, "conversationId" uuid, "isOfWindow" boolean,
       "windowOpenedAt" timestamptz, first int, after uuid)
     cross join lateral (
       select * from charge
       where workspace_id = ? and conversation_id = request."conversationId" and (request.after is null or id > request.after)
         and (not request."isOfWindow" or window_opened_at is not distinct from request."windowOpenedAt")
       order by id limit request.first + 1
     ) as found
     order by request.index, found.id`,
    [JSON.stringify(pages), ctx.requireActor().workspaceId],
  );
  const byPage = Map.groupBy(rows, (row) => row.page);
  return new Map(
    requests.map((request, index) => {
      const found = (byPage.get(index) ?? []).map(({ page: _page, ...row }) => ctx.em.map(Charge, row));
      const nodes = found.slice(0, request.first);
      return [request, { nodes, nextPage: found.length > nodes.length ? nodes.at(-1)!.id : null }];
    }),
  );
};

export const chargesById: BatchLoad<string, Charge> = async (ctx, ids) => {
  const where = { $and: [accessibleWhere(abilityOf(ctx), 'read', 'Charge'), { id: { $in: ids.filter(isId) } }] };
  const found = await ctx.em.find(Charge, where);
  return new Map(found.map((charge) => [charge.id, charge]));
};

export const conversationTotals: BatchLoad<string, ConversationTotal[]> = async (ctx, conversationIds) => {
  const isAccessible = accessibleWhere(abilityOf(ctx), 'read', 'ConversationCost');
  const where = { $and: [isAccessible, { conversationId: { $in: conversationIds.filter(isId) } }] };
  const found = await ctx.em.find(ConversationTotal, where, { orderBy: { currency: 'asc' } });
  return Map.groupBy(found, (total) => total.conversationId);
};

/** What one message costs, entry by entry. */
export const chargesByMessage: BatchLoad<string, Charge[]> = async (ctx, messageIds) => {
  const isAccessible = accessibleWhere(abilityOf(ctx), 'read', 'ConversationCost');
  const where = { $and: [isAccessible, { messageId: { $in: messageIds.filter(isId) } }] };
  const found = await ctx.em.find(Charge, where, { orderBy: { id: 'asc' } });
  return Map.groupBy(found, (charge) => charge.messageId!);
};

interface TotalRow {
  id: string;
  window_opened_at: string | null;
  currency: string;
  amount_micros: string;
  messages: string;
  expected_micros: string;
}

export interface Total {
  currency: string;
  amountMicros: number;
  messages: number;
  expectedMicros: number;
}

const toTotal = ({ currency, amount_micros, messages, expected_micros }: TotalRow): Total => ({
  currency,
  amountMicros: Number(amount_micros),
  messages: Number(messages),
  expectedMicros: Number(expected_micros),
});

export const contactTotals: BatchLoad<string, Total[]> = async (ctx, contactIds) => {
  const rows = await ctx.em.execute<TotalRow[]>(
    `select contact_id as id, currency, amount_micros, messages, expected_micros from contact_cost
     where workspace_id = ? and contact_id in (select jsonb_array_elements_text(?::jsonb)::uuid) order by currency`,
    [ctx.requireActor().workspaceId, JSON.stringify(contactIds.filter(isId))],
  );
  return new Map([...Map.groupBy(rows, ({ id }) => id)].map(([id, found]) => [id, found.map(toTotal)]));
};

/** Newest first; what was sent outside of a window last. */
export const windowsByConversation: BatchLoad<string, { openedAt: Date | null; totals: Total[] }[]> = async (
  ctx,
  conversationIds,
) => {
  const rows = await ctx.em.execute<TotalRow[]>(
    `select conversation_id as id, window_opened_at, currency, amount_micros, messages, expected_micros from window_cost
     where workspace_id = ? and conversation_id in (select jsonb_array_elements_text(?::jsonb)::uuid)
     order by conversation_id, window_opened_at desc nulls last, currency`,
    [ctx.requireActor().workspaceId, JSON.stringify(conversationIds.filter(isId))],
  );
  return new Map(
    [...Map.groupBy(rows, ({ id }) => id)].map(([id, found]) => [
      id,
      [...Map.groupBy(found, (row) => row.window_opened_at)].map(([openedAt, of]) => ({
        openedAt: openedAt === null ? null : new Date(openedAt),
        totals: of.map(toTotal),
      })),
    ]),
  );
};

interface UnratedRow {
  conversation_id: string;
  reason: string;
  messages: number;
}

export const unratedMessages: BatchLoad<string, UnratedRow[]> = async (ctx, conversationIds) => {
  const found = await ctx.em.execute<UnratedRow[]>(
    `select conversation_id, reason, count(*)::int as messages from unrated_message
     where workspace_id = ? and conversation_id in (select jsonb_array_elements_text(?::jsonb)::uuid)
     group by conversation_id, reason order by reason`,
    [ctx.requireActor().workspaceId, JSON.stringify(conversationIds.filter(isId))],
  );
  return Map.groupBy(found, (row) => row.conversation_id);
};
