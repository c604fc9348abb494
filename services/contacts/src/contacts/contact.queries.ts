import { setTimeout as sleep } from 'node:timers/promises';
import { accessibleWhere, allows } from '@fenster/auth';
import { auditRead, sql } from '@fenster/database';
import { checkPageSize, decodePage, encodePage, type BatchLoad } from '@fenster/graphql';
import { isId } from '@fenster/runtime';
import { abilityOf, type ContactsContext } from '../context.js';
import { ContactIdentity } from '../identities/contact-identity.entity.js';
import { Contact } from './contact.entity.js';
import { mayStillCome, WAITS_MS } from './late-contact.js';

/** A contact under the id that was asked for, which may be an alias: a reference keeps its key. */
export interface FoundContact {
  id: string;
  /** The contact's own id. */
  contactId: string;
  workspaceId: string;
  name: string | null;
  createdAt: Date;
}

function asFound({ id, workspaceId, name, createdAt }: Contact): FoundContact {
  return { id, contactId: id, workspaceId, name: name ?? null, createdAt };
}

/** A page of those contacts that the actor may see, the newest first. */
export async function listContacts(
  ctx: ContactsContext,
  { first, after }: { first: number; after?: string | undefined },
): Promise<{ nodes: FoundContact[]; nextPage: string | null }> {
  const size = checkPageSize(first);
  const position = after === undefined ? undefined : decodePage(after, 'after');
  const rows = await ctx.em.find(
    Contact,
    {
      $and: [
        accessibleWhere(abilityOf(ctx), 'read', 'Contact'),
        // Says twice what the second half says, so that the index has a range to read.
        position
          ? {
              createdAt: { $lte: position.at },
              $or: [{ createdAt: { $lt: position.at } }, { id: { $lt: position.id } }],
            }
          : {},
      ],
    },
    { orderBy: { createdAt: 'desc', id: 'desc' }, limit: size + 1 },
  );
  const nodes = rows.slice(0, size);
  for (const { id } of nodes) auditRead(ctx, 'contact.read', id);
  const oldest = nodes.at(-1);
  return {
    nodes: nodes.map(asFound),
    nextPage: rows.length > size && oldest ? encodePage({ at: oldest.createdAt, id: oldest.id }) : null,
  };
}

/** Those of the contacts that the actor may see, by their own ids or by aliases. One query. */
export const contactsById: BatchLoad<string, FoundContact> = async (ctx, ids) => {
  const ability = abilityOf(ctx);
  const wanted = ids.filter(isId);
  if (wanted.length === 0 || !ability.can('read', 'Contact')) return new Map();
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    // Two steps, because row-level security lets no `coalesce` near an index: it may tell what it has seen.
    sql<FoundContact>`
      with wanted as materialized (
        select asked.id, coalesce(alias.contact_id, asked.id) as contact_id from unnest(${wanted}::uuid[]) as asked(id)
        left join lateral (
          select contact_id from contact_alias where workspace_id = ${workspaceId} and id = asked.id offset 0
        ) alias on true
      )
      select wanted.id, contact.id as "contactId", contact.workspace_id as "workspaceId", contact.name,
        contact.created_at as "createdAt"
      from wanted cross join lateral (
        select * from contact where workspace_id = ${workspaceId} and id = wanted.contact_id offset 0
      ) contact
    `,
  );
  return new Map(
    rows.filter((contact) => allows(ability, 'read', 'Contact', contact)).map((contact) => [contact.id, contact]),
  );
};

/** Like {@link contactsById}, but waits up to a second for contacts that are on their way. One query per attempt. */
export const referredContacts: BatchLoad<string, FoundContact> = async (ctx, ids) => {
  const found = new Map(await contactsById(ctx, ids));
  if (!abilityOf(ctx).can('read', 'Contact')) return found;
  for (const wait of WAITS_MS) {
    const missing = ids.filter((id) => !found.has(id) && isId(id) && mayStillCome(id, ctx.now()));
    if (missing.length === 0) break;
    await sleep(wait);
    for (const [id, contact] of await contactsById(ctx, missing)) found.set(id, contact);
  }
  return found;
};

/** What a contact is called now, by the contact's own id; the latest first. */
export const currentIdentities: BatchLoad<string, ContactIdentity[]> = async (ctx, contactIds) => {
  const identities = await ctx.em.find(
    ContactIdentity,
    {
      $and: [
        accessibleWhere(abilityOf(ctx), 'read', 'ContactIdentity'),
        { contactId: { $in: [...contactIds] }, validTo: null },
      ],
    },
    { orderBy: { validFrom: 'desc', id: 'desc' } },
  );
  return Map.groupBy(identities, (identity) => identity.contactId);
};
