import { contactChanged } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';

interface ContactKey {
  workspaceId: string;
  id: string;
}

/** An id under which other services know a person, and the person's own. */
export interface KnownId extends ContactKey {
  contactId: string;
  /** Of whom of those that were made this one it is an id: see merges/. */
  originId: string;
}

/** Tells each id once; without a name there is nothing to tell. */
export function announceNames(
  tx: Tx,
  ids: readonly Omit<KnownId, 'originId'>[],
  nameOf: (workspaceId: string, contactId: string) => string | null,
): void {
  const distinct = new Map(ids.map((known) => [`${known.workspaceId} ${known.id}`, known]));
  for (const { workspaceId, id, contactId } of distinct.values()) {
    const name = nameOf(workspaceId, contactId);
    if (name !== null) tx.emit(contactChanged, { workspaceId, entityId: id, data: { contactId: id, name } });
  }
}

/** All ids under which others know these contacts: they go on using the one that they have. */
export async function knownIdsOf(tx: Tx, contacts: readonly ContactKey[]): Promise<KnownId[]> {
  if (contacts.length === 0) return [];
  const rows = contacts.map(({ workspaceId, id }) => ({ workspace_id: workspaceId, contact_id: id }));
  const { rows: aliases } = await sql<{ workspace_id: string; id: string; contact_id: string; origin_id: string }>`
    select workspace_id, id, contact_id, coalesce(origin_id, contact_id) as origin_id from contact_alias
    join ${unnest('named', { workspace_id: 'uuid', contact_id: 'uuid' }, rows)} using (workspace_id, contact_id)
  `.execute(tx.sql);
  return [
    ...contacts.map(({ workspaceId, id }) => ({ workspaceId, id, contactId: id, originId: id })),
    ...aliases.map((row) => ({
      workspaceId: row.workspace_id,
      id: row.id,
      contactId: row.contact_id,
      originId: row.origin_id,
    })),
  ];
}
