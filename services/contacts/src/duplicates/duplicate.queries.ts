import { accessibleWhere } from '@fenster/auth';
import { auditRead, matching, sql, type RawBuilder } from '@fenster/database';
import { checkPageSize, decodePage, pageOf } from '@fenster/graphql';
import { contactsById, type FoundContact } from '../contacts/contact.queries.js';
import { abilityOf, type ContactsContext } from '../context.js';
import type { DuplicateReason } from './duplicate.types.js';

/** Of many contacts it may take long, and nobody waits longer than for a request. */
const TIMEOUT_MS = 8_000;

interface PairRow {
  id: string;
  otherId: string;
  createdAt: Date;
  reasons: DuplicateReason[];
}

export interface Suggestion {
  contact: FoundContact;
  duplicate: FoundContact;
  reasons: DuplicateReason[];
}

/**
 * Contacts that may be one person: each with the first of those that it looks like, or the one before it, and once at a time. Of
 * an address that a thousand share come a thousand suggestions, not a million. Without those of whom somebody said that they
 * are two. One statement.
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
  const ways = ability.can('read_phone', 'Contact') ? [BY_EMAIL, BY_PHONE, BY_NAME] : [];
  if (ways.length === 0) return { nodes: [], nextPage: null };
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<PairRow>`
      with known as materialized (
        select id, created_at, email, address, lower(regexp_replace(name, '\\s+', ' ', 'g')) as called from contact
        where ${matching(accessibleWhere(ability, 'read', 'Contact'), 'contact')}
      ), alike as (
        ${sql.join(
          ways.map(
            ({ reason, key, from }) => sql`
              select id, first_value(id) over same as first_id, lag(id) over same as last_id, ${reason}::text as reason
              from ${from} window same as (partition by ${key} order by created_at, id)`,
          ),
          sql` union all `,
        )}
      ), pair as (
        select id, other_id, array_agg(distinct reason order by reason) as reasons
        from alike cross join lateral (values (first_id), (last_id)) other(other_id) where id <> other_id
        group by id, other_id
      )
      select distinct on (known.created_at, pair.id)
        pair.id, pair.other_id as "otherId", known.created_at as "createdAt", pair.reasons
      from pair join known using (id)
      where not exists (
        select from contact_distinction said
        left join contact_alias one on one.workspace_id = said.workspace_id and one.id = said.contact_id
        left join contact_alias two on two.workspace_id = said.workspace_id and two.id = said.other_id
        where said.workspace_id = ${workspaceId}
          and array[coalesce(one.contact_id, said.contact_id), coalesce(two.contact_id, said.other_id)]
            <@ array[pair.id, pair.other_id]
      )
      ${position ? sql`and (known.created_at, pair.id) < (${position.at}, ${position.id})` : sql``}
      order by known.created_at desc, pair.id desc, cardinality(pair.reasons) desc, pair.other_id limit ${size + 1}
    `,
    { timeoutMs: TIMEOUT_MS },
  );
  const page = pageOf(rows, size, ({ createdAt: at, id }) => ({ at, id }));
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

interface Way {
  reason: DuplicateReason;
  key: RawBuilder<unknown>;
  from: RawBuilder<unknown>;
}

const BY_EMAIL: Way = {
  reason: 'SAME_EMAIL',
  key: sql`lower(email)`,
  from: sql`known where email is not null`,
};
const BY_PHONE: Way = {
  reason: 'SAME_PHONE',
  key: sql`value`,
  from: sql`(
    select distinct known.id, known.created_at, identity.value from contact_identity identity
    join known on known.id = identity.contact_id
    where identity.kind = 'PHONE' and identity.valid_to is null
  ) called`,
};
const POSTAL_CODE = sql`upper(replace(address ->> 'postalCode', ' ', ''))`;
const BY_NAME: Way = {
  reason: 'SAME_NAME_AND_POSTAL_CODE',
  key: sql`called, ${POSTAL_CODE}`,
  from: sql`known where called is not null and ${POSTAL_CODE} <> ''`,
};
