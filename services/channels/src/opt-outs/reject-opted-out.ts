import { sql, unnest, type Tx } from '@fenster/database';
import { OWN_ERRORS } from '../delivery/attempt.js';
import { rejectQueued } from '../delivery/outbound.commands.js';

/** Ends what waits in these threads and was queued before their marketing was stopped. Returns the ids of the messages. */
export function rejectOptedOut(
  tx: Tx,
  threads: readonly { workspace_id: string; thread_id: string }[],
): Promise<string[]> {
  return rejectQueued(tx, OWN_ERRORS.optedOut, {
    from: sql`${unnest('input', { workspace_id: 'uuid', thread_id: 'uuid' }, threads)}
      join marketing_stop stop using (workspace_id, thread_id)`,
    where: sql`m.workspace_id = input.workspace_id and m.thread_id = input.thread_id and m.is_marketing
      and m.seq < stop.seq`,
  });
}
