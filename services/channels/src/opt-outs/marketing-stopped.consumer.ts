import { threadMarketingStopped, type Envelope, type ThreadMarketingStopped } from '@fenster/contracts';
import { defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';
import { rejectOptedOut } from './reject-opted-out.js';

/** Nothing of marketing leaves that was queued before the person stopped it; what is in flight is looked at again if it comes back. */
export const marketingStoppedConsumer = defineConsumer({
  name: 'channels-marketing-stopped',
  filter: 'conversation.thread.marketing_stopped.>',
  subscriptions: [on(threadMarketingStopped, stopMarketing)],
});

async function stopMarketing(tx: Tx, events: readonly Envelope<ThreadMarketingStopped>[]): Promise<void> {
  // In the order of the log, so that the last one of a thread is the latest.
  const latest = new Map(
    events.map(({ workspaceId, seq, data: { threadId } }) => [
      `${workspaceId} ${threadId}`,
      { workspace_id: workspaceId, thread_id: threadId, seq },
    ]),
  );
  const stops = [...latest.values()];
  await sql`
    insert into marketing_stop (workspace_id, thread_id, seq)
    select * from ${unnest('input', { workspace_id: 'uuid', thread_id: 'uuid', seq: 'bigint' }, stops)}
    on conflict (workspace_id, thread_id) do update set seq = greatest(marketing_stop.seq, excluded.seq)
  `.execute(tx.sql);
  await rejectOptedOut(tx, stops);
}
