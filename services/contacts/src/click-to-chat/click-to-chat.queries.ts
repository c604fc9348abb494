import { accessibleWhere } from '@fenster/auth';
import { array, sql } from '@fenster/database';
import { checkPageSize, decodePage, olderThan, pageOf, type BatchLoad } from '@fenster/graphql';
import { isId } from '@fenster/runtime';
import { abilityOf, type ContactsContext } from '../context.js';
import { ClickToChatLink } from './click-to-chat-link.entity.js';

/** A page of links, the newest first: of those in use, or of those that are archived. */
export async function listLinks(
  ctx: ContactsContext,
  { first, after, isArchived }: { first: number; after?: string | null | undefined; isArchived: boolean },
): Promise<{ nodes: ClickToChatLink[]; nextPage: string | null }> {
  const size = checkPageSize(first);
  const position = after == null ? undefined : decodePage(after, 'after');
  const rows = await ctx.em.find(
    ClickToChatLink,
    {
      $and: [
        accessibleWhere(abilityOf(ctx), 'read', 'ClickToChatLink'),
        { archivedAt: isArchived ? { $ne: null } : null },
        olderThan('createdAt', position),
      ],
    },
    { orderBy: { createdAt: 'desc', id: 'desc' }, limit: size + 1 },
  );
  return pageOf(rows, size, ({ createdAt: at, id }) => ({ at, id }));
}

/** Those that the actor may see. */
export const linksById: BatchLoad<string, ClickToChatLink> = async (ctx, ids) => {
  const ability = abilityOf(ctx);
  const wanted = ids.filter(isId);
  if (wanted.length === 0 || !ability.can('read', 'ClickToChatLink')) return new Map();
  const where = accessibleWhere(ability, 'read', 'ClickToChatLink');
  const links = await ctx.em.find(ClickToChatLink, { $and: [where, { id: { $in: wanted } }] });
  return new Map(links.map((link) => [link.id, link]));
};

/** Of all that there are, also of those that are archived: by what filters ask for them. */
export async function listLinkNames(ctx: ContactsContext): Promise<{ id: string; campaign: string | null }[]> {
  const { workspaceId } = ctx.requireActor();
  return ctx.database.readForTenant(
    workspaceId,
    sql<{ id: string; campaign: string | null }>`
      select id, campaign from click_to_chat_link where workspace_id = ${workspaceId}
    `,
  );
}

/** How other subgraphs' references to a link are answered. */
export async function resolveLink({ id }: { id: string }, ctx: ContactsContext): Promise<ClickToChatLink | undefined> {
  return ctx.loader(linksById).load(id);
}

/** Where chats with channels begin, by their ids. */
export const chatUrls: BatchLoad<string, string> = async (ctx, channelIds) => {
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<{ id: string; chat_url: string }>`
      select id, chat_url from sending_channel
      where workspace_id = ${workspaceId} and id = any(${array('uuid', channelIds)}) and chat_url is not null
    `,
  );
  return new Map(rows.map(({ id, chat_url }) => [id, chat_url]));
};

/** The id of the first link that each contact used, by the contacts' own ids. One query. */
export const attributionOfContacts: BatchLoad<string, string> = async (ctx, contactIds) => {
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<{ contact_id: string; link_id: string }>`
      select distinct on (contact_id) contact_id, link_id from click_to_chat_use
      where workspace_id = ${workspaceId} and contact_id = any(${array('uuid', contactIds)})
      order by contact_id, used_at, message_id
    `,
  );
  return new Map(rows.map(({ contact_id, link_id }) => [contact_id, link_id]));
};
