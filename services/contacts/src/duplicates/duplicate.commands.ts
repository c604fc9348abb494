import { sql, transact, type Tx } from '@fenster/database';
import { notFound } from '@fenster/runtime';
import type { ContactsContext } from '../context.js';
import { findPair, refuseSame } from '../merges/merge.queries.js';
import { distinguish } from './distinguish.js';

/** @throws DomainError NOT_FOUND, INVALID_INPUT */
export async function dismissDuplicate(
  ctx: ContactsContext,
  contactId: string,
  otherId: string,
): Promise<{ contactId: string; otherId: string }> {
  const pair = await findPair(ctx, { keptId: contactId, mergedId: otherId }, ['contactId', 'otherId']);
  refuseSame(pair, 'otherId');
  const { workspaceId } = ctx.requireActor();
  const ids = [pair.kept.id, pair.merged.id] as const;
  await transact(ctx, async (tx) => {
    await lockContacts(tx, workspaceId, ids);
    await distinguish(tx, workspaceId, ids);
    tx.audit({ action: 'contact.distinguish', object: { type: 'contact', id: ids[0] }, after: { otherId: ids[1] } });
  });
  return { contactId: ids[0], otherId: ids[1] };
}

/** Nobody erases or merges them meanwhile. */
async function lockContacts(tx: Tx, workspaceId: string, ids: readonly string[]): Promise<void> {
  const { rows } = await sql`
    select id from contact where workspace_id = ${workspaceId} and id = any(${ids}::uuid[]) order by id for key share
  `.execute(tx.sql);
  if (rows.length < ids.length) throw notFound('Contact');
}
