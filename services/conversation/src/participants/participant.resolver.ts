import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Mutation, Resolver, Root } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import { requestChange } from '../conversations/change-conversation.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { ConversationType } from '../conversations/conversation.types.js';
import { addingParticipants, following, removingParticipants, unfollowing } from './participant.commands.js';
import { participantsOfConversations } from './participant.queries.js';
import {
  AddParticipantsResult,
  ChangeParticipantsInput,
  FollowConversationResult,
  ParticipantType,
  RemoveParticipantsResult,
  UnfollowConversationResult,
} from './participant.types.js';

@Resolver(() => ConversationType)
export class ParticipantResolver {
  @Authorized('conversation:update')
  @Mutation(() => AddParticipantsResult, { description: 'They follow it from now on.' })
  addParticipants(
    @Ctx() ctx: ConversationContext,
    @Arg('input', () => ChangeParticipantsInput) input: ChangeParticipantsInput,
  ) {
    return asResult(requestChange(ctx, input.conversationId, () => addingParticipants(input)));
  }

  @Authorized('conversation:update')
  @Mutation(() => RemoveParticipantsResult, { description: 'They follow it no longer.' })
  removeParticipants(
    @Ctx() ctx: ConversationContext,
    @Arg('input', () => ChangeParticipantsInput) input: ChangeParticipantsInput,
  ) {
    return asResult(requestChange(ctx, input.conversationId, () => removingParticipants(input)));
  }

  @Authorized('conversation:update')
  @Mutation(() => FollowConversationResult, { description: 'You follow it from now on.' })
  followConversation(@Ctx() ctx: ConversationContext, @Arg('conversationId', () => ID) conversationId: string) {
    return asResult(requestChange(ctx, conversationId, () => following(ctx.requireActor())));
  }

  @Authorized('conversation:update')
  @Mutation(() => UnfollowConversationResult, { description: 'You follow it no longer.' })
  unfollowConversation(@Ctx() ctx: ConversationContext, @Arg('conversationId', () => ID) conversationId: string) {
    return asResult(requestChange(ctx, conversationId, () => unfollowing(ctx.requireActor())));
  }

  @FieldResolver(() => [ParticipantType], { description: 'Those who have followed longest first.' })
  async participants(@Root() conversation: Conversation, @Ctx() ctx: ConversationContext): Promise<ParticipantType[]> {
    return (await ctx.loader(participantsOfConversations).load(conversation.id)) ?? [];
  }
}
