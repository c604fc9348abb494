import type { ChannelPreferenceReceived, Envelope } from '@fenster/contracts';
import { causedBy, sql, unnest, type Tx } from '@fenster/database';
import { announceIdentity } from '../threads/announce-identity.js';
import { nameInserts, resolveThreads, threadInserts, type ThreadState } from '../threads/resolve-threads.js';
import { sayConsent } from './stop-marketing.js';

interface Row {
  ordinal: number;
  id: string;
  workspace_id: string;
  contact_id: string;
  phone: string | null;
  bsuid: string | null;
  conversation_id: string | null;
  marketing_stopped_at: Date | null;
  marketing_preference_at: Date | null;
}

/**
 * The person's own switch in the provider's app: only it lifts what it has stopped. Preferences come late, twice and
 * unordered; the latest counts, and each is in the ledger. A stop of somebody who never wrote makes them known: what
 * they agreed to elsewhere, and what is sent to them first, has to mind it.
 */
export async function recordPreferences(
  tx: Tx,
  events: readonly Envelope<ChannelPreferenceReceived>[],
  consumer: string,
): Promise<void> {
  await openThreads(
    tx,
    events.filter(({ data }) => data.value === 'STOP'),
    consumer,
  );
  const { rows } = await sql<Row>`
    with name as materialized (
      select distinct on (input.ordinal) input.ordinal, thread_identity.workspace_id, thread_identity.thread_id
      from ${unnest(
        'input',
        { ordinal: 'int', workspace_id: 'uuid', channel_id: 'uuid', kind: 'text', value: 'text' },
        events.flatMap(({ workspaceId, data: { channelId, identity } }, ordinal) =>
          [
            { kind: 'BSUID', value: identity.bsuid },
            { kind: 'PHONE', value: identity.phone },
          ].flatMap(({ kind, value }) =>
            value === undefined ? [] : [{ ordinal, workspace_id: workspaceId, channel_id: channelId, kind, value }],
          ),
        ),
      )}
      join thread_identity using (workspace_id, channel_id, kind, value)
      where thread_identity.ended_at is null
      -- A user id is one person's for ever; a number is not.
      order by input.ordinal, thread_identity.kind
    )
    select name.ordinal, thread.id, thread.workspace_id, thread.contact_id, thread.phone, thread.bsuid,
      coalesce(thread.open_conversation_id, thread.resolved_conversation_id) as conversation_id,
      thread.marketing_stopped_at, thread.marketing_preference_at
    from name join thread on thread.workspace_id = name.workspace_id and thread.id = name.thread_id
    order by thread.id for update of thread
  `.execute(tx.sql);
  if (rows.length === 0) return;
  const threads = new Map(rows.map((row) => [row.id, row]));
  for (const { ordinal, id } of rows.toSorted((one, other) => one.ordinal - other.ordinal)) {
    const event = events[ordinal]!;
    const thread = threads.get(id)!;
    const { value, changedAt, channelId, identity } = event.data;
    const at = new Date(changedAt);
    // Told in one second, the stricter counts.
    const isLatest = !thread.marketing_preference_at || at >= new Date(thread.marketing_preference_at);
    const isSameMoment = thread.marketing_preference_at?.getTime() === at.getTime();
    if (isLatest && !(isSameMoment && value === 'RESUME')) {
      thread.marketing_preference_at = at;
      // A message may have been refused since.
      const stoppedAt = thread.marketing_stopped_at && new Date(thread.marketing_stopped_at);
      thread.marketing_stopped_at =
        value === 'STOP' ? (stoppedAt ?? at) : stoppedAt && stoppedAt > at ? stoppedAt : null;
    }
    sayConsent(tx, {
      workspaceId: thread.workspace_id,
      threadId: id,
      conversationId: thread.conversation_id,
      channelId,
      contactId: thread.contact_id,
      identity: {
        ...(thread.phone && { phone: thread.phone }),
        ...(thread.bsuid && { bsuid: thread.bsuid }),
        ...(!thread.phone && !thread.bsuid && identity),
      },
      kind: value === 'STOP' ? 'PLATFORM_STOPPED' : 'PLATFORM_RESUMED',
      source: 'PLATFORM',
      at,
      origin: { ...causedBy(event, consumer), actor: { kind: 'provider' } },
    });
  }
  await sql`
    update thread set marketing_stopped_at = input.marketing_stopped_at,
      marketing_preference_at = input.marketing_preference_at
    from ${unnest(
      'input',
      { workspace_id: 'uuid', id: 'uuid', marketing_stopped_at: 'timestamptz', marketing_preference_at: 'timestamptz' },
      [...threads.values()].map(({ workspace_id, id, marketing_stopped_at, marketing_preference_at }) => ({
        workspace_id,
        id,
        marketing_stopped_at,
        marketing_preference_at,
      })),
    )}
    where thread.workspace_id = input.workspace_id and thread.id = input.id
  `.execute(tx.sql);
}

/** For whom the inbox has not met: without a conversation, for there is nothing to talk about. */
async function openThreads(
  tx: Tx,
  events: readonly Envelope<ChannelPreferenceReceived>[],
  consumer: string,
): Promise<void> {
  if (events.length === 0) return;
  const sightings = new Map(
    events.map((event) => {
      const { channelId, identity, changedAt } = event.data;
      return [event, { ...event, data: { channelId, identity, sentAt: changedAt } }];
    }),
  );
  const { of, changedNames } = await resolveThreads(tx, [...sightings.values()]);
  const opened = new Set<ThreadState>();
  for (const [event, sighting] of sightings) {
    const thread = of.get(sighting)!;
    if (!thread.isNew) continue;
    opened.add(thread);
    announceIdentity(tx, thread, causedBy(event, consumer));
  }
  if (opened.size === 0) return;
  await threadInserts([...opened], tx.now()).execute(tx.sql);
  const names = changedNames.filter(({ thread }) => opened.has(thread));
  for (const [, insert] of nameInserts(names)) await insert.execute(tx.sql);
}
