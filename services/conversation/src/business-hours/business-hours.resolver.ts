import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { findChannel } from '../channels/find-channel.js';
import type { ConversationContext } from '../context.js';
import { removeBusinessHours, setBusinessHours } from './business-hours.commands.js';
import { ChannelBusinessHours } from './business-hours.entity.js';
import { isOpen, nextOpening } from './business-hours.rule.js';
import {
  BusinessHoursState,
  BusinessHoursType,
  SetBusinessHoursInput,
  SetBusinessHoursResult,
} from './business-hours.types.js';

@Resolver(() => BusinessHoursType)
export class BusinessHoursResolver {
  @Authorized('conversation:manage')
  @Query(() => BusinessHoursType, { nullable: true, description: 'Null for a channel that is always open.' })
  async businessHours(
    @Ctx() ctx: ConversationContext,
    @Arg('channelId', () => ID) channelId: string,
  ): Promise<ChannelBusinessHours | null> {
    await findChannel(ctx.em, channelId);
    return ctx.em.findOne(ChannelBusinessHours, { channelId });
  }

  @Authorized('conversation:manage')
  @Mutation(() => SetBusinessHoursResult, { description: 'Replaces what was.' })
  setBusinessHours(
    @Ctx() ctx: ConversationContext,
    @Arg('input', () => SetBusinessHoursInput) input: SetBusinessHoursInput,
  ) {
    return asResult(setBusinessHours(ctx, input));
  }

  @Authorized('conversation:manage')
  @Mutation(() => Boolean, { description: 'The channel is always open again. Whether it was not.' })
  removeBusinessHours(
    @Ctx() ctx: ConversationContext,
    @Arg('channelId', () => ID) channelId: string,
  ): Promise<boolean> {
    return removeBusinessHours(ctx, channelId);
  }

  @FieldResolver(() => BusinessHoursState, { description: 'At the time of the answer.' })
  now(@Root() hours: ChannelBusinessHours, @Ctx() ctx: ConversationContext): BusinessHoursState {
    const now = ctx.now();
    return { isOpen: isOpen(hours, now), nextOpeningAt: nextOpening(hours, now) };
  }
}
