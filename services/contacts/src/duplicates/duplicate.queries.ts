import { accessibleWhere } from '@fenster/auth';
import { auditRead, matching, sql, type RawBuilder } from '@fenster/database';
import { checkPageSize, decodePage, encodePage, type PagePosition } from '@fenster/graphql';
import { contactsById, type FoundContact } from '../contacts/contact.queries.js';
import { abilityOf, type ContactsContext } from '../context.js';
import type { DuplicateReason } from './duplicate.types.js';
import { neighboursOf } from './neighbours.js';

/** How many contacts are looked at for each that is asked for: of some, all likenesses are dismissed, or are so no more. */
const WALKED_PER_NODE = 4;

interface WalkedRow {
  id: string;
  createdAt: Date;
  /** Null where nobody is to be suggested. */
  otherId: string | null;
  reasons: DuplicateReason[] | null;
}

export interface Suggestion {
  contact: FoundContact;
  duplicate: FoundContact;
  reasons: DuplicateReason[];
}

/**
 * Contacts that may be one person: each with the first of those that it looks like, or the one before it, and once at a time. Of
 * an address that a thousand share come a thousand suggestions, not a million. Without those of whom somebody said that they
 * are two. A page costs what it holds, however many contacts there are: it walks those alone that are known to look like somebody.
 */
export async function listDuplicates(
  ctx: ContactsContext,
  { first, after }: { first: number; after?: string | null | undefined },
): Promise<{ nodes: Suggestion[]; nextPage: string | null }> {
  const size = checkPageSize(first);
  const position = after == null ? undefined : decodePage(after, 'after');
  const { workspaceId } = ctx.requireActor();
  const ability = abilityOf(ctx);
  // That two have one number or one address tells of both: for who may see these.
  if (!ability.can('read_phone', 'Contact')) return { nodes: [], nextPage: null };
  const rows = await ctx.database.readForTenant(
    workspaceId,
    duplicatesStatement(
      { workspaceId, position, visible: accessibleWhere(ability, 'read', 'Contact') },
      size * WALKED_PER_NODE + 1,
    ),
  );
  const page = pageOfWalk(rows, size);
  const contacts = await contactsById(ctx as never, [
    ...new Set(page.nodes.flatMap(({ id, otherId }) => [id, otherId])),
  ]);
  for (const id of contacts.keys()) auditRead(ctx, 'contact.read', id);
  const nodes = page.nodes.flatMap(({ id, otherId, reasons }) => {
    const [contact, duplicate] = [contacts.get(otherId), contacts.get(id)];
    // Gone meanwhile.
    return contact && duplicate ? [{ contact, duplicate, reasons }] : [];
  });
  return { nodes, nextPage: page.nextPage };
}

interface Walk {
  workspaceId: string;
  position: PagePosition | undefined;
  visible: Parameters<typeof matching>[0];
}

/** Who is looked at next, the newest first, each with whom they may be. */
export function duplicatesStatement({ workspaceId, position, visible }: Walk, limit: number): RawBuilder<WalkedRow> {
  const idsOf = (id: RawBuilder<unknown>) => sql`any(array(
    select ${id} union all
    select alias.id from contact_alias alias where alias.workspace_id = ${workspaceId} and alias.contact_id = ${id}
  ))`;
  const isSaid = (one: RawBuilder<unknown>, other: RawBuilder<unknown>) => sql`exists (
    select from contact_distinction said
    where said.workspace_id = ${workspaceId} and said.contact_id = ${idsOf(one)} and said.other_id = ${idsOf(other)}
  )`;
  const [id, otherId] = [sql`walked.id`, sql`other.id`];
  return sql<WalkedRow>`
    with likeness as materialized (
      select contact_id, created_at from contact_likeness
      where workspace_id = ${workspaceId} and created_at is not null
        ${position ? sql`and (created_at, contact_id) < (${position.at}, ${position.id})` : sql``}
      order by created_at desc, contact_id desc limit ${limit}
    )
    select likeness.contact_id as id, likeness.created_at as "createdAt", pair."otherId", pair.reasons
    from likeness left join lateral (
      select other.id as "otherId", array_agg(distinct other.reason order by other.reason) as reasons
      from contact walked cross join lateral (${neighboursOf('walked')}) other
      where walked.workspace_id = ${workspaceId} and walked.id = likeness.contact_id and ${matching(visible, 'walked')}
        and (other.created_at, other.id) < (walked.created_at, walked.id)
        and not ${isSaid(id, otherId)} and not ${isSaid(otherId, id)}
      group by other.id order by count(distinct other.reason) desc, other.id limit 1
    ) pair on true
    order by likeness.created_at desc, likeness.contact_id desc
  `;
}

/** One more was walked than there is room for: it tells whether there is another page. */
function pageOfWalk(
  rows: readonly WalkedRow[],
  size: number,
): { nodes: { id: string; otherId: string; reasons: DuplicateReason[] }[]; nextPage: string | null } {
  const walked = rows.slice(0, size * WALKED_PER_NODE);
  const pairs = walked.flatMap(({ id, createdAt, otherId, reasons }) =>
    otherId === null ? [] : [{ id, createdAt, otherId, reasons: reasons! }],
  );
  const nodes = pairs.slice(0, size);
  const last = pairs.length > size ? nodes.at(-1) : rows.length > walked.length ? walked.at(-1) : undefined;
  return { nodes, nextPage: last ? encodePage({ at: last.createdAt, id: last.id }) : null };
}
