import { authorize } from '@fenster/auth';
import { acrossTenants, sql, transact, type Tx } from '@fenster/database';
import { DomainError, isId, unsealBytes } from '@fenster/runtime';
import { abilityOf } from '../ability.js';
import type { ChannelsContext } from '../context.js';
import type { ChannelKind } from '../providers/channel-kind.js';
import type { OpenedWebhook } from '../providers/provider.js';
import { openWebhook } from './open-webhook.js';
import { bodyContext, readWebhook, type ReceivedWebhook } from './received-webhook.js';
import { storeAgain } from './store-webhooks.js';
import { WebhookEvent } from './webhook-event.entity.js';

/**
 * Handles a stored webhook as if it came now: what had its effect has none again, and what had none may have it with
 * this version, or since a number was connected. Its dead letters are replaced by those that it makes today.
 * @throws DomainError NOT_FOUND, WEBHOOK_BODY_ERASED
 */
export async function replayWebhookEvent(ctx: ChannelsContext, id: string): Promise<WebhookEvent> {
  const event = isId(id) ? await ctx.em.findOne(WebhookEvent, { id }) : null;
  authorize(abilityOf(ctx), 'replay', 'WebhookEvent', event);
  const { workspaceId } = event;
  // What came is stored across tenants, as when it came.
  const opened = await openStored(ctx, event);
  await transact(acrossTenants(ctx), async (tx) => {
    const webhook = await reread(tx, ctx.app, event, opened);
    await forgetDeadLetters(tx, webhook, workspaceId);
    await storeAgain(tx, webhook, ctx.app);
    tx.audit({ action: 'webhook_event.replay', object: { type: 'webhook_event', id }, workspaceId });
  });
  return ctx.database.forTenant(workspaceId).findOneOrFail(WebhookEvent, { id });
}

async function reread(
  tx: Tx,
  { providers, secretKey }: ChannelsContext['app'],
  { id, workspaceId }: WebhookEvent,
  opened: OpenedWebhook | undefined,
): Promise<ReceivedWebhook> {
  const { rows } = await sql<{
    body_hash: Buffer;
    body: Buffer | null;
    query: string | null;
    received_at: Date;
    app_id: string;
    kind: ChannelKind;
  }>`
    select e.body_hash, e.body, e.query, e.received_at, e.app_id, a.kind from webhook_event e join provider_app a on a.app_id = e.app_id
    where e.workspace_id = ${workspaceId} and e.id = ${id} for update of e
  `.execute(tx.sql);
  const row = rows[0];
  if (!row?.body) {
    throw new DomainError('WEBHOOK_BODY_ERASED', 'The body of this webhook has been erased: its time is over.');
  }
  const raw = unsealBytes(secretKey, row.body, bodyContext(row.body_hash.toString('hex')));
  const app = { appId: row.app_id, kind: row.kind, workspaceId };
  const posted = { raw, query: row.query, receivedAt: new Date(row.received_at), opened };
  return { ...readWebhook(posted, app, providers[row.kind], secretKey), id };
}

/** Before the transaction, because somebody else may have to be asked. */
async function openStored(ctx: ChannelsContext, { id, workspaceId }: WebhookEvent): Promise<OpenedWebhook | undefined> {
  const { providers, secretKey } = ctx.app;
  const { database } = ctx;
  const { rows } = await sql<{ body_hash: Buffer; body: Buffer | null; app_id: string; kind: ChannelKind }>`
    select e.body_hash, e.body, e.app_id, a.kind from webhook_event e join provider_app a on a.app_id = e.app_id
    where e.workspace_id = ${workspaceId} and e.id = ${id}
  `.execute(database.system().getKysely());
  const [row] = rows;
  if (!row?.body || !providers[row.kind].open) return undefined;
  const raw = unsealBytes(secretKey, row.body, bodyContext(row.body_hash.toString('hex')));
  return openWebhook(raw, { appId: row.app_id, kind: row.kind }, { database, providers, secretKey });
}

/** What a dead letter is about had no effect, whatever is remembered of it. */
async function forgetDeadLetters(tx: Tx, webhook: ReceivedWebhook, workspaceId: string): Promise<void> {
  const { rows } = await sql<{ payload: string }>`
    update dead_letter set replayed_at = ${tx.now()}
    where workspace_id = ${workspaceId} and event_id = ${webhook.id} and source = 'webhook' and replayed_at is null
    returning payload
  `.execute(tx.sql);
  const paths = new Set(rows.flatMap(({ payload }) => (JSON.parse(payload) as { paths: string[] }).paths));
  const without = webhook.elements.filter(({ item }) => paths.has(item.path));
  if (without.length === 0) return;
  await sql`
    delete from inbound_item where workspace_id = ${workspaceId} and dedupe_hash = any(
      ${without.map(({ dedupeHash }) => Buffer.from(dedupeHash, 'hex'))}::bytea[]
    )
  `.execute(tx.sql);
}
