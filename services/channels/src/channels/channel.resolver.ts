import { accessibleWhere, allows } from '@fenster/auth';
import { array, sql } from '@fenster/database';
import { asResult, Authorized, DateTime, type BatchLoad, type GraphQLContext } from '@fenster/graphql';
import { isId } from '@fenster/runtime';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { abilityOf } from '../ability.js';
import type { ChannelsContext } from '../context.js';
import { messagesPerSecond, peoplePerDay } from '../limits/token-bucket.rule.js';
import { ADAPTERS } from '../providers/providers.js';
import type { NumberFacts, NumberQuality } from '../providers/provider.js';
import { Channel } from './channel.entity.js';
import {
  BusinessProfileType,
  ChannelType,
  DisableChannelResult,
  HistoryImport,
  MessagingLimit,
  NumberQualityEnum,
  ReactivateChannelResult,
  RefreshChannelResult,
  SetSendRateInput,
  SetSendRateResult,
  UpdateBusinessProfileInput,
  UpdateBusinessProfileResult,
} from './channel.types.js';
import { newsByChannel } from './facts.js';
import {
  disableChannel,
  reactivateChannel,
  refreshChannel,
  setSendRate,
  updateBusinessProfile,
} from './number.commands.js';

@Resolver(() => ChannelType)
export class ChannelResolver {
  @Authorized('channel:read')
  @Query(() => [ChannelType], { description: 'All channels of your workspace, the oldest first.' })
  channels(@Ctx() ctx: GraphQLContext): Promise<Channel[]> {
    return ctx.em.find(Channel, accessibleWhere(abilityOf(ctx), 'read', 'Channel'), {
      orderBy: { createdAt: 'asc', id: 'asc' },
    });
  }

  @Authorized('channel:read')
  @Query(() => ChannelType, { nullable: true, description: 'Null if it does not exist or you may not see it.' })
  channel(@Ctx() ctx: GraphQLContext, @Arg('id', () => ID) id: string): Promise<Channel | undefined> {
    return ctx.loader(channelsById).load(id);
  }

  @Authorized('channel:read', 'channel:manage')
  @Mutation(() => RefreshChannelResult, { description: 'Asks the provider how the number is now.' })
  refreshChannel(@Ctx() ctx: ChannelsContext, @Arg('channelId', () => ID) channelId: string) {
    return asResult(refreshChannel(ctx, channelId));
  }

  @Authorized('channel:read', 'channel:manage')
  @Mutation(() => ReactivateChannelResult, {
    description:
      'Lets a channel in ERROR or DISABLED send again, if its provider takes its credentials. What is queued leaves then.',
  })
  reactivateChannel(@Ctx() ctx: ChannelsContext, @Arg('channelId', () => ID) channelId: string) {
    return asResult(reactivateChannel(ctx, channelId));
  }

  @Authorized('channel:read', 'channel:manage')
  @Mutation(() => DisableChannelResult, {
    description: 'Nothing is sent over this channel until it is reactivated. What is queued waits.',
  })
  disableChannel(@Ctx() ctx: ChannelsContext, @Arg('channelId', () => ID) channelId: string) {
    return asResult(disableChannel(ctx, channelId));
  }

  @Authorized('channel:read', 'channel:manage')
  @Mutation(() => SetSendRateResult, {
    description: 'How many messages a second may leave, of all processes together.',
  })
  setSendRate(@Ctx() ctx: ChannelsContext, @Arg('input', () => SetSendRateInput) input: SetSendRateInput) {
    return asResult(setSendRate(ctx, input));
  }

  @Authorized('channel:read', 'channel:manage')
  @Mutation(() => UpdateBusinessProfileResult, {
    description:
      'Changes what customers see of the business, at the provider. Its name and number can only be changed there.',
  })
  updateBusinessProfile(
    @Ctx() ctx: ChannelsContext,
    @Arg('input', () => UpdateBusinessProfileInput) input: UpdateBusinessProfileInput,
  ) {
    return asResult(updateBusinessProfile(ctx, input));
  }

  @FieldResolver(() => Int, { description: 'What may leave per second, of all processes together.' })
  async messagesPerSecond(@Root() channel: Channel, @Ctx() ctx: GraphQLContext): Promise<number> {
    const { limits } = ADAPTERS[channel.kind];
    return messagesPerSecond(
      limits,
      channel.messagesPerSecond ?? null,
      (await factsOf(channel, ctx)).throughput ?? null,
    );
  }

  @FieldResolver(() => DateTime, {
    nullable: true,
    description: 'Set while nothing is sent because the provider did not answer several times in a row.',
  })
  async sendingPausedUntil(@Root() channel: Channel, @Ctx() ctx: GraphQLContext): Promise<Date | null> {
    return (await ctx.loader(newsByChannel).load(channel.id))?.pausedUntil ?? null;
  }

  @FieldResolver(() => NumberQualityEnum)
  async quality(@Root() channel: Channel, @Ctx() ctx: GraphQLContext): Promise<NumberQuality> {
    return (await factsOf(channel, ctx)).quality ?? 'UNKNOWN';
  }

  @FieldResolver(() => MessagingLimit, { nullable: true, description: 'Null if it is not known.' })
  async messagingLimit(@Root() channel: Channel, @Ctx() ctx: GraphQLContext): Promise<MessagingLimit | null> {
    const { messagingLimit: tier } = await factsOf(channel, ctx);
    return tier === undefined ? null : { tier, recipientsPerDay: peoplePerDay(tier) ?? null };
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'The provider’s word: STANDARD, HIGH, NOT_APPLICABLE. Null if it is not known.',
  })
  async throughput(@Root() channel: Channel, @Ctx() ctx: GraphQLContext): Promise<string | null> {
    return (await factsOf(channel, ctx)).throughput ?? null;
  }

  @FieldResolver(() => String, { nullable: true, description: 'The name that customers see, once it is approved.' })
  async verifiedName(@Root() channel: Channel, @Ctx() ctx: GraphQLContext): Promise<string | null> {
    return (await factsOf(channel, ctx)).verifiedName ?? null;
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'The provider’s word for the approval of that name: APPROVED, PENDING_REVIEW, DECLINED, …',
  })
  async nameStatus(@Root() channel: Channel, @Ctx() ctx: GraphQLContext): Promise<string | null> {
    return (await factsOf(channel, ctx)).nameStatus ?? null;
  }

  @FieldResolver(() => String, { nullable: true, description: 'By which customers find the business.' })
  async username(@Root() channel: Channel, @Ctx() ctx: GraphQLContext): Promise<string | null> {
    return (await factsOf(channel, ctx)).username ?? null;
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'Where the provider stores messages, if it is not free to choose.',
  })
  async storageRegion(@Root() channel: Channel, @Ctx() ctx: GraphQLContext): Promise<string | null> {
    return (await factsOf(channel, ctx)).storageRegion ?? null;
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'What the provider last said of the account as a whole, in its own word, e.g. ACCOUNT_RESTRICTION.',
  })
  async accountStatus(@Root() channel: Channel, @Ctx() ctx: GraphQLContext): Promise<string | null> {
    return (await factsOf(channel, ctx)).accountStatus ?? null;
  }

  @FieldResolver(() => HistoryImport, { nullable: true, description: 'Null if nothing of the kind was told.' })
  async historyImport(@Root() channel: Channel, @Ctx() ctx: GraphQLContext): Promise<HistoryImport | null> {
    const { historyImport } = await factsOf(channel, ctx);
    if (!historyImport) return null;
    if (!('progress' in historyImport)) return { state: 'REFUSED', progress: null };
    const { progress } = historyImport;
    return { state: progress < 100 ? 'RUNNING' : 'COMPLETE', progress: Math.floor(progress) };
  }

  @FieldResolver(() => BusinessProfileType, { nullable: true, description: 'Null if it is not known.' })
  async businessProfile(@Root() channel: Channel, @Ctx() ctx: GraphQLContext): Promise<BusinessProfileType | null> {
    const { profile } = await factsOf(channel, ctx);
    if (!profile) return null;
    const { about, address, description, email, websites = [], category, pictureUrl } = profile;
    return {
      about: about || null,
      address: address || null,
      description: description || null,
      email: email || null,
      websites,
      category: category ?? null,
      pictureUrl: pictureUrl ?? null,
    };
  }
}

async function factsOf(channel: Channel, ctx: GraphQLContext): Promise<NumberFacts> {
  return (await ctx.loader(newsByChannel).load(channel.id))?.facts ?? {};
}

/** How other subgraphs' references to a channel are answered. */
export async function resolveChannel(reference: { id: string }, ctx: GraphQLContext): Promise<Channel | undefined> {
  return ctx.loader(channelsById).load(reference.id);
}

/** Those of the channels that the actor may see. */
export const channelsById: BatchLoad<string, Channel> = async (ctx, ids) => {
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<Channel>`/* prepared */
      select id, workspace_id as "workspaceId", kind, name, address, display_phone_number as "displayPhoneNumber", currency,
        time_zone as "timeZone", messages_per_second as "messagesPerSecond", state, state_reason as "stateReason",
        state_reason_code as "stateReasonCode",
        state_changed_at as "stateChangedAt", refreshed_at as "refreshedAt", created_at as "createdAt"
      from channel where workspace_id = ${workspaceId} and id = any(${array('uuid', ids.filter(isId))})
    `,
  );
  const ability = abilityOf(ctx);
  return new Map(rows.filter((row) => allows(ability, 'read', 'Channel', row)).map((row) => [row.id, row]));
};
