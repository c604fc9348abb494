import type { Envelope, MessageEchoed, MessageQueued, MessageReceived, ServiceWindowClosed } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';

/** What an event says about a thread. Without a contact it says nothing of a thread that is not known. */
interface Activity {
  workspaceId: string;
  threadId: string;
  channelId: string;
  contactId: string | undefined;
  inboundAt?: Date | null;
  outboundAt?: Date | null;
  windowExpiresAt?: Date | null;
}

const COLUMNS = {
  workspace_id: 'uuid',
  thread_id: 'uuid',
  contact_id: 'uuid',
  channel_id: 'uuid',
  last_inbound_at: 'timestamptz',
  last_outbound_at: 'timestamptz',
  window_expires_at: 'timestamptz',
} as const;

export async function recordReceived(tx: Tx, events: readonly Envelope<MessageReceived>[]): Promise<void> {
  await recordActivity(
    tx,
    events.map(({ workspaceId, actor, occurredAt, data: { threadId, channelId, type, windowExpiresAt } }) => ({
      workspaceId,
      threadId,
      channelId,
      contactId: actor.kind === 'contact' ? actor.id : undefined,
      // What the provider notes about a person, they did not write.
      inboundAt: type === 'system' ? null : new Date(occurredAt),
      windowExpiresAt: windowExpiresAt === null ? null : new Date(windowExpiresAt),
    })),
  );
}

export async function recordQueued(tx: Tx, events: readonly Envelope<MessageQueued>[]): Promise<void> {
  await recordActivity(
    tx,
    events.map(({ workspaceId, occurredAt, data: { threadId, channelId, contactId, type } }) => ({
      workspaceId,
      threadId,
      channelId,
      contactId,
      outboundAt: type === 'reaction' ? null : new Date(occurredAt),
    })),
  );
}

/** What a colleague wrote in the phone app. */
export async function recordEchoed(tx: Tx, events: readonly Envelope<MessageEchoed>[]): Promise<void> {
  await recordActivity(
    tx,
    events.map(({ workspaceId, occurredAt, data: { threadId, channelId } }) => ({
      workspaceId,
      threadId,
      channelId,
      contactId: undefined,
      outboundAt: new Date(occurredAt),
    })),
  );
}

/** Some windows end before their time, because the provider refused to send in them. */
export async function recordClosed(tx: Tx, events: readonly Envelope<ServiceWindowClosed>[]): Promise<void> {
  const closed = events.filter(({ data }) => data.kind === 'CUSTOMER_SERVICE');
  const rows = closed.map(({ workspaceId, data: { threadId, expiresAt } }) => ({
    workspace_id: workspaceId,
    thread_id: threadId,
    ended_at: new Date(expiresAt),
  }));
  await sql`
    update contact_thread thread set window_expires_at = ended_at
    from (
      select workspace_id, thread_id, max(ended_at) as ended_at
      from ${unnest('input', { workspace_id: 'uuid', thread_id: 'uuid', ended_at: 'timestamptz' }, rows)}
      group by workspace_id, thread_id
    ) closed
    where thread.workspace_id = closed.workspace_id and thread.thread_id = closed.thread_id
      and thread.window_expires_at > ended_at and thread.last_inbound_at <= ended_at
  `.execute(tx.sql);
}

/** One row for each thread, whatever the number of events: the latest of each time counts. */
async function recordActivity(tx: Tx, activities: readonly Activity[]): Promise<void> {
  const rows = activities.map((activity) => ({
    workspace_id: activity.workspaceId,
    thread_id: activity.threadId,
    contact_id: activity.contactId,
    channel_id: activity.channelId,
    last_inbound_at: activity.inboundAt,
    last_outbound_at: activity.outboundAt,
    window_expires_at: activity.windowExpiresAt,
  }));
  await sql`
    with told as materialized (
      select workspace_id, thread_id, channel_id, (array_agg(contact_id) filter (where contact_id is not null))[1] as contact_id,
        max(last_inbound_at) as inbound, max(last_outbound_at) as outbound, max(window_expires_at) as window_end
      from ${unnest('input', COLUMNS, rows)} group by workspace_id, thread_id, channel_id
    ), known as (
      update contact_thread thread set last_inbound_at = greatest(last_inbound_at, inbound),
        last_outbound_at = greatest(last_outbound_at, outbound), window_expires_at = greatest(window_expires_at, window_end)
      from told where thread.workspace_id = told.workspace_id and thread.thread_id = told.thread_id
      returning thread.thread_id
    )
    insert into contact_thread
      (workspace_id, thread_id, contact_id, origin_id, channel_id, last_inbound_at, last_outbound_at, window_expires_at)
    select told.workspace_id, thread_id, coalesce(alias.contact_id, told.contact_id), alias.origin_id, channel_id, inbound, outbound, window_end
    from told left join contact_alias alias on alias.workspace_id = told.workspace_id and alias.id = told.contact_id
    where told.contact_id is not null and thread_id not in (select thread_id from known)
  `.execute(tx.sql);
}
