import { sql, transact, type Ctx } from '@fenster/database';
import { unsealBytes } from '@fenster/runtime';
import type { PublicFetch } from '@fenster/runtime/public-fetch';
import type { QuoteLanguage } from '../quotes/quote-reason.js';
import type { DestinationKind } from './alert-destination.entity.js';
import { alertText } from './alert-text.js';
import { traceOf, type AlertFacts } from './alert.rule.js';
import { afterAttempt, MAX_ATTEMPTS, type Outcome } from './delivery.rule.js';
import type { Mailer } from './mailer.js';
import { sendWebhook } from './send-webhook.js';
import { secretContext } from './webhook-signature.js';

const AT_ONCE = 20;
/** Longer than any attempt may take: whose process is gone is taken up by another one then. */
const LEASE_MS = 120_000;

export interface AlertDeliveries {
  /** For work across tenants. */
  ctx: Ctx;
  secretKey: Buffer;
  fetch: PublicFetch;
  /** Without one no mail leaves. */
  mailer: Mailer | undefined;
}

interface ClaimedDelivery {
  workspace_id: string;
  destination_id: string;
  alert_id: string;
  attempts: number;
  kind: DestinationKind;
  address: string;
  language: QuoteLanguage;
  sealed_secret: Buffer | null;
  facts: AlertFacts;
  raised_at: Date;
  channel: string | null;
  budget: string | null;
}

/** One attempt at each of those that are due. Whether there may be more. */
export async function deliverAlerts(deliveries: AlertDeliveries): Promise<boolean> {
  const claimed = await claim(deliveries.ctx);
  const settled = await Promise.allSettled(
    claimed.map(async (delivery) => settle(deliveries.ctx, delivery, await attempt(deliveries, delivery))),
  );
  for (const result of settled) if (result.status === 'rejected') throw result.reason;
  return claimed.length === AT_ONCE;
}

/** Nobody else has them until the lease is over. Each attempt counts when it begins, so that one that kills its process ends. */
async function claim(ctx: Ctx): Promise<ClaimedDelivery[]> {
  return transact(ctx, async (tx) => {
    const now = tx.now();
    // Nobody wants these any more.
    await sql`
      update alert_delivery delivery set state = 'CANCELLED', settled_at = ${now}, next_attempt_at = null
      from alert_destination destination
      where delivery.state = 'PENDING' and delivery.next_attempt_at <= ${now} and destination.removed_at is not null
        and destination.workspace_id = delivery.workspace_id and destination.id = delivery.destination_id
    `.execute(tx.sql);
    const { rows } = await sql<ClaimedDelivery>`
      with due as (
        select workspace_id, destination_id, alert_id from alert_delivery
        where state = 'PENDING' and next_attempt_at <= ${now}
        order by next_attempt_at limit ${AT_ONCE} for update skip locked
      ), claimed as (
        update alert_delivery delivery
        set attempts = delivery.attempts + 1, next_attempt_at = ${new Date(now.getTime() + LEASE_MS)}
        from due
        where delivery.workspace_id = due.workspace_id and delivery.destination_id = due.destination_id
          and delivery.alert_id = due.alert_id
        returning delivery.*
      )
      select claimed.workspace_id, claimed.destination_id, claimed.alert_id, claimed.attempts, destination.kind,
        destination.address, destination.language, destination.sealed_secret, alert.facts, alert.raised_at,
        channel.name as channel, budget.name as budget
      from claimed
      join alert_destination destination
        on destination.workspace_id = claimed.workspace_id and destination.id = claimed.destination_id
      join alert on alert.workspace_id = claimed.workspace_id and alert.id = claimed.alert_id
      left join charged_channel channel
        on channel.workspace_id = alert.workspace_id and channel.id = (alert.facts ->> 'channelId')::uuid
      left join budget on budget.workspace_id = alert.workspace_id and budget.id = (alert.facts ->> 'budgetId')::uuid
    `.execute(tx.sql);
    return rows;
  });
}

async function attempt(
  { ctx, secretKey, fetch, mailer }: AlertDeliveries,
  delivery: ClaimedDelivery,
): Promise<Outcome> {
  const { workspace_id: workspaceId, alert_id: id, destination_id: destinationId, address, facts } = delivery;
  // Its process has died with it again and again.
  if (delivery.attempts > MAX_ATTEMPTS) return { isDelivered: false, problem: 'INTERRUPTED', isFinal: true };
  const { subject, body: text } = alertText(facts, delivery, delivery.language);
  if (delivery.kind === 'EMAIL') {
    if (!mailer) return { isDelivered: false, problem: 'EMAIL_NOT_CONFIGURED', isFinal: false };
    return mailer.send({ id: `${id}.${destinationId}`, to: address, subject, text });
  }
  const timestamp = delivery.raised_at.toISOString();
  const data = { alertId: id, workspaceId, subject, text, ...facts, trace: traceOf(facts) };
  const body = JSON.stringify({ type: 'alert.raised', timestamp, data });
  const secret = unsealBytes(secretKey, delivery.sealed_secret!, secretContext(destinationId));
  return sendWebhook(fetch, { url: address, secret, id, body, at: ctx.now() });
}

async function settle(ctx: Ctx, delivery: ClaimedDelivery, outcome: Outcome): Promise<void> {
  const { workspace_id: workspaceId, destination_id: destinationId, alert_id: alertId, attempts } = delivery;
  await transact(ctx, async (tx) => {
    const now = tx.now();
    const { state, problem, nextAttemptAt } = afterAttempt(outcome, attempts, now);
    const { rows } = await sql`
      update alert_delivery set state = ${state}, problem = ${problem}, next_attempt_at = ${nextAttemptAt},
        settled_at = ${state === 'PENDING' ? null : now}
      where workspace_id = ${workspaceId} and destination_id = ${destinationId} and alert_id = ${alertId}
        and state = 'PENDING' and attempts = ${attempts}
      returning alert_id
    `.execute(tx.sql);
    // The lease was over, and another one has it.
    if (rows.length === 0) return;
    await (
      state === 'DELIVERED'
        ? sql`
          update alert_destination set last_delivered_at = ${now}, failing_since = null, problem = null, dead_since = null
          where workspace_id = ${workspaceId} and id = ${destinationId}`
        : sql`
          update alert_destination set failing_since = coalesce(failing_since, ${now}), problem = ${problem},
            dead_since = coalesce(dead_since, ${state === 'GIVEN_UP' ? now : null})
          where workspace_id = ${workspaceId} and id = ${destinationId}`
    ).execute(tx.sql);
  });
}
