import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import { requestChange, type ConversationChange } from '../conversations/change-conversation.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { threadsById } from '../conversations/conversation.queries.js';
import { ConversationType } from '../conversations/conversation.types.js';
import { reopening, resolving, settingPending, snoozing } from './status.commands.js';
import { wakingTime } from './status.rule.js';
import {
  ChangeStatusInput,
  ReopenConversationResult,
  ResolveConversationInput,
  ResolveConversationResult,
  SetPendingResult,
  Snooze,
  SnoozeConversationInput,
  SnoozeConversationResult,
} from './status.types.js';

@Resolver(() => ConversationType)
export class StatusResolver {
  @Authorized('conversation:update')
  @Mutation(() => ResolveConversationResult, {
    description: 'It is done. If the customer writes again, the settings of the channel say whether it reopens.',
  })
  resolveConversation(
    @Ctx() ctx: ConversationContext,
    @Arg('input', () => ResolveConversationInput) input: ResolveConversationInput,
  ) {
    return change(ctx, input, resolving);
  }

  @Authorized('conversation:update')
  @Mutation(() => ReopenConversationResult, {
    description: 'It is open from now on, whether it was resolved, snoozed or pending.',
  })
  reopenConversation(@Ctx() ctx: ConversationContext, @Arg('input', () => ChangeStatusInput) input: ChangeStatusInput) {
    return change(ctx, input, reopening);
  }

  @Authorized('conversation:update')
  @Mutation(() => SetPendingResult, {
    description: 'It waits for a bot or for others, until somebody reopens it or the customer writes.',
  })
  setPending(@Ctx() ctx: ConversationContext, @Arg('input', () => ChangeStatusInput) input: ChangeStatusInput) {
    return change(ctx, input, settingPending);
  }

  @Authorized('conversation:update')
  @Mutation(() => SnoozeConversationResult, { description: 'It comes back by itself.' })
  snoozeConversation(
    @Ctx() ctx: ConversationContext,
    @Arg('input', () => SnoozeConversationInput) input: SnoozeConversationInput,
  ) {
    return change(ctx, input, snoozing);
  }

  @FieldResolver(() => Snooze, { nullable: true, description: 'Null unless it is SNOOZED.' })
  async snooze(@Root() conversation: Conversation, @Ctx() ctx: ConversationContext): Promise<Snooze | null> {
    const { snoozeKind: kind, snoozeHours } = conversation;
    if (!kind) return null;
    // Only this kind moves with the window.
    const thread =
      kind === 'BEFORE_WINDOW_CLOSES' ? await ctx.loader(threadsById).load(conversation.threadId) : undefined;
    const until = wakingTime(conversation, { expiresAt: thread?.windowExpiresAt ?? null });
    return { kind, until, hoursBeforeWindowCloses: snoozeHours ?? null };
  }
}

function change<I extends { conversationId: string }>(
  ctx: ConversationContext,
  input: I,
  prepare: (input: I) => ConversationChange,
): Promise<Conversation> {
  return asResult(requestChange(ctx, input.conversationId, () => prepare(input)));
}
