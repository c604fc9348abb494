import { messageDelayed, type ChannelMessageDelayed, type Envelope } from '@fenster/contracts';
import { causedBy, sql, unnest, type Tx } from '@fenster/database';

interface DelayedRow {
  workspace_id: string;
  id: string;
  thread_id: string;
  conversation_id: string;
  seq: number;
  ordinal: number;
}

/** What messages wait for that are on their way to the provider. Of several events about one the last is true. */
export async function recordDelays(
  tx: Tx,
  events: readonly Envelope<ChannelMessageDelayed>[],
  consumer: string,
): Promise<void> {
  const last = [...new Map(events.map((event) => [event.data.messageId, event])).values()];
  const { rows } = await sql<DelayedRow>`
    update message set waiting_for = input.reason, waiting_until = input.until
    from (
      select message.workspace_id, message.id, input.reason, input.until, input.ordinal
      from message join ${unnest(
        'input',
        {
          workspace_id: 'uuid',
          id: 'uuid',
          channel_id: 'uuid',
          reason: 'text',
          until: 'timestamptz',
          ordinal: 'int',
        },
        last.map(({ workspaceId, data }, ordinal) => ({
          workspace_id: workspaceId,
          id: data.messageId,
          channel_id: data.channelId,
          reason: data.reason,
          until: data.until,
          ordinal,
        })),
      )} using (workspace_id, id, channel_id)
      where message.status = 'QUEUED' and message.provider_message_id is null
      order by message.id for update of message
    ) input
    where message.workspace_id = input.workspace_id and message.id = input.id
    returning message.workspace_id, message.id, message.thread_id, message.conversation_id, message.seq, input.ordinal
  `.execute(tx.sql);
  for (const row of rows.toSorted((left, right) => left.ordinal - right.ordinal)) {
    const event = last[row.ordinal]!;
    tx.emit(messageDelayed, {
      entityId: row.id,
      workspaceId: row.workspace_id,
      occurredAt: new Date(event.data.delayedAt),
      origin: causedBy(event, consumer),
      data: { messageId: row.id, conversationId: row.conversation_id, threadId: row.thread_id, seq: row.seq },
    });
  }
}
