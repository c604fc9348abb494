import { array, sql, type Tx } from '@fenster/database';

/** Of `file`: it is known whose data are in it, so it does not end with the data of others. */
export const IS_ARCHIVE = sql`exists (
  select from access_request request where request.workspace_id = file.workspace_id and request.file_id = file.id
)`;

/** Nobody can fetch a copy of the data of people who are erased. */
export async function endArchives(
  tx: Tx,
  { workspaceId, contactIds }: { workspaceId: string; contactIds: readonly string[] },
): Promise<void> {
  await sql`
    update stored_file set expires_at = ${tx.now()} where workspace_id = ${workspaceId} and id in (
      select file_id from access_request
      where workspace_id = ${workspaceId} and contact_id = any(${array('uuid', contactIds)})
    )
  `.execute(tx.sql);
}
