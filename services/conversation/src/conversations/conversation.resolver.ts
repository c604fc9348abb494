import { notFound } from '@fenster/runtime';
import { Authorized } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import { isWindowOpen } from '../threads/service-window.js';
import type { Conversation } from './conversation.entity.js';
import { conversationsById, listConversations, threadsById } from './conversation.queries.js';
import {
  ChannelReference,
  ContactReference,
  ConversationPage,
  ConversationType,
  MemberReference,
  ServiceWindowType,
  TeamReference,
} from './conversation.types.js';

@Resolver(() => ConversationType)
export class ConversationResolver {
  @Authorized('conversation:read')
  @Query(() => ConversationPage, { description: 'Conversations that you may see, the most recent first.' })
  conversations(
    @Ctx() ctx: ConversationContext,
    @Arg('first', () => Int, { defaultValue: 50 }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<ConversationPage> {
    return listConversations(ctx, { first, after });
  }

  @Authorized('conversation:read')
  @Query(() => ConversationType)
  async conversation(@Ctx() ctx: ConversationContext, @Arg('id', () => ID) id: string): Promise<Conversation> {
    const conversation = await ctx.loader(conversationsById).load(id);
    if (!conversation) throw notFound('Conversation');
    return conversation;
  }

  // What another service answers may be null: otherwise its absence would take the whole event away from subscribers.
  @FieldResolver(() => ChannelReference, { nullable: true, description: 'Null while channels does not answer.' })
  channel(@Root() conversation: Conversation): ChannelReference {
    return { id: conversation.channelId };
  }

  @FieldResolver(() => ContactReference, {
    nullable: true,
    description: 'Null if you may not see contacts, and for a moment after a first message.',
  })
  contact(@Root() conversation: Conversation): ContactReference {
    return { id: conversation.contactId };
  }

  @FieldResolver(() => MemberReference, { nullable: true, description: 'Who is responsible; null for nobody yet.' })
  assignee(@Root() conversation: Conversation): MemberReference | null {
    return conversation.assigneeId ? { id: conversation.assigneeId } : null;
  }

  @FieldResolver(() => TeamReference, { nullable: true, description: 'Whose work it is; null for no team’s yet.' })
  team(@Root() conversation: Conversation): TeamReference | null {
    return conversation.teamId ? { id: conversation.teamId } : null;
  }

  @FieldResolver(() => ServiceWindowType)
  async serviceWindow(@Root() conversation: Conversation, @Ctx() ctx: ConversationContext): Promise<ServiceWindowType> {
    const thread = await ctx.loader(threadsById).load(conversation.threadId);
    const expiresAt = thread?.windowExpiresAt ?? null;
    return { expiresAt, isOpen: isWindowOpen({ expiresAt }, ctx.now()) };
  }
}

/** How other subgraphs' references to a conversation are answered. */
export function resolveConversation(
  reference: { id: string },
  ctx: ConversationContext,
): Promise<Conversation | undefined> {
  return ctx.loader(conversationsById).load(reference.id);
}
