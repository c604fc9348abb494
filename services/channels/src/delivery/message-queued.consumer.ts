import {
  channelMessageFailed,
  messageQueued,
  type DeliveryError,
  type Envelope,
  type MessageQueued,
} from '@fenster/contracts';
import { array, causedBy, defineConsumer, on, sql, type ConsumerDefinition, type Tx } from '@fenster/database';
import { OWN_ERRORS } from './attempt.js';
import { sealRequest, toOutgoingRequest } from './outgoing.js';

const NAME = 'channels-message-queued';

/** Takes over what may leave; the sender sends it. */
export function messageQueuedConsumer(options: { secretKey: Buffer; wakeSender: () => void }): ConsumerDefinition {
  return defineConsumer({
    name: NAME,
    filter: 'conversation.message.queued.>',
    subscriptions: [on(messageQueued, (tx, events) => queueMessages(tx, events, options))],
  });
}

async function queueMessages(
  tx: Tx,
  events: readonly Envelope<MessageQueued>[],
  { secretKey, wakeSender }: { secretKey: Buffer; wakeSender: () => void },
): Promise<void> {
  const requests = new Map<Envelope<MessageQueued>, Buffer>();
  for (const event of events) {
    const request = toOutgoingRequest(event.data);
    if (request) requests.set(event, sealRequest(secretKey, event.data.messageId, request));
    else refuse(tx, event, OWN_ERRORS.noAddress);
  }
  const sendable = [...requests.keys()];
  const { rows } = await sql<{ ordinal: string }>`
    with message as (
      select * from unnest(
        ${array('uuid', sendable, (event) => event.workspaceId)}, ${array('uuid', sendable, ({ data }) => data.messageId)},
        ${array('uuid', sendable, ({ data }) => data.channelId)}, ${array('uuid', sendable, ({ data }) => data.threadId)},
        ${array('int', sendable, ({ data }) => data.seq)}, ${array('bytea', [...requests.values()])},
        ${array('text', sendable, (event) => event.correlationId)}, ${array('uuid', sendable, (event) => event.id)}
      ) with ordinality as t(workspace_id, id, channel_id, thread_id, seq, request, correlation_id, causation_id, ordinal)
    ), queued as (
      insert into outbound_message (
        workspace_id, id, channel_id, thread_id, seq, state, request, next_attempt_at, correlation_id, causation_id, queued_at
      )
      select m.workspace_id, m.id, m.channel_id, m.thread_id, m.seq, 'QUEUED', m.request, ${tx.now()}, m.correlation_id,
             m.causation_id, ${tx.now()}
      from message m join channel c on c.workspace_id = m.workspace_id and c.id = m.channel_id
      on conflict (workspace_id, id) do nothing
    )
    select m.ordinal from message m
    where not exists (select from channel c where c.workspace_id = m.workspace_id and c.id = m.channel_id)
  `.execute(tx.sql);
  for (const { ordinal } of rows) refuse(tx, sendable[Number(ordinal) - 1]!, OWN_ERRORS.unknownChannel);
  tx.afterCommit(wakeSender);
}

function refuse(tx: Tx, event: Envelope<MessageQueued>, error: DeliveryError): void {
  const { channelId, messageId } = event.data;
  tx.emit(channelMessageFailed, {
    entityId: messageId,
    workspaceId: event.workspaceId,
    origin: causedBy(event, NAME),
    data: { channelId, messageId, outcome: 'rejected', error, failedAt: tx.now().toISOString() },
  });
}
