import { channelStateChanged, type ChannelState, type DeliveryError } from '@fenster/contracts';
import { sql, type Origin, type Tx } from '@fenster/database';
import { announceChannels } from './announce-channels.js';

export interface StateChange {
  workspaceId: string;
  channelId: string;
  state: ChannelState;
  /** What the provider said, where it was the provider. */
  error?: DeliveryError;
  /** Only from one of these states. */
  from: readonly ChannelState[];
  /** What is known since then: a state that is younger stays. */
  knownAt?: Date;
  /** Where it is known from, if not from who asks. */
  origin?: Origin;
}

/**
 * The one way in which a channel's state changes: told to other services and to the audit log, and what is queued on
 * the channel is told of its wait anew. Returns whether anything changed.
 */
export async function changeState(tx: Tx, change: StateChange): Promise<boolean> {
  const { workspaceId, channelId, state, error, from, knownAt = tx.now(), origin } = change;
  const { rows } = await sql<{ before: ChannelState; error_code: number | null }>`
    update channel set state = ${state}, state_code = ${error?.code ?? null}, state_reason = ${error?.title ?? null},
      state_reason_code = ${error?.reason ?? null},
      state_changed_at = ${tx.now()}
    from (
      select state as before, state_code as error_code from channel
      where workspace_id = ${workspaceId} and id = ${channelId} for update
    ) old
    where workspace_id = ${workspaceId} and id = ${channelId} and old.before = any(${[...from]}::text[])
      and old.before <> ${state} and (state_changed_at is null or state_changed_at <= ${knownAt})
    returning old.before, old.error_code
  `.execute(tx.sql);
  const [old] = rows;
  if (!old) return false;
  const { before } = old;
  tx.emit(channelStateChanged, {
    entityId: channelId,
    workspaceId,
    ...(origin && { origin }),
    data: { channelId, before, state, ...(error && { error }), changedAt: tx.now().toISOString() },
  });
  await announceChannels(tx, [channelId]);
  tx.audit({
    action: 'channel.state_change',
    object: { type: 'channel', id: channelId },
    before: { state: before, errorCode: old.error_code },
    after: { state, errorCode: error?.code ?? null },
    workspaceId,
  });
  await sql`
    update outbound_message set waiting_for = null
    where workspace_id = ${workspaceId} and channel_id = ${channelId} and state = 'QUEUED' and waiting_for is not null
      and (waiting_for = 'CHANNEL_DOWN') <> ${state !== 'ACTIVE'}
  `.execute(tx.sql);
  return true;
}
