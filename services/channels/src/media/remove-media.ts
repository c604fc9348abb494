import { sql, unnest, type Tx } from '@fenster/database';
import { KEPT_BY_PROVIDER_MS } from './provider-removal.js';

export interface MediaRef {
  workspaceId: string;
  id: string;
}

/**
 * Deletes files for good. Their keys end with this transaction, so nothing opens them any more wherever there are copies;
 * the objects follow, and so do the provider's copies of what was sent. A fetch or an upload that is under way ends without effect. For work across tenants.
 * Returns how many there were.
 */
export async function deleteMedia(tx: Tx, media: readonly MediaRef[]): Promise<number> {
  if (media.length === 0) return 0;
  const now = tx.now();
  const { rows } = await sql`
    with gone as (
      delete from media using ${unnest(
        'input',
        { workspace_id: 'uuid', id: 'uuid' },
        media.map(({ workspaceId, id }) => ({ workspace_id: workspaceId, id })),
      )}
      where media.workspace_id = input.workspace_id and media.id = input.id
      returning media.workspace_id, media.id, media.object_key
    ), removal as (
      insert into object_removal (object_key, due_at)
      select object_key, ${now}::timestamptz from gone where object_key is not null
      on conflict do nothing
    ), at_provider as (
      insert into provider_media_removal (workspace_id, channel_id, provider_media_id, due_at)
      select p.workspace_id, p.channel_id, p.provider_media_id, ${now}::timestamptz
      from gone join provider_media p on p.workspace_id = gone.workspace_id and p.media_id = gone.id
      where p.uploaded_at > ${new Date(now.getTime() - KEPT_BY_PROVIDER_MS)}
      on conflict do nothing
    )
    select from gone
  `.execute(tx.sql);
  return rows.length;
}
