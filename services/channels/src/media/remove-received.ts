import type { Envelope } from '@fenster/contracts';
import { array, sql, type Tx } from '@fenster/database';
import { deleteMedia, type MediaRef } from './remove-media.js';

/** Of the files that messages brought and have lost, what customers sent. What we uploaded may have gone with other messages too. */
export async function deleteReceived(
  tx: Tx,
  events: readonly Envelope<{ mediaIds: readonly string[] }>[],
): Promise<void> {
  const named = events.flatMap(({ workspaceId, data }) => data.mediaIds.map((id) => ({ workspaceId, id })));
  if (named.length === 0) return;
  const { rows } = await sql<MediaRef>`
    select media.workspace_id as "workspaceId", media.id from media
    join unnest(${array('uuid', named, (each) => each.workspaceId)}, ${array('uuid', named, (each) => each.id)})
      as named(workspace_id, id) using (workspace_id, id)
    where media.origin = 'RECEIVED'
  `.execute(tx.sql);
  await deleteMedia(tx, rows);
}
