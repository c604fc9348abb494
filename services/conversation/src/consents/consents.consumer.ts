import {
  consentChanged,
  newsletterMessageDue,
  newsletterStarted,
  newsletterStopped,
  threadMarketingStopped,
  type ConsentChanged,
  type Envelope,
} from '@fenster/contracts';
import { causedBy, defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';
import { sendNewsletters, stopNewsletters, storeNewsletters } from '../newsletters/send-newsletters.js';
import { withoutErased } from '../erasures/erased-contacts.js';

const NAME = 'conversation-consents';

/**
 * What the send gate asks: where consents stand. And newsletters, which depend on it: whoever has said something before
 * a message was due has said it here too.
 */
export const consentsConsumer = defineConsumer({
  name: NAME,
  filter: 'contacts.>',
  // What becomes due after a stop, in the same batch too, is queued after it: channels compares places in the log.
  barrier: newsletterStopped,
  subscriptions: [
    on(consentChanged, storeConsents),
    on(newsletterStarted, storeNewsletters),
    on(newsletterMessageDue, (tx, events) => sendNewsletters(tx, events, NAME)),
    on(newsletterStopped, (tx, events) => stopNewsletters(tx, events, NAME)),
  ],
});

async function storeConsents(tx: Tx, told: readonly Envelope<ConsentChanged>[]): Promise<void> {
  const events = await withoutErased(tx, told);
  // Each event says all of its subject, so only the last one of a batch counts.
  const latest = new Map(
    events.map((event) => {
      const { contactId, channelId, purpose, identity } = event.data;
      return [[event.workspaceId, contactId, channelId, purpose, identity.kind, identity.value].join(' '), event];
    }),
  );
  await sql`
    insert into consent (workspace_id, contact_id, channel_id, identity_kind, identity_value, purpose, purpose_kind, state,
      is_granted, since)
    select * from ${unnest(
      'input',
      {
        workspace_id: 'uuid',
        contact_id: 'uuid',
        channel_id: 'uuid',
        identity_kind: 'text',
        identity_value: 'text',
        purpose: 'text',
        purpose_kind: 'text',
        state: 'text',
        is_granted: 'boolean',
        since: 'timestamptz',
      },
      [...latest.values()].map(({ workspaceId, data }) => ({
        workspace_id: workspaceId,
        contact_id: data.contactId,
        channel_id: data.channelId,
        identity_kind: data.identity.kind,
        identity_value: data.identity.value,
        purpose: data.purpose,
        purpose_kind: data.purposeKind,
        state: data.state,
        is_granted: data.isGranted,
        since: data.since,
      })),
    )}
    on conflict (workspace_id, contact_id, channel_id, purpose, identity_kind, identity_value) do update
      set purpose_kind = excluded.purpose_kind, state = excluded.state, is_granted = excluded.is_granted,
        since = excluded.since
  `.execute(tx.sql);
  await stopQueued(
    tx,
    [...latest.values()].filter(({ data }) => data.purposeKind === 'MARKETING' && ENDS.includes(data.state)),
  );
}

const ENDS: readonly ConsentChanged['state'][] = ['WITHDRAWN', 'REFUSED', 'PLATFORM_STOPPED'];

/** What was said elsewhere than in the thread, on a form or to an agent, keeps back what waits there too. */
async function stopQueued(tx: Tx, ended: readonly Envelope<ConsentChanged>[]): Promise<void> {
  if (ended.length === 0) return;
  const { rows } = await sql<{ ordinal: number; thread_id: string }>`
    select distinct on (name.thread_id) input.ordinal, name.thread_id from ${unnest(
      'input',
      { ordinal: 'int', workspace_id: 'uuid', channel_id: 'uuid', kind: 'text', value: 'text' },
      ended.map(({ workspaceId, data }, ordinal) => ({
        ordinal,
        workspace_id: workspaceId,
        channel_id: data.channelId,
        kind: data.identity.kind,
        value: data.identity.value,
      })),
    )}
    join thread_identity name using (workspace_id, channel_id, kind, value)
    order by name.thread_id, input.ordinal
  `.execute(tx.sql);
  for (const { ordinal, thread_id: threadId } of rows) {
    const event = ended[ordinal]!;
    const { workspaceId, data } = event;
    tx.emit(threadMarketingStopped, {
      entityId: threadId,
      workspaceId,
      origin: causedBy(event, NAME),
      data: { threadId, channelId: data.channelId },
    });
  }
}
