import { sql, unnest, type Tx } from '@fenster/database';
import type { ContactEntry } from '../identities/contact-book.js';

/** Channels told it of one of those that were made one: it is theirs when the merge is undone. */
export async function rememberProfileNames(
  tx: Tx,
  renamed: readonly Pick<ContactEntry, 'workspaceId' | 'id' | 'contactId' | 'profileName'>[],
): Promise<void> {
  const rows = renamed.map(({ workspaceId, id, contactId, profileName }) => ({
    workspace_id: workspaceId,
    origin_id: id,
    contact_id: contactId,
    profile_name: profileName,
  }));
  const columns = { workspace_id: 'uuid', origin_id: 'uuid', contact_id: 'uuid', profile_name: 'text' } as const;
  const said = sql`jsonb_build_object('profileName', input.profile_name)`;
  await sql`
    update contact_merge merge set
      kept = case when input.origin_id = any(merge.kept_origins) then merge.kept || ${said} else merge.kept end,
      merged = case when input.origin_id = any(merge.merged_origins) then merge.merged || ${said} else merge.merged end
    from ${unnest('input', columns, rows)}
    where merge.workspace_id = input.workspace_id and merge.kept is not null
      and input.origin_id = any(merge.kept_origins || merge.merged_origins)
      and (merge.contact_id = input.contact_id or merge.contact_id in (
        select id from contact_alias alias
        where alias.workspace_id = input.workspace_id and alias.contact_id = input.contact_id
      ))
  `.execute(tx.sql);
}
