import { alertAcknowledged, type AlertKind } from '@fenster/contracts';
import { once, transact } from '@fenster/database';
import { DomainError, invalidInput, isId, newId, notFound, seal } from '@fenster/runtime';
import { isPublicUrl } from '@fenster/runtime/public-fetch';
import { LockMode } from '@mikro-orm/core';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { BillingContext } from '../context.js';
import { requirePerson } from '../price-books/price-book.commands.js';
import { AlertDestination, type DestinationKind } from './alert-destination.entity.js';
import { Alert } from './alert.entity.js';
import type { CreateAlertEmailInput, CreateAlertWebhookInput } from './alert.types.js';
import { formatSecret, secretContext } from './webhook-signature.js';

const MAX_DESTINATIONS = 20;
const MAX_URL = 2_000;
const SECRET_BYTES = 32;
const email = z.email().max(254);

/** The first one to do it. @throws DomainError BEYOND_API_KEY, NOT_FOUND */
export async function acknowledgeAlert(ctx: BillingContext, id: string): Promise<Alert> {
  const { id: acknowledgedBy } = requireAlertPerson(ctx);
  return transact(ctx, async (tx) => {
    const alert = isId(id) ? await tx.em.findOne(Alert, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null;
    if (!alert) throw notFound('Alert');
    if (alert.acknowledgedAt) return alert;
    Object.assign(alert, { acknowledgedBy, acknowledgedAt: tx.now() });
    tx.emit(alertAcknowledged, { entityId: id, data: { alertId: id } });
    tx.audit({ action: 'alert.acknowledge', object: { type: 'alert', id } });
    return alert;
  });
}

/**
 * What is signed with its secret is from here. The secret is told once: a repeated call gets null.
 * @throws DomainError BEYOND_API_KEY, INVALID_INPUT, IDEMPOTENCY_CONFLICT
 */
export async function createAlertWebhook(
  ctx: BillingContext,
  { url, ...input }: CreateAlertWebhookInput,
): Promise<{ destination: AlertDestination; secret: string | null }> {
  if (url.length > MAX_URL || !isPublicUrl(url, ctx.app.alerts)) {
    throw invalidInput('url', `must be an https:// address of at most ${MAX_URL} characters, without a password.`);
  }
  const secret = randomBytes(SECRET_BYTES);
  const { destination, isNew } = await create(ctx, { kind: 'WEBHOOK', address: url, ...input }, (id) =>
    seal(ctx.app.secretKey, secret, secretContext(id)),
  );
  return { destination, secret: isNew ? formatSecret(secret) : null };
}

/** @throws DomainError BEYOND_API_KEY, EMAIL_NOT_CONFIGURED, INVALID_INPUT, IDEMPOTENCY_CONFLICT */
export async function createAlertEmail(
  ctx: BillingContext,
  { address, ...input }: CreateAlertEmailInput,
): Promise<AlertDestination> {
  if (!ctx.app.alerts.sendsMail) {
    throw new DomainError(
      'EMAIL_NOT_CONFIGURED',
      'This installation sends no e-mail. Ask who runs it to set SMTP_URL.',
    );
  }
  if (!email.safeParse(address).success) throw invalidInput('address', 'must be an e-mail address.');
  const { destination } = await create(ctx, { kind: 'EMAIL', address, ...input }, () => null);
  return destination;
}

/** For ever: what was not delivered to it will not be. @throws DomainError BEYOND_API_KEY, NOT_FOUND */
export async function removeAlertDestination(ctx: BillingContext, id: string): Promise<AlertDestination> {
  requireAlertPerson(ctx);
  return transact(ctx, async (tx) => {
    const lockMode = LockMode.PESSIMISTIC_WRITE;
    const destination = isId(id) ? await tx.em.findOne(AlertDestination, { id, removedAt: null }, { lockMode }) : null;
    if (!destination) throw notFound('Alert destination');
    destination.removedAt = tx.now();
    tx.audit({
      action: 'alert_destination.remove',
      object: { type: 'alert_destination', id },
      before: audited(destination),
    });
    return destination;
  });
}

interface NewDestination extends Omit<CreateAlertEmailInput, 'address'> {
  kind: DestinationKind;
  address: string;
}

async function create(
  ctx: BillingContext,
  { kind, address, language, idempotencyKey: key, ...input }: NewDestination,
  sealedSecret: (id: string) => Buffer | null,
): Promise<{ destination: AlertDestination; isNew: boolean }> {
  const { workspaceId, id: createdBy } = requireAlertPerson(ctx);
  const alerts = [...new Set(input.alerts)].toSorted();
  if (alerts.length === 0) throw invalidInput('alerts', 'must name one at least.');
  const settings = { kind, address, alerts, language };
  return transact(ctx, async (tx) => {
    let isNew = false;
    const id = await once(
      tx,
      { key, operation: 'createAlertDestination', input: settings },
      newId(),
      async (created) => {
        isNew = true;
        if ((await tx.em.count(AlertDestination, { removedAt: null })) >= MAX_DESTINATIONS) {
          const message = `must not be given: a workspace has at most ${MAX_DESTINATIONS} destinations. Remove one.`;
          throw invalidInput(kind === 'EMAIL' ? 'address' : 'url', message);
        }
        tx.em.create(AlertDestination, {
          workspaceId,
          id: created,
          ...settings,
          sealedSecret: sealedSecret(created),
          createdBy,
          createdAt: tx.now(),
          removedAt: null,
          lastDeliveredAt: null,
          failingSince: null,
          problem: null,
          deadSince: null,
        });
        await tx.em.flush();
        tx.audit({
          action: 'alert_destination.create',
          object: { type: 'alert_destination', id: created },
          after: audited(settings),
        });
      },
    );
    return { destination: await tx.em.findOneOrFail(AlertDestination, { id }), isNew };
  });
}

function audited({ kind, address, alerts }: { kind: DestinationKind; address: string; alerts: AlertKind[] }) {
  return { kind, host: kind === 'WEBHOOK' ? new URL(address).host : null, alerts };
}

const requireAlertPerson = (ctx: BillingContext) => requirePerson(ctx, 'say where alerts go, and acknowledge them');
