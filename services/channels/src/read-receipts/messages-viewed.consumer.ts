import { messagesViewed, type Envelope, type MessagesViewed } from '@fenster/contracts';
import { defineConsumer, on, sql, unnest, type ConsumerDefinition, type Tx } from '@fenster/database';

/** Agents have seen what customers wrote, and their channel says so: the furthest message of each thread is to be told. */
export function messagesViewedConsumer(wakeSender: () => void): ConsumerDefinition {
  return defineConsumer({
    name: 'channels-messages-viewed',
    filter: 'conversation.messages.viewed.>',
    subscriptions: [on(messagesViewed, (tx, events) => noteViews(tx, events, wakeSender))],
  });
}

async function noteViews(tx: Tx, events: readonly Envelope<MessagesViewed>[], wakeSender: () => void): Promise<void> {
  const furthest = new Map<string, Envelope<MessagesViewed>>();
  for (const event of events) {
    const key = `${event.workspaceId} ${event.data.threadId}`;
    const other = furthest.get(key);
    if (!other || other.data.seq < event.data.seq) furthest.set(key, event);
  }
  await sql`
    insert into read_receipt (workspace_id, thread_id, channel_id, seq, provider_message_id, next_attempt_at)
    select input.*, ${tx.now()} from ${unnest(
      'input',
      { workspace_id: 'uuid', thread_id: 'uuid', channel_id: 'uuid', seq: 'int', provider_message_id: 'text' },
      [...furthest.values()].map(({ workspaceId, data }) => ({
        workspace_id: workspaceId,
        thread_id: data.threadId,
        channel_id: data.channelId,
        seq: data.seq,
        provider_message_id: data.providerMessageId,
      })),
    )}
    join channel c on c.workspace_id = input.workspace_id and c.id = input.channel_id
    order by input.workspace_id, input.thread_id
    on conflict (workspace_id, thread_id) do update set
      channel_id = excluded.channel_id, seq = excluded.seq, provider_message_id = excluded.provider_message_id,
      attempts = 0, next_attempt_at = excluded.next_attempt_at
    where read_receipt.seq < excluded.seq
  `.execute(tx.sql);
  tx.afterCommit(wakeSender);
}
