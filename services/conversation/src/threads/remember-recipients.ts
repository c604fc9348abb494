import type { ChannelRecipientIdentified, Envelope } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';

/**
 * Who is known by another number than the one that was written to will write under that one: it leads to the same thread. Whose
 * it is already, stays; to make one of two threads is for people to decide.
 */
export async function rememberRecipients(
  tx: Tx,
  events: readonly Envelope<ChannelRecipientIdentified>[],
): Promise<void> {
  await sql`
    insert into thread_identity (workspace_id, channel_id, kind, value, thread_id, created_at)
    select distinct on (workspace_id, channel_id, input.phone)
      workspace_id, channel_id, 'PHONE', input.phone, message.thread_id, input.since
    from ${unnest(
      'input',
      { workspace_id: 'uuid', channel_id: 'uuid', id: 'uuid', phone: 'text', since: 'timestamptz' },
      events.map(({ workspaceId, occurredAt, data: { channelId, messageId, identity } }) => ({
        workspace_id: workspaceId,
        channel_id: channelId,
        id: messageId,
        phone: identity.phone,
        since: occurredAt,
      })),
    )}
    join message using (workspace_id, channel_id, id)
    order by workspace_id, channel_id, input.phone, input.since desc
    on conflict (workspace_id, channel_id, kind, value) do update
      set thread_id = excluded.thread_id, created_at = excluded.created_at, ended_at = null
      where thread_identity.ended_at <= excluded.created_at
  `.execute(tx.sql);
}
