import { channelMessageAccepted, channelMessageFailed, type DeliveryError } from '@fenster/contracts';
import { sql, transact, type Ctx, type Origin, type Tx } from '@fenster/database';
import { OWN_ERRORS, type NextStep } from './attempt.js';

/** A message that this process, and no other, may send now. */
export interface ClaimedMessage {
  workspaceId: string;
  id: string;
  channelId: string;
  attempts: number;
  queuedAt: Date;
  correlationId: string;
  causationId: string;
  request: Buffer;
  apiBaseUrl: string;
  apiVersion: string;
  phoneNumberId: string;
  accessToken: Buffer;
}

/**
 * Takes up to `limit` messages that are due, each the first of its thread that has not left yet, and notes the
 * attempt before it is made: after a crash nobody can mistake them for messages that were never sent. While one may
 * be in flight, or waits for another attempt, the rest of its thread waits behind it.
 */
export async function claimDue(ctx: Ctx, limit: number, leaseMs: number): Promise<ClaimedMessage[]> {
  return transact(ctx, async (tx) => {
    const now = tx.now();
    const { rows } = await sql<ClaimedMessage>`
      with due as (
        select m.workspace_id, m.id, c.api_base_url, c.api_version, c.phone_number_id, c.access_token
        from outbound_message m join channel c on c.workspace_id = m.workspace_id and c.id = m.channel_id
        where m.state = 'QUEUED' and m.next_attempt_at <= ${now} and not exists (
          select from outbound_message earlier
          where earlier.workspace_id = m.workspace_id and earlier.thread_id = m.thread_id and earlier.seq < m.seq
            and earlier.state in ('QUEUED', 'ATTEMPTED') and (earlier.state = 'QUEUED' or earlier.in_flight_until > ${now})
        )
        order by m.next_attempt_at limit ${limit}
        for update of m skip locked
      )
      update outbound_message m set
        state = 'ATTEMPTED', attempts = m.attempts + 1, attempted_at = ${now},
        in_flight_until = ${new Date(now.getTime() + leaseMs)}
      from due where m.workspace_id = due.workspace_id and m.id = due.id
      returning m.workspace_id as "workspaceId", m.id, m.channel_id as "channelId", m.attempts, m.queued_at as "queuedAt",
        m.correlation_id as "correlationId", m.causation_id as "causationId", m.request,
        due.api_base_url as "apiBaseUrl", due.api_version as "apiVersion", due.phone_number_id as "phoneNumberId",
        due.access_token as "accessToken"
    `.execute(tx.sql);
    return rows;
  });
}

/** Without effect if a status was faster: it knows better. */
export async function recordStep(ctx: Ctx, message: ClaimedMessage, step: NextStep): Promise<void> {
  const change = {
    accepted: { state: 'ACCEPTED', isSettled: true },
    failed: { state: 'REJECTED', isSettled: true },
    retry: { state: 'QUEUED', isSettled: false },
    ambiguous: { state: 'ATTEMPTED', isSettled: false },
  }[step.kind];
  await transact(ctx, async (tx) => {
    const { rows } = await sql`
      update outbound_message set
        state = ${change.state}, in_flight_until = null,
        provider_message_id = ${step.kind === 'accepted' ? step.providerMessageId : null},
        next_attempt_at = ${step.kind === 'retry' ? step.at : tx.now()},
        last_error = ${step.kind === 'accepted' ? null : step.kind === 'failed' ? step.error.title : step.reason},
        settled_at = ${change.isSettled ? tx.now() : null}::timestamptz,
        request = case when ${change.isSettled} then null else request end
      where workspace_id = ${message.workspaceId} and id = ${message.id} and state = 'ATTEMPTED' and attempts = ${message.attempts}
      returning id
    `.execute(tx.sql);
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
  });
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
        where state = 'ATTEMPTED' and attempted_at <= ${new Date(now.getTime() - unconfirmedAfterMs)}
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

type OutboundIdentity = Pick<ClaimedMessage, 'workspaceId' | 'id' | 'channelId' | 'correlationId' | 'causationId'>;

function emitFailed(
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
