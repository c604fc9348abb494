import { sql, unnest, type Tx } from '@fenster/database';
import { OWN_ERRORS } from '../delivery/attempt.js';
import { rejectQueued } from '../delivery/outbound.commands.js';

/** Ends what waits of these newsletters and was queued before they were stopped. Returns the ids of the messages. */
export async function rejectStopped(
  tx: Tx,
  newsletters: readonly { workspace_id: string; newsletter_id: string }[],
): Promise<string[]> {
  if (newsletters.length === 0) return [];
  return rejectQueued(tx, OWN_ERRORS.newsletterStopped, {
    from: sql`${unnest('input', { workspace_id: 'uuid', newsletter_id: 'uuid' }, newsletters)}
      join newsletter_stop stop using (workspace_id, newsletter_id)`,
    where: sql`m.workspace_id = input.workspace_id and m.newsletter_id = input.newsletter_id and m.seq < stop.seq`,
  });
}
