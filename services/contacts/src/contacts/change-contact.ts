import { contactUpdated } from '@fenster/contracts';
import { sql, transact, type Tx } from '@fenster/database';
import { isId, notFound } from '@fenster/runtime';
import type { ContactsContext } from '../context.js';
import { contactsById, type FoundContact } from './contact.queries.js';
import type { Address } from './contact.rule.js';

/** A contact's row, locked. */
export interface ContactRow {
  id: string;
  workspaceId: string;
  givenName: string | null;
  profileName: string | null;
  email: string | null;
  address: Address | null;
  language: string | null;
}

/**
 * The one way in which a request changes a contact: by any id of the person, under the lock of its row. `work` returns
 * the names of what is another now; then it is told and in the audit log.
 * @throws DomainError NOT_FOUND, and what `work` throws
 */
export async function changeContact(
  ctx: ContactsContext,
  id: string,
  work: (tx: Tx, contact: ContactRow) => Promise<readonly string[]>,
): Promise<FoundContact> {
  const found = isId(id) ? await ctx.loader(contactsById).load(id) : undefined;
  if (!found) throw notFound('Contact');
  const { contactId, workspaceId } = found;
  await transact(ctx, async (tx) => {
    const { rows } = await sql<ContactRow>`
      select id, workspace_id as "workspaceId", given_name as "givenName", profile_name as "profileName", email,
        address, language
      from contact where workspace_id = ${workspaceId} and id = ${contactId} for no key update
    `.execute(tx.sql);
    const [contact] = rows;
    if (!contact) throw notFound('Contact');
    const fields = await work(tx, contact);
    if (fields.length === 0) return;
    tellUpdated(tx, contactId, fields);
    tx.audit({ action: 'contact.update', object: { type: 'contact', id: contactId }, after: { fields: [...fields] } });
  });
  return readContact(ctx, contactId);
}

export function tellUpdated(tx: Tx, contactId: string, fields: readonly string[]): void {
  tx.emit(contactUpdated, { entityId: contactId, data: { contactId, fields: [...fields] } });
}

/** As it is now, whatever was loaded before. */
export async function readContact(ctx: ContactsContext, contactId: string): Promise<FoundContact> {
  const contact = (await contactsById(ctx as never, [contactId])).get(contactId);
  if (!contact) throw notFound('Contact');
  return contact;
}
