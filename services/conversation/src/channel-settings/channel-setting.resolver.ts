import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import { channelSettings, updateChannelSettings } from './channel-setting.commands.js';
import type { ChannelSetting } from './channel-setting.entity.js';
import {
  ChannelSettingsType,
  UpdateChannelSettingsInput,
  UpdateChannelSettingsResult,
} from './channel-setting.types.js';

@Resolver()
export class ChannelSettingsResolver {
  @Authorized('conversation:manage')
  @Query(() => ChannelSettingsType)
  channelSettings(
    @Ctx() ctx: ConversationContext,
    @Arg('channelId', () => ID) channelId: string,
  ): Promise<ChannelSetting> {
    return channelSettings(ctx, channelId);
  }

  @Authorized('conversation:manage')
  @Mutation(() => UpdateChannelSettingsResult)
  updateChannelSettings(
    @Ctx() ctx: ConversationContext,
    @Arg('input', () => UpdateChannelSettingsInput) input: UpdateChannelSettingsInput,
  ): Promise<ChannelSetting> {
    return asResult(updateChannelSettings(ctx, input));
  }
}
