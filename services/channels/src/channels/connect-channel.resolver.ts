import { array, sql } from '@fenster/database';
import { asResult, Authorized, type BatchLoad } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import type { DeliveryStatus, MediaKind } from '@fenster/contracts';
import type { ChannelsContext } from '../context.js';
import { capabilitiesOf } from '../providers/providers.js';
import { webhookUrlOf } from '../webhooks/webhook.route.js';
import { acceptThreemaKey } from './accept-threema-key.commands.js';
import { AcceptThreemaKeyInput, AcceptThreemaKeyResult } from './accept-threema-key.types.js';
import type { ChannelConnection } from './channel.commands.js';
import type { Channel } from './channel.entity.js';
import { ChannelType } from './channel.types.js';
import { connectNewChannel, updateChannelCredentials } from './connect-channel.commands.js';
import { cloudFrom, dialog360From, stepsOf, threemaFrom, twilioSmsFrom } from './connect-channel.rule.js';
import {
  ChannelCapabilitiesType,
  ChannelSetUp,
  ConnectDialog360ChannelInput,
  ConnectDialog360ChannelResult,
  ConnectThreemaChannelInput,
  ConnectThreemaChannelResult,
  ConnectTwilioSmsChannelInput,
  ConnectTwilioSmsChannelResult,
  ConnectWhatsAppCloudChannelInput,
  ConnectWhatsAppCloudChannelResult,
  UpdateChannelCredentialsInput,
  UpdateChannelCredentialsResult,
} from './connect-channel.types.js';

const CHECKED =
  'The provider is asked first whether it takes the credentials; `setUp` says what is left to be done there.';

@Resolver(() => ChannelType)
export class ConnectChannelResolver {
  @Authorized('channel:read', 'channel:manage')
  @Mutation(() => ConnectWhatsAppCloudChannelResult, {
    description: `A number of WhatsApp, directly at Meta. ${CHECKED}`,
  })
  connectWhatsAppCloudChannel(
    @Ctx() ctx: ChannelsContext,
    @Arg('input', () => ConnectWhatsAppCloudChannelInput) input: ConnectWhatsAppCloudChannelInput,
  ) {
    return asResult(connect(ctx, 'connectWhatsAppCloudChannel', input, cloudFrom));
  }

  @Authorized('channel:read', 'channel:manage')
  @Mutation(() => ConnectDialog360ChannelResult, { description: `A number of WhatsApp, at 360dialog. ${CHECKED}` })
  connectDialog360Channel(
    @Ctx() ctx: ChannelsContext,
    @Arg('input', () => ConnectDialog360ChannelInput) input: ConnectDialog360ChannelInput,
  ) {
    return asResult(connect(ctx, 'connectDialog360Channel', input, dialog360From));
  }

  @Authorized('channel:read', 'channel:manage')
  @Mutation(() => ConnectTwilioSmsChannelResult, { description: `A number for SMS, at Twilio. ${CHECKED}` })
  connectTwilioSmsChannel(
    @Ctx() ctx: ChannelsContext,
    @Arg('input', () => ConnectTwilioSmsChannelInput) input: ConnectTwilioSmsChannelInput,
  ) {
    return asResult(connect(ctx, 'connectTwilioSmsChannel', input, twilioSmsFrom));
  }

  @Authorized('channel:read', 'channel:manage')
  @Mutation(() => ConnectThreemaChannelResult, {
    description: `An id of Threema Gateway, end-to-end encrypted. ${CHECKED}`,
  })
  connectThreemaChannel(
    @Ctx() ctx: ChannelsContext,
    @Arg('input', () => ConnectThreemaChannelInput) input: ConnectThreemaChannelInput,
  ) {
    return asResult(connect(ctx, 'connectThreemaChannel', input, threemaFrom));
  }

  @Authorized('channel:read', 'channel:manage')
  @Mutation(() => UpdateChannelCredentialsResult, {
    description:
      'In place of those there are, once the provider has taken them. A channel that was in ERROR sends again. Credentials are never shown.',
  })
  updateChannelCredentials(
    @Ctx() ctx: ChannelsContext,
    @Arg('input', () => UpdateChannelCredentialsInput) input: UpdateChannelCredentialsInput,
  ) {
    return asResult(updateChannelCredentials(ctx, input));
  }

  @Authorized('channel:read', 'channel:manage')
  @Mutation(() => AcceptThreemaKeyResult, {
    description:
      'Takes the new key of a person whose key at Threema has changed, once it was compared with them. It has to be the one that Threema names. What they wrote meanwhile opens with replayWebhookEvent.',
  })
  acceptThreemaKey(
    @Ctx() ctx: ChannelsContext,
    @Arg('input', () => AcceptThreemaKeyInput) input: AcceptThreemaKeyInput,
  ) {
    return asResult(acceptThreemaKey(ctx, input));
  }

  @FieldResolver(() => ChannelSetUp, {
    nullable: true,
    description: 'Null without the permission channel:manage.',
  })
  async setUp(@Root() { id, kind }: Channel, @Ctx() ctx: ChannelsContext): Promise<ChannelSetUp | null> {
    const appId = await ctx.loader(appIds).load(id);
    if (appId === undefined) return null;
    const webhookUrl = webhookUrlOf(kind, ctx.app.webhookUrl(), appId);
    return { webhookUrl, steps: stepsOf(kind, webhookUrl) };
  }

  @FieldResolver(() => ChannelCapabilitiesType)
  capabilities(@Root() { kind }: Channel): ChannelCapabilitiesType {
    const { mediaKinds, maxTextBytes, statuses, costModel, ...rest } = capabilitiesOf(kind);
    return {
      ...rest,
      mediaLimits: Object.entries(mediaKinds).map(([media, { maxBytes }]) => ({ kind: media as MediaKind, maxBytes })),
      maxTextBytes: maxTextBytes ?? null,
      statuses: statuses.map((status) => status.toUpperCase() as Uppercase<DeliveryStatus>),
      pricesMessages: costModel === 'PER_MESSAGE',
    };
  }
}

async function connect<Input extends { idempotencyKey: string }>(
  ctx: ChannelsContext,
  operation: string,
  input: Input,
  from: (input: Input, place: Parameters<typeof cloudFrom>[1]) => ChannelConnection,
): Promise<Channel> {
  const { workspaceId } = ctx.requireActor();
  return connectNewChannel(ctx, operation, input, from(input, { workspaceId, urls: ctx.app.apiUrls }));
}

const appIds: BatchLoad<string, string> = async (ctx, ids) => {
  const { workspaceId, permissions } = ctx.requireActor();
  if (!permissions.includes('channel:manage')) return new Map();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<{ id: string; app_id: string }>`
      select id, app_id from channel where workspace_id = ${workspaceId} and id = any(${array('uuid', ids)})
    `,
  );
  return new Map(rows.map((row) => [row.id, row.app_id]));
};
