import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { requestChange } from '../conversations/change-conversation.js';
import { assigning, givingToTeam, taking } from './assignment.commands.js';
import { AssignConversationResult, AssignTeamResult, TakeConversationResult } from './assignment.types.js';

const REASON = 'Why, for colleagues: 1 to 500 characters.';

@Resolver()
export class AssignmentResolver {
  @Authorized('conversation:update')
  @Mutation(() => AssignConversationResult, {
    description:
      'Makes it the work of somebody, or with null of nobody. The team stays. You may lose sight of it by that.',
  })
  assignConversation(
    @Ctx() ctx: ConversationContext,
    @Arg('conversationId', () => ID) conversationId: string,
    @Arg('memberId', () => ID, { nullable: true }) memberId?: string | null,
    @Arg('reason', () => String, { nullable: true, description: REASON }) reason?: string | null,
  ): Promise<Conversation> {
    return asResult(requestChange(ctx, conversationId, () => assigning({ memberId: memberId ?? null, reason })));
  }

  @Authorized('conversation:update')
  @Mutation(() => TakeConversationResult, {
    description: 'Makes it yours. AlreadyAssigned if a colleague was faster, and has it now.',
  })
  takeConversation(
    @Ctx() ctx: ConversationContext,
    @Arg('conversationId', () => ID) conversationId: string,
    @Arg('from', () => ID, { nullable: true, description: 'The colleague from whom you take it knowingly.' })
    from?: string | null,
    @Arg('reason', () => String, { nullable: true, description: REASON }) reason?: string | null,
  ): Promise<Conversation> {
    return asResult(requestChange(ctx, conversationId, () => taking(ctx.requireActor(), { from, reason })));
  }

  @Authorized('conversation:update')
  @Mutation(() => AssignTeamResult, {
    description:
      'Makes it the work of a team, or with null of none. An assignee who is not of that team has it no longer. You may lose sight of it by that.',
  })
  assignTeam(
    @Ctx() ctx: ConversationContext,
    @Arg('conversationId', () => ID) conversationId: string,
    @Arg('teamId', () => ID, { nullable: true }) teamId?: string | null,
    @Arg('reason', () => String, { nullable: true, description: REASON }) reason?: string | null,
  ): Promise<Conversation> {
    return asResult(requestChange(ctx, conversationId, () => givingToTeam({ teamId: teamId ?? null, reason })));
  }
}
