import { array, sql, type Tx } from '@fenster/database';
import { knownIdsOf } from '../identities/announce-names.js';

interface Place {
  workspaceId: string;
}

/** All ids of everybody who is held. */
export async function heldIds(tx: Tx, { workspaceId }: Place): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select distinct unnest(contact_ids) as id from legal_hold where workspace_id = ${workspaceId} and released_at is null
  `.execute(tx.sql);
  return rows.map(({ id }) => id);
}

/** One of the holds of whoever has one of these ids, if there is any. */
export function holdStatement({ workspaceId }: Place, contactIds: readonly string[]) {
  return sql<{ id: string; reviewOn: string }>`
    select id, review_on::text as "reviewOn" from legal_hold
    where workspace_id = ${workspaceId} and released_at is null and contact_ids && ${array('uuid', contactIds)}
    order by review_on desc, id limit 1
  `;
}

/**
 * A contact became part of another one: whoever of them is held, the whole is, and stays so for both if the merge is undone,
 * because nobody can say any more which of what was added since was meant. Returns whether anybody is.
 */
export async function holdWhole(tx: Tx, { workspaceId }: Place, contactId: string): Promise<boolean> {
  const ids = array(
    'uuid',
    (await knownIdsOf(tx, [{ workspaceId, id: contactId }])).map(({ id }) => id),
  );
  const { rows } = await sql`
    update legal_hold set contact_ids = array(select unnest(contact_ids) union select unnest(${ids}))
    where workspace_id = ${workspaceId} and released_at is null and contact_ids && ${ids} returning id
  `.execute(tx.sql);
  return rows.length > 0;
}
