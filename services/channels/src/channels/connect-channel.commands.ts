import { hash } from 'node:crypto';
import { authorize } from '@fenster/auth';
import { acrossTenants, once, sql, transact } from '@fenster/database';
import { isId, newId, seal } from '@fenster/runtime';
import { abilityOf } from '../ability.js';
import type { ChannelsContext } from '../context.js';
import { hashVerifyToken, secretContext, writeWebhookSecret } from '../provider-apps/app-directory.js';
import { changeState } from './channel-state.js';
import { Channel } from './channel.entity.js';
import { connectChannel, type ChannelConnection } from './channel.commands.js';
import { credentialsFieldOf, fieldOfRefusal, newCredentials } from './connect-channel.rule.js';
import type { UpdateChannelCredentialsInput } from './connect-channel.types.js';
import { sealSecrets } from './credentials.js';
import { factsOf, storeFacts } from './facts.js';
import { valueOf } from './number.commands.js';

/**
 * Connects a channel, once its provider has taken the credentials.
 * @throws DomainError INVALID_INPUT, CHANNEL_EXISTS, NUMBER_TAKEN, APP_TAKEN, PROVIDER_REFUSED, PROVIDER_UNREACHABLE,
 *   IDEMPOTENCY_CONFLICT
 */
export async function connectNewChannel(
  ctx: ChannelsContext,
  operation: string,
  { idempotencyKey, ...input }: { idempotencyKey: string },
  connection: ChannelConnection,
): Promise<Channel> {
  const { workspaceId, kind } = connection;
  const { providers, secretKey } = ctx.app;
  const asOf = ctx.now();
  const credentials = { ...connection.settings, ...connection.secrets };
  const facts = valueOf(await providers[kind].readNumber(credentials), (reason) =>
    fieldOfRefusal(kind, reason, connection.addressField),
  );
  const id = await transact(acrossTenants(ctx), async (tx) => {
    // What is given is secret: that it is the same, its hash says.
    const given = { given: hash('sha256', `${secretKey.toString('hex')} ${JSON.stringify(input)}`) };
    return once(
      { ...tx, workspaceId },
      { key: idempotencyKey, operation, input: given },
      newId(),
      async (newChannelId) => {
        const channelId = await connectChannel(tx, secretKey, connection, { newId: newChannelId });
        await storeFacts(tx, factsOf({ workspaceId, channelId, asOf }, facts));
        await sql`
        update channel set refreshed_at = ${asOf}, refresh_tried_at = ${asOf}
        where workspace_id = ${workspaceId} and id = ${channelId}
      `.execute(tx.sql);
      },
    );
  });
  await ctx.app.reloadSigners();
  return ctx.database.forTenant(workspaceId).findOneOrFail(Channel, { id });
}

/**
 * Gives a channel other credentials, once its provider has taken them. What was in ERROR because of the old ones sends again.
 * @throws DomainError NOT_FOUND, INVALID_INPUT, PROVIDER_REFUSED, PROVIDER_UNREACHABLE
 */
export async function updateChannelCredentials(
  ctx: ChannelsContext,
  input: UpdateChannelCredentialsInput,
): Promise<Channel> {
  const { channelId } = input;
  const channel = isId(channelId) ? await ctx.em.findOne(Channel, { id: channelId }) : null;
  authorize(abilityOf(ctx), 'update', 'Channel', channel);
  const { workspaceId, kind } = channel;
  const { providers, secretKey } = ctx.app;
  const { secrets, webhookSecret, verifyToken } = newCredentials(kind, input);
  const [row] = await ctx.database.readForTenant(
    workspaceId,
    sql<{ settings: object; app_id: string }>`
      select settings, app_id from channel where workspace_id = ${workspaceId} and id = ${channelId}
    `,
  );
  const { settings, app_id: appId } = row!;
  valueOf(await providers[kind].readNumber({ ...settings, ...secrets }), (reason) =>
    fieldOfRefusal(kind, reason, 'channelId').replace('credentials', credentialsFieldOf(kind)),
  );
  await transact(acrossTenants(ctx), async (tx) => {
    await sql`
      update channel set secrets = ${sealSecrets(secretKey, channelId, secrets)}
      where workspace_id = ${workspaceId} and id = ${channelId}
    `.execute(tx.sql);
    const sealed = seal(secretKey, writeWebhookSecret(webhookSecret), secretContext(appId));
    await sql`
      update provider_app set secrets = array[${sealed}::bytea],
        verify_token_hash = ${verifyToken === null ? null : hashVerifyToken(secretKey, verifyToken)}
      where workspace_id = ${workspaceId} and app_id = ${appId}
    `.execute(tx.sql);
    tx.audit({ action: 'channel.credentials_change', object: { type: 'channel', id: channelId }, workspaceId });
    await changeState(tx, { workspaceId, channelId, state: 'ACTIVE', from: ['ERROR'] });
    tx.afterCommit(ctx.app.wakeSender);
  });
  await ctx.app.reloadSigners();
  return ctx.database.forTenant(workspaceId).findOneOrFail(Channel, { id: channelId });
}
