import { sql, transact, unnest, type Ctx } from '@fenster/database';
import { neighboursOf } from './neighbours.js';

/** Who changes one of them meanwhile waits. */
const AT_ONCE = 500;

interface Due {
  workspace_id: string;
  contact_id: string;
}

/**
 * Looks at who has changed: stays, if somebody known for longer has something in common with them, and goes, if nobody has.
 * Whoever comes next after them has somebody known for longer now. One process at a time. Returns how far it is, if there may be
 * more: what was done, and what others are changing, is not passed by again and again.
 */
export async function findLikenesses(ctx: Ctx, after?: Due): Promise<Due | undefined> {
  return transact(ctx, async (tx) => {
    const { rows: locks } = await sql<{ is_ours: boolean }>`
      select pg_try_advisory_xact_lock(hashtextextended('likenesses of contacts', 0)) as is_ours
    `.execute(tx.sql);
    if (!locks[0]!.is_ours) return undefined;
    const { rows: due } = await sql<Due>`
      select workspace_id, contact_id from contact_likeness
      where is_due ${after ? sql`and (workspace_id, contact_id) > (${after.workspace_id}, ${after.contact_id})` : sql``}
      order by workspace_id, contact_id limit ${AT_ONCE} for update skip locked
    `.execute(tx.sql);
    if (due.length === 0) return undefined;
    // A statement of its own: it sees all that was there when the rows were locked, and who changes anything since waits for them.
    await sql`
      with due as materialized (
        select contact.workspace_id, contact.id, contact.created_at, contact.email_key, contact.name_key
        from ${unnest('due_id', { workspace_id: 'uuid', contact_id: 'uuid' }, due)}
        join contact on contact.workspace_id = due_id.workspace_id and contact.id = due_id.contact_id
      ), alike as materialized (
        select due.workspace_id, due.id, other.id as other_id, other.created_at as other_created_at,
          (other.created_at, other.id) < (due.created_at, due.id) as is_earlier
        from due cross join lateral (${neighboursOf('due')}) other
      ), gone as (
        delete from contact_likeness known using due
        where known.workspace_id = due.workspace_id and known.contact_id = due.id
          and not exists (
            select from alike where alike.workspace_id = due.workspace_id and alike.id = due.id and is_earlier
          )
      ), kept as (
        update contact_likeness known set is_due = false, created_at = due.created_at from due
        where known.workspace_id = due.workspace_id and known.contact_id = due.id
          and exists (
            select from alike where alike.workspace_id = due.workspace_id and alike.id = due.id and is_earlier
          )
      )
      insert into contact_likeness (workspace_id, contact_id, created_at, is_due)
      select distinct workspace_id, other_id, other_created_at, false from alike
      where not is_earlier and not exists (
        select from due where due.workspace_id = alike.workspace_id and due.id = alike.other_id
      )
      order by workspace_id, other_id
      -- Who is due is looked at anyway.
      on conflict (workspace_id, contact_id) do nothing
    `.execute(tx.sql);
    return due.length === AT_ONCE ? due.at(-1) : undefined;
  });
}
