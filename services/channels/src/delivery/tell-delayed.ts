import { channelMessageDelayed, type DeliveryWaitReason } from '@fenster/contracts';
import { sql, transact, type Ctx, type Tx } from '@fenster/database';
import type { ClaimedMessage } from './claim-due.js';

/** What waits shorter than that is not told. */
const TOLD_AFTER_MS = 2_000;
const AT_ONCE = 500;

export function isWorthTelling(until: Date, now: Date): boolean {
  return until.getTime() - now.getTime() >= TOLD_AFTER_MS;
}

type Waiting = Pick<ClaimedMessage, 'workspaceId' | 'id' | 'channelId' | 'correlationId' | 'causationId'>;

/** Told to conversation, so that whoever wrote the message sees what it waits for. */
export function emitDelayed(tx: Tx, message: Waiting, reason: DeliveryWaitReason, until: Date | null): void {
  const { workspaceId, id: messageId, channelId, correlationId, causationId } = message;
  const delayedAt = tx.now().toISOString();
  tx.emit(channelMessageDelayed, {
    entityId: messageId,
    workspaceId,
    origin: { actor: { kind: 'system', id: 'channels-delivery' }, correlationId, causationId },
    data: { channelId, messageId, reason, ...(until && { until: until.toISOString() }), delayedAt },
  });
}

interface DelayedRow extends Waiting {
  reason: DeliveryWaitReason;
  until: Date | null;
}

/** Tells of what has been waiting for a while and nobody told of yet: behind others, for its turn, for the provider. */
export async function tellDelayed(ctx: Ctx): Promise<void> {
  await transact(ctx, async (tx) => {
    const now = tx.now();
    const { rows } = await sql<DelayedRow>`/* prepared */
      with untold as (
        select m.workspace_id, m.id, d.paused_until, case
            when c.state <> 'ACTIVE' then 'CHANNEL_DOWN'
            when d.paused_until > ${now} then 'PROVIDER_UNREACHABLE'
            when exists (
              select from outbound_message earlier
              where earlier.workspace_id = m.workspace_id and earlier.thread_id = m.thread_id and earlier.seq < m.seq
                and (earlier.state = 'QUEUED' or (earlier.state = 'ATTEMPTED' and earlier.in_flight_until > ${now}))
            ) then 'EARLIER_MESSAGE'
            when d.full_at > ${now.getTime()} then 'NUMBER_LIMIT'
            else 'PROVIDER_BUSY'
          end as reason
        from outbound_message m
        join channel c on c.workspace_id = m.workspace_id and c.id = m.channel_id
        join channel_delivery d on d.workspace_id = m.workspace_id and d.channel_id = m.channel_id
        where m.state = 'QUEUED' and m.waiting_for is null and (m.next_attempt_at <= ${now} or c.state <> 'ACTIVE')
          and m.queued_at <= ${new Date(now.getTime() - TOLD_AFTER_MS)}
        order by m.queued_at limit ${AT_ONCE}
        for update of m skip locked
      )
      update outbound_message m set waiting_for = untold.reason
      from untold where m.workspace_id = untold.workspace_id and m.id = untold.id
      returning m.workspace_id as "workspaceId", m.id, m.channel_id as "channelId", m.correlation_id as "correlationId",
        m.causation_id as "causationId", untold.reason,
        case when untold.reason = 'PROVIDER_UNREACHABLE' then untold.paused_until end as until
    `.execute(tx.sql);
    for (const row of rows) emitDelayed(tx, row, row.reason, row.until);
  });
}
