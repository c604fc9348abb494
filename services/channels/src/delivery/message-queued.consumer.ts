import {
  channelMessageFailed,
  messageQueued,
  type DeliveryError,
  type Envelope,
  type MessageQueued,
} from '@fenster/contracts';
import { array, causedBy, defineConsumer, on, sql, type ConsumerDefinition, type Tx } from '@fenster/database';
import { OWN_ERRORS } from './attempt.js';
import { filesIn, hashRecipient, sealRequest, toOutgoingRequest, type OutgoingRequest } from './outgoing.js';

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
  const requests = new Map<Envelope<MessageQueued>, OutgoingRequest>();
  for (const event of events) {
    const request = toOutgoingRequest(event.data);
    if (request) requests.set(event, request);
    else refuse(tx, event, OWN_ERRORS.noAddress);
  }
  const sendable = [...requests.keys()];
  const { rows } = await sql<{ ordinal: string }>`
    with message as (
      select * from unnest(
        ${array('uuid', sendable, (event) => event.workspaceId)}, ${array('uuid', sendable, ({ data }) => data.messageId)},
        ${array('uuid', sendable, ({ data }) => data.channelId)}, ${array('uuid', sendable, ({ data }) => data.threadId)},
        ${array('bigint', sendable, (event) => event.seq)}, ${array('bytea', [...requests], ([{ data }, request]) => sealRequest(secretKey, data.messageId, request))},
        ${array('text', sendable, (event) => event.correlationId)}, ${array('uuid', sendable, (event) => event.id)},
        ${array('bytea', [...requests.values()], ({ to }) => hashRecipient(secretKey, to))},
        ${array('timestamptz', sendable, windowEndOf)}, ${array('boolean', sendable, isMarketing)},
        ${array('bool', [...requests.values()], ({ content }) => filesIn(content).length > 0)},
        ${array('uuid', sendable, ({ data }) => data.newsletterId)}
      ) with ordinality as t(workspace_id, id, channel_id, thread_id, seq, request, correlation_id, causation_id,
        recipient_hash, window_expires_at, is_marketing, has_files, newsletter_id, ordinal)
    ), queued as (
      insert into outbound_message (
        workspace_id, id, channel_id, thread_id, seq, state, request, next_attempt_at, correlation_id, causation_id, queued_at,
        recipient_hash, window_expires_at, is_marketing, has_files, newsletter_id
      )
      select m.workspace_id, m.id, m.channel_id, m.thread_id, m.seq, 'QUEUED', m.request, ${tx.now()}, m.correlation_id,
             m.causation_id, ${tx.now()}, m.recipient_hash, m.window_expires_at, m.is_marketing, m.has_files,
             m.newsletter_id
      from message m join channel c on c.workspace_id = m.workspace_id and c.id = m.channel_id
      where not exists (select from erased_thread e where e.workspace_id = m.workspace_id and e.thread_id = m.thread_id)
      on conflict (workspace_id, id) do nothing
    )
    select m.ordinal from message m
    where not exists (select from channel c where c.workspace_id = m.workspace_id and c.id = m.channel_id)
  `.execute(tx.sql);
  for (const { ordinal } of rows) refuse(tx, sendable[Number(ordinal) - 1]!, OWN_ERRORS.unknownChannel);
  tx.afterCommit(wakeSender);
}

/** What a provider made up since may be marketing too. */
function isMarketing({ data }: Envelope<MessageQueued>): boolean {
  if (data.type !== 'template' || data.content.kind !== 'template') return false;
  return data.content.category !== 'UTILITY' && data.content.category !== 'AUTHENTICATION';
}

/** Where there was no window, one that is over; null where it does not matter. */
function windowEndOf({ data, occurredAt }: Envelope<MessageQueued>): string | null {
  return data.windowExpiresAt === undefined ? null : (data.windowExpiresAt ?? occurredAt);
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
