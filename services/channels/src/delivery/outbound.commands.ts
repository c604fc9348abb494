import {
  channelMessageAccepted,
  channelMessageFailed,
  channelRecipientIdentified,
  type DeliveryError,
} from '@fenster/contracts';
import { sql, transact, type Ctx, type Origin, type RawBuilder, type Tx } from '@fenster/database';
import { changeState } from '../channels/channel-state.js';
import { afterSilence, type Circuit } from '../limits/circuit-breaker.rule.js';
import { emptyUntil, messagesPerSecond, numberRule } from '../limits/token-bucket.rule.js';
import { ADAPTERS } from '../providers/providers.js';
import { OWN_ERRORS, type NextStep } from './attempt.js';
import type { ClaimedMessage } from './claim-due.js';
import { emitDelayed, isWorthTelling } from './tell-delayed.js';

/**
 * What came of an attempt. Without effect on the message if a status was faster: it knows better.
 * @param wasAnswered whether the provider answered; undefined if nobody asked it.
 */
export async function recordStep(
  ctx: Ctx,
  message: ClaimedMessage,
  step: NextStep,
  wasAnswered?: boolean,
): Promise<void> {
  const change = {
    accepted: { state: 'ACCEPTED', isSettled: true },
    failed: { state: 'REJECTED', isSettled: true },
    retry: { state: 'QUEUED', isSettled: false },
    channel_broken: { state: 'QUEUED', isSettled: false },
    ambiguous: { state: 'ATTEMPTED', isSettled: false },
  }[step.kind];
  await transact(ctx, async (tx) => {
    const isTold = step.kind === 'retry' && isWorthTelling(step.at, tx.now());
    await recordCircuit(tx, message, wasAnswered);
    if (step.kind === 'channel_broken') await breakChannel(tx, message, step.error);
    if (step.kind === 'retry' && step.limitOf) await keepLimit(tx, message, step.limitOf, step.at);
    const { rows } = await sql`
      update outbound_message set
        waiting_for = ${isTold ? step.waitingFor : step.kind === 'channel_broken' ? 'CHANNEL_DOWN' : null},
        state = ${change.state}, in_flight_until = null, is_bringing_files = false,
        provider_message_id = ${step.kind === 'accepted' ? step.providerMessageId : null},
        next_attempt_at = ${step.kind === 'retry' ? step.at : tx.now()},
        last_error = ${step.kind === 'accepted' ? null : 'error' in step ? step.error.title : step.reason},
        settled_at = ${change.isSettled ? tx.now() : null}::timestamptz,
        request = case when ${change.isSettled} then null else request end
      where workspace_id = ${message.workspaceId} and id = ${message.id} and state = 'ATTEMPTED' and attempts = ${message.attempts}
      returning id
    `.execute(tx.sql);
    // A status does not say it, however fast it was.
    if (step.kind === 'accepted' && step.recipient) {
      const { id: messageId, channelId, workspaceId } = message;
      const data = { channelId, messageId, identity: step.recipient };
      tx.emit(channelRecipientIdentified, { entityId: messageId, workspaceId, origin: originOf(message), data });
    }
    if (rows.length === 0) return;
    if (step.kind === 'accepted') {
      const { id: messageId, channelId, workspaceId } = message;
      const { providerMessageId } = step;
      tx.emit(channelMessageAccepted, {
        entityId: messageId,
        workspaceId,
        origin: originOf(message),
        data: { channelId, messageId, providerMessageId, acceptedAt: tx.now().toISOString() },
      });
    }
    if (step.kind === 'failed') emitFailed(tx, message, 'rejected', step.error);
    if (isTold) emitDelayed(tx, message, step.waitingFor, step.at);
    if (step.kind === 'channel_broken') emitDelayed(tx, message, 'CHANNEL_DOWN', null);
  });
}

/** Once, whatever is in flight; and not if somebody repaired it since this attempt was made. */
async function breakChannel(
  tx: Tx,
  { workspaceId, channelId, attemptedAt: knownAt }: ClaimedMessage,
  error: DeliveryError,
): Promise<void> {
  const change = { workspaceId, channelId, state: 'ERROR', error, from: ['ACTIVE'], knownAt } as const;
  if (await changeState(tx, change)) tx.log.error({ channelId, code: error.code }, 'this channel cannot send any more');
}

/** Any answer shows that the provider is there; silence in a row makes a pause. */
async function recordCircuit(
  tx: Tx,
  { workspaceId, channelId, isProbe }: ClaimedMessage,
  wasAnswered: boolean | undefined,
): Promise<void> {
  if (wasAnswered !== false) {
    await sql`
      update channel_delivery set failures = ${wasAnswered ? sql`0` : sql`failures`}, paused_until = null
      where workspace_id = ${workspaceId} and channel_id = ${channelId}
        and failures > 0 and (${wasAnswered ?? false} or ${isProbe})
    `.execute(tx.sql);
    return;
  }
  const { rows } = await sql<{ failures: number; paused_until: Date | null }>`
    select failures, paused_until from channel_delivery
    where workspace_id = ${workspaceId} and channel_id = ${channelId} for update
  `.execute(tx.sql);
  const circuit: Circuit = { failures: rows[0]?.failures ?? 0, pausedUntil: rows[0]?.paused_until ?? null };
  const { failures, pausedUntil } = afterSilence(circuit, tx.now(), isProbe);
  await sql`
    update channel_delivery set failures = ${failures}, paused_until = ${pausedUntil}
    where workspace_id = ${workspaceId} and channel_id = ${channelId}
  `.execute(tx.sql);
}

/** The provider knows better than our own count: nothing else that falls under the limit leaves before `until` either. */
async function keepLimit(
  tx: Tx,
  { workspaceId, channelId, channelKind, id }: ClaimedMessage,
  limitOf: 'number' | 'pair',
  until: Date,
): Promise<void> {
  const { limits } = ADAPTERS[channelKind];
  if (limitOf === 'pair') {
    if (!limits.pair) return;
    await sql`
      insert into pair_limit (workspace_id, channel_id, recipient_hash, full_at)
      select workspace_id, channel_id, recipient_hash, ${emptyUntil(limits.pair, 0, until.getTime())}
      from outbound_message where workspace_id = ${workspaceId} and id = ${id}
      on conflict (workspace_id, channel_id, recipient_hash)
        do update set full_at = greatest(pair_limit.full_at, excluded.full_at)
    `.execute(tx.sql);
    return;
  }
  const { rows } = await sql<{ messages_per_second: number | null; throughput: string | null }>`
    select messages_per_second, (
      select value #>> '{}' from channel_fact f
      where f.workspace_id = channel.workspace_id and f.channel_id = channel.id and f.name = 'throughput'
    ) as throughput
    from channel where workspace_id = ${workspaceId} and id = ${channelId}
  `.execute(tx.sql);
  const rule = numberRule(messagesPerSecond(limits, rows[0]?.messages_per_second ?? null, rows[0]?.throughput ?? null));
  await sql`
    update channel_delivery set full_at = greatest(full_at, ${emptyUntil(rule, 0, until.getTime())}::float8)
    where workspace_id = ${workspaceId} and channel_id = ${channelId}
  `.execute(tx.sql);
}

/** Ends attempts of which no status ever told: an agent has to decide. Returns how many there were. */
export async function giveUpUnconfirmed(ctx: Ctx, unconfirmedAfterMs: number): Promise<number> {
  return transact(ctx, async (tx) => {
    const now = tx.now();
    const { rows } = await sql<OutboundIdentity>`
      update outbound_message m set
        state = 'UNCONFIRMED', in_flight_until = null, settled_at = ${now}, request = null
      from (
        select workspace_id, id from outbound_message
        where state = 'ATTEMPTED' and not is_bringing_files
          and attempted_at <= ${new Date(now.getTime() - unconfirmedAfterMs)}
          and (in_flight_until is null or in_flight_until <= ${now})
        order by attempted_at limit 500 for update skip locked
      ) open
      where m.workspace_id = open.workspace_id and m.id = open.id
      returning m.workspace_id as "workspaceId", m.id, m.channel_id as "channelId", m.correlation_id as "correlationId",
        m.causation_id as "causationId"
    `.execute(tx.sql);
    for (const message of rows) emitFailed(tx, message, 'unconfirmed', OWN_ERRORS.unconfirmed);
    return rows.length;
  });
}

/** The files are there, and the message leaves now. False if it is not this attempt's any more: then it must not. */
export async function noteLeaving(ctx: Ctx, { workspaceId, id, attempts }: ClaimedMessage): Promise<boolean> {
  const { rows } = await sql`
    update outbound_message set is_bringing_files = false
    where workspace_id = ${workspaceId} and id = ${id} and state = 'ATTEMPTED' and attempts = ${attempts}
    returning id
  `.execute(ctx.database.system().getKysely());
  return rows.length > 0;
}

/** Of what was lost on the way to the provider only files had left: it is sent as if nothing had been. */
export async function takeUpLost(ctx: Ctx): Promise<void> {
  const now = ctx.now();
  await sql`
    update outbound_message m set state = 'QUEUED', in_flight_until = null, is_bringing_files = false,
      next_attempt_at = ${now}
    from (
      select workspace_id, id from outbound_message
      where state = 'ATTEMPTED' and is_bringing_files and in_flight_until <= ${now}
      order by attempted_at limit 500 for update skip locked
    ) lost
    where m.workspace_id = lost.workspace_id and m.id = lost.id
  `.execute(ctx.database.system().getKysely());
}

/** Ends what still waits, of the rows `m` that are meant. Returns the ids of the messages. */
export async function rejectQueued(
  tx: Tx,
  error: DeliveryError,
  { from, where }: { from: RawBuilder<unknown>; where: RawBuilder<unknown> },
): Promise<string[]> {
  const { rows } = await sql<OutboundIdentity>`
    update outbound_message m set
      state = 'REJECTED', settled_at = ${tx.now()}, request = null, waiting_for = null, last_error = ${error.title}
    from ${from}
    where ${where} and m.state = 'QUEUED'
    returning m.workspace_id as "workspaceId", m.id, m.channel_id as "channelId", m.correlation_id as "correlationId",
      m.causation_id as "causationId"
  `.execute(tx.sql);
  for (const message of rows) emitFailed(tx, message, 'rejected', error);
  return rows.map(({ id }) => id);
}

export type OutboundIdentity = Pick<
  ClaimedMessage,
  'workspaceId' | 'id' | 'channelId' | 'correlationId' | 'causationId'
>;

export function emitFailed(
  tx: Tx,
  message: OutboundIdentity,
  outcome: 'rejected' | 'unconfirmed',
  error: DeliveryError,
): void {
  const { id: messageId, channelId, workspaceId } = message;
  tx.emit(channelMessageFailed, {
    entityId: messageId,
    workspaceId,
    origin: originOf(message),
    data: { channelId, messageId, outcome, error, failedAt: tx.now().toISOString() },
  });
}

function originOf({ correlationId, causationId }: OutboundIdentity): Origin {
  return { actor: { kind: 'system', id: 'channels-delivery' }, correlationId, causationId };
}
