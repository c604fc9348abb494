import { channelMessageAccepted } from '@fenster/contracts';
import { array, sql, type Origin, type Tx } from '@fenster/database';
import { isId } from '@fenster/runtime';

export interface KnownStatus {
  workspaceId: string;
  channelId: string;
  /** What the provider echoes: the message's id, if it was sent by us. */
  callbackData: string | undefined;
  providerMessageId: string;
  origin: Origin;
}

/**
 * Finds which of our messages the statuses are about, in their order; undefined for messages sent by something else.
 *
 * A status proves that the provider has the message. It may come before the answer to the send, or instead of it:
 * whatever was still open about that message is settled as accepted, and nothing of it is sent again.
 */
export async function settleByStatus(
  tx: Tx,
  statuses: readonly KnownStatus[],
  wakeSender: () => void,
): Promise<(string | undefined)[]> {
  if (statuses.length === 0) return [];
  const { rows } = await sql<{ ordinal: string; message_id: string; is_settled: boolean }>`
    with status as (
      select * from unnest(
        ${array('uuid', statuses, (status) => status.workspaceId)}, ${array('uuid', statuses, (status) => status.channelId)},
        ${array('uuid', statuses, ({ callbackData }) => (isId(callbackData) ? callbackData : null))},
        ${array('text', statuses, (status) => status.providerMessageId)}
      ) with ordinality as t(workspace_id, channel_id, callback_id, provider_message_id, ordinal)
    ), ours as (
      select s.ordinal, s.workspace_id, s.provider_message_id, coalesce(echoed.id, answered.id) as message_id
      from status s
      left join outbound_message echoed
        on echoed.workspace_id = s.workspace_id and echoed.id = s.callback_id and echoed.channel_id = s.channel_id
      left join outbound_message answered
        on echoed.id is null and answered.workspace_id = s.workspace_id and answered.channel_id = s.channel_id
        and answered.provider_message_id = s.provider_message_id
      where coalesce(echoed.id, answered.id) is not null
    ), first as (
      select distinct on (workspace_id, message_id) * from ours order by workspace_id, message_id, ordinal
    ), settled as (
      update outbound_message m set
        state = 'ACCEPTED', provider_message_id = first.provider_message_id, request = null, in_flight_until = null,
        settled_at = ${tx.now()}
      from first
      where m.workspace_id = first.workspace_id and m.id = first.message_id
        and (m.state in ('ATTEMPTED', 'UNCONFIRMED') or (m.state = 'QUEUED' and m.attempts > 0))
      returning m.workspace_id, m.id
    )
    select ours.ordinal, ours.message_id, first.ordinal is not null and settled.id is not null as is_settled
    from ours
    left join first on first.ordinal = ours.ordinal
    left join settled on settled.workspace_id = ours.workspace_id and settled.id = ours.message_id
    order by ours.ordinal
  `.execute(tx.sql);

  const messageIds = Array.from<string | undefined>({ length: statuses.length });
  for (const { ordinal, message_id: messageId, is_settled: isSettled } of rows) {
    const index = Number(ordinal) - 1;
    const { workspaceId, channelId, providerMessageId, origin } = statuses[index]!;
    messageIds[index] = messageId;
    if (!isSettled) continue;
    tx.emit(channelMessageAccepted, {
      entityId: messageId,
      workspaceId,
      origin,
      data: { channelId, messageId, providerMessageId, acceptedAt: tx.now().toISOString() },
    });
    tx.afterCommit(wakeSender);
  }
  return messageIds;
}
