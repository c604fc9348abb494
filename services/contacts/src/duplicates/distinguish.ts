import { sql, type Tx } from '@fenster/database';

/** Somebody said that these are two people. */
export async function distinguish(tx: Tx, workspaceId: string, pair: readonly [string, string]): Promise<void> {
  const [contactId, otherId] = pair.toSorted();
  const { kind, id } = tx.origin.actor;
  await sql`
    insert into contact_distinction (workspace_id, contact_id, other_id, made_at, made_by_kind, made_by_id)
    values (${workspaceId}, ${contactId}, ${otherId}, ${tx.now()}, ${kind}, ${id ?? null})
    on conflict do nothing
  `.execute(tx.sql);
}
