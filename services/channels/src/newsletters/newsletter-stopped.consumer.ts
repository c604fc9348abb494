import { newsletterMessagesStopped, type Envelope, type NewsletterMessagesStopped } from '@fenster/contracts';
import { defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';
import { rejectStopped } from './reject-stopped.js';

/** Nothing leaves that was queued before its newsletter was stopped; what is in flight is looked at again if it comes back. */
export const newsletterStoppedConsumer = defineConsumer({
  name: 'channels-newsletter-stopped',
  filter: 'conversation.newsletter.stopped.>',
  subscriptions: [on(newsletterMessagesStopped, stopNewsletters)],
});

async function stopNewsletters(tx: Tx, events: readonly Envelope<NewsletterMessagesStopped>[]): Promise<void> {
  // In the order of the log, so that the last one of a newsletter is the latest.
  const latest = new Map(
    events.map(({ workspaceId, seq, data: { newsletterId } }) => [
      newsletterId,
      { workspace_id: workspaceId, newsletter_id: newsletterId, seq },
    ]),
  );
  const stops = [...latest.values()];
  await sql`
    insert into newsletter_stop (workspace_id, newsletter_id, seq)
    select * from ${unnest('input', { workspace_id: 'uuid', newsletter_id: 'uuid', seq: 'bigint' }, stops)}
    on conflict (workspace_id, newsletter_id) do update set seq = greatest(newsletter_stop.seq, excluded.seq)
  `.execute(tx.sql);
  await rejectStopped(tx, stops);
}
