import { authorize } from '@fenster/auth';
import type { FailureReason } from '@fenster/contracts';
import { sql, transact, type Ctx } from '@fenster/database';
import { DomainError, invalidInput, isId } from '@fenster/runtime';
import { abilityOf } from '../ability.js';
import type { ChannelsApp, ChannelsContext } from '../context.js';
import { findUploadedFiles, HANDOVER_TIMEOUT_MS } from '../media/uploaded-files.js';
import type { NumberFacts, ProfileApi, Provider, ProviderAnswer, ProviderCredentials } from '../providers/provider.js';
import { openCredentials, SEALED_CREDENTIALS, type SealedCredentials } from './credentials.js';
import { Channel } from './channel.entity.js';
import { announceChannels } from './announce-channels.js';
import { changeState } from './channel-state.js';
import { factsOf, storeFacts } from './facts.js';
import { checkPicture, checkProfile, type ProfileInput } from './profile.rule.js';

interface ConnectionRow extends SealedCredentials {
  workspaceId: string;
  appId: string;
}

/** How to reach the provider for a channel. */
export interface Connection {
  channelId: string;
  workspaceId: string;
  /** The provider app that it is connected through. */
  appId: string;
  provider: Provider;
  credentials: ProviderCredentials;
}

const CONNECTION = sql`c.id as "channelId", c.workspace_id as "workspaceId", c.app_id as "appId", ${SEALED_CREDENTIALS}`;

/** @throws Error if the secrets were sealed with another key. */
function toConnection(
  row: ConnectionRow,
  { providers, secretKey }: Pick<ChannelsApp, 'providers' | 'secretKey'>,
): Connection {
  const { channelId, workspaceId, appId, channelKind } = row;
  const provider = providers[channelKind];
  return { channelId, workspaceId, appId, provider, credentials: openCredentials(secretKey, row) };
}

/** @throws DomainError NOT_FOUND for a channel that the actor may not change. */
export async function findConnection(ctx: ChannelsContext, channelId: string): Promise<Connection> {
  const channel = isId(channelId) ? await ctx.em.findOne(Channel, { id: channelId }) : null;
  authorize(abilityOf(ctx), 'update', 'Channel', channel);
  const rows = await ctx.database.readForTenant(
    channel.workspaceId,
    sql<ConnectionRow>`select ${CONNECTION} from channel c where workspace_id = ${channel.workspaceId} and id = ${channelId}`,
  );
  return toConnection(rows[0]!, ctx.app);
}

function reload(ctx: ChannelsContext, { channelId }: Connection): Promise<Channel> {
  return ctx.database.forTenant(ctx.requireActor().workspaceId).findOneOrFail(Channel, { id: channelId });
}

/**
 * Asks the provider how the number is, and keeps what it says. That a number is broken is kept too; that the provider
 * cannot be reached says nothing of the number.
 */
export async function readFromProvider(ctx: Ctx, connection: Connection): Promise<ProviderAnswer<NumberFacts>> {
  const { channelId, workspaceId, provider, credentials } = connection;
  const asOf = ctx.now();
  const answer = await provider.readNumber(credentials);
  await transact(ctx, async (tx) => {
    if (answer.kind === 'answered') {
      await storeFacts(tx, factsOf({ workspaceId, channelId, asOf }, answer.value));
      await sql`
        update channel set refreshed_at = ${asOf} where workspace_id = ${workspaceId} and id = ${channelId}
      `.execute(tx.sql);
    }
    // Without a code it is only that this provider has no such address.
    if (answer.kind === 'refused' && answer.class === 'channel_broken' && answer.code !== undefined) {
      const error = { code: answer.code, title: answer.agentText, reason: answer.reason };
      await changeState(tx, { workspaceId, channelId, state: 'ERROR', error, from: ['ACTIVE'], knownAt: asOf });
    }
  });
  return answer;
}

/** @throws DomainError NOT_FOUND, PROVIDER_REFUSED, PROVIDER_UNREACHABLE */
export async function refreshChannel(ctx: ChannelsContext, channelId: string): Promise<Channel> {
  const connection = await findConnection(ctx, channelId);
  valueOf(await readFromProvider(ctx, connection));
  return reload(ctx, connection);
}

/**
 * Lets a channel send again, if the provider takes its credentials.
 * @throws DomainError NOT_FOUND, PROVIDER_REFUSED, PROVIDER_UNREACHABLE
 */
export async function reactivateChannel(ctx: ChannelsContext, channelId: string): Promise<Channel> {
  const connection = await findConnection(ctx, channelId);
  valueOf(await readFromProvider(ctx, connection));
  const { workspaceId } = connection;
  await transact(ctx, async (tx) => {
    await changeState(tx, { workspaceId, channelId, state: 'ACTIVE', from: ['ERROR', 'DISABLED'] });
    await sql`
      update channel_delivery set failures = 0, paused_until = null
      where workspace_id = ${workspaceId} and channel_id = ${channelId}
    `.execute(tx.sql);
    tx.afterCommit(ctx.app.wakeSender);
  });
  return reload(ctx, connection);
}

/** @throws DomainError NOT_FOUND */
export async function disableChannel(ctx: ChannelsContext, channelId: string): Promise<Channel> {
  const connection = await findConnection(ctx, channelId);
  const { workspaceId } = connection;
  await transact(ctx, (tx) =>
    changeState(tx, { workspaceId, channelId, state: 'DISABLED', from: ['ACTIVE', 'ERROR'] }),
  );
  return reload(ctx, connection);
}

export const MAX_MESSAGES_PER_SECOND = 1_000;

/** @throws DomainError NOT_FOUND, INVALID_INPUT */
export async function setSendRate(
  ctx: ChannelsContext,
  { channelId, messagesPerSecond }: { channelId: string; messagesPerSecond?: number | null },
): Promise<Channel> {
  const rate = messagesPerSecond ?? null;
  if (rate !== null && (rate < 1 || rate > MAX_MESSAGES_PER_SECOND)) {
    throw invalidInput('messagesPerSecond', `must be between 1 and ${MAX_MESSAGES_PER_SECOND}.`);
  }
  const connection = await findConnection(ctx, channelId);
  const { workspaceId } = connection;
  await transact(ctx, async (tx) => {
    const { rows } = await sql<{ before: number | null }>`
      update channel set messages_per_second = ${rate}
      from (
        select messages_per_second as before from channel
        where workspace_id = ${workspaceId} and id = ${channelId} for update
      ) old
      where workspace_id = ${workspaceId} and id = ${channelId} returning old.before
    `.execute(tx.sql);
    tx.audit({
      action: 'channel.update',
      object: { type: 'channel', id: channelId },
      before: { messagesPerSecond: rows[0]!.before },
      after: { messagesPerSecond: rate },
    });
    await announceChannels(tx, [channelId]);
  });
  return reload(ctx, connection);
}

/**
 * Changes what customers see of the business, at the provider, and keeps what is there afterwards.
 * @throws DomainError NOT_FOUND, INVALID_INPUT, PROVIDER_REFUSED, PROVIDER_UNREACHABLE
 */
export async function updateBusinessProfile(
  ctx: ChannelsContext,
  { channelId, ...input }: ProfileInput & { channelId: string },
): Promise<Channel> {
  const change = checkProfile(input);
  const connection = await findConnection(ctx, channelId);
  const before = await storedProfile(ctx, connection);
  const { provider, credentials } = connection;
  const { profile: api } = provider;
  if (!api) throw invalidInput('channelId', 'is a channel on which customers see no profile.');
  const { pictureMediaId } = input;
  const pictureHandle =
    pictureMediaId == null ? undefined : await handOverPicture(ctx, connection, api, pictureMediaId);
  const update = pictureHandle === undefined ? change : { ...change, pictureHandle };
  valueOf(await api.update(update, credentials));
  const profileFields = [...Object.keys(change), ...(pictureHandle === undefined ? [] : ['picture'])];
  // What was changed is known even if reading it back fails.
  await transact(ctx, async (tx) => {
    const { workspaceId } = connection;
    const profile = { ...before, ...change };
    // Only reading it back tells where the new one is.
    if (pictureHandle !== undefined) delete profile.pictureUrl;
    await storeFacts(tx, factsOf({ workspaceId, channelId, asOf: ctx.now() }, { profile }));
    tx.audit({
      action: 'channel.profile_update',
      object: { type: 'channel', id: channelId },
      before: { ...auditedProfile(before ?? {}), profileFields: null },
      after: { ...auditedProfile(profile), profileFields },
    });
  });
  await readFromProvider(ctx, connection);
  return reload(ctx, connection);
}

/** Gives the provider the new picture. @throws DomainError INVALID_INPUT, PROVIDER_REFUSED, PROVIDER_UNREACHABLE */
async function handOverPicture(
  ctx: ChannelsContext,
  { workspaceId, appId, credentials }: Connection,
  api: ProfileApi,
  mediaId: string,
): Promise<string> {
  const file = checkPicture((await findUploadedFiles(ctx, workspaceId, [mediaId])).get(mediaId));
  const signal = AbortSignal.timeout(HANDOVER_TIMEOUT_MS);
  return valueOf(await api.uploadPicture(appId, file.open(), credentials, signal), () => 'pictureMediaId');
}

async function storedProfile(
  ctx: ChannelsContext,
  { workspaceId, channelId }: Connection,
): Promise<NumberFacts['profile']> {
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<{ value: NonNullable<NumberFacts['profile']> }>`
      select value from channel_fact
      where workspace_id = ${workspaceId} and channel_id = ${channelId} and name = 'profile'
    `,
  );
  return rows[0]?.value;
}

/** The others are addresses, which the audit log does not tell. */
function auditedProfile({ about, description, websites, category }: NonNullable<NumberFacts['profile']>) {
  return {
    about: about ?? null,
    description: description ?? null,
    websites: websites ? [...websites].slice(0, 2) : null,
    category: category ?? null,
  };
}

/**
 * What a provider answers to somebody who waits for it.
 * @param fieldOf the field of the input that is at fault, where it is one.
 * @throws DomainError PROVIDER_REFUSED, PROVIDER_UNREACHABLE
 */
export function valueOf<T>(answer: ProviderAnswer<T>, fieldOf?: (reason: FailureReason) => string): T {
  switch (answer.kind) {
    case 'answered':
      return answer.value;
    case 'refused':
      throw new DomainError('PROVIDER_REFUSED', answer.explanation ?? answer.agentText, {
        ...(fieldOf && { field: fieldOf(answer.reason) }),
        details: { providerCode: answer.code ?? null },
      });
    case 'unreachable':
      throw new DomainError('PROVIDER_UNREACHABLE', 'The provider cannot be reached. Try again in a while.', {
        details: { providerCode: null },
      });
  }
}

/** Channels that were never read from their provider, or not for a day; each by one process at a time. */
export async function connectionsToRefresh(
  ctx: Ctx,
  app: Pick<ChannelsApp, 'providers' | 'secretKey'>,
  { readBefore, triedBefore, limit }: { readBefore: Date; triedBefore: Date; limit: number },
): Promise<Connection[]> {
  const rows = await transact(ctx, async (tx) => {
    const found = await sql<ConnectionRow>`
      update channel c set refresh_tried_at = ${tx.now()}
      where (c.workspace_id, c.id) in (
        select workspace_id, id from channel
        where state = 'ACTIVE' and (refreshed_at is null or refreshed_at < ${readBefore})
          and (refresh_tried_at is null or refresh_tried_at < ${triedBefore})
        order by refresh_tried_at nulls first limit ${limit} for update skip locked
      )
      returning ${CONNECTION}
    `.execute(tx.sql);
    return found.rows;
  });
  return rows.flatMap((row) => {
    try {
      return [toConnection(row, app)];
    } catch (error) {
      ctx.log.error({ err: error, channelId: row.channelId }, 'the token of this channel cannot be opened');
      return [];
    }
  });
}

/** As if it had been tried then. */
export async function tryAgainSoon(ctx: Ctx, { workspaceId, channelId }: Connection, triedAt: Date): Promise<void> {
  await transact(ctx, (tx) =>
    sql`
      update channel set refresh_tried_at = ${triedAt} where workspace_id = ${workspaceId} and id = ${channelId}
    `.execute(tx.sql),
  );
}
