import { sql, type RawBuilder, type Tx } from '@fenster/database';
import { endingFiles } from '@fenster/jobs';

/** Of `file`, a stored one: a contact has it, so it does not end with the data of others. */
export const IS_OF_CONTACT = sql`exists (
  select from contact_file kept where kept.workspace_id = file.workspace_id and kept.id = file.id
)`;

/** Those of `t` that are so, for good. Returns whose they were. */
export async function removeContactFiles(
  tx: Tx,
  workspaceId: string,
  where: RawBuilder<unknown>,
): Promise<{ contactId: string }[]> {
  const { rows } = await sql<{ contactId: string }>`
    with gone as (
      delete from contact_file t where t.workspace_id = ${workspaceId} and ${where} returning t.id, t.contact_id
    ), ended as (${endingFiles(tx, workspaceId, sql`gone`)})
    select contact_id as "contactId" from gone
  `.execute(tx.sql);
  return rows;
}
