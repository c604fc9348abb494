import { asResult, Authorized, DateTime } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Mutation, Resolver, Root } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { ConversationType, MemberReference } from '../conversations/conversation.types.js';
import { setTyping, setViewing } from './presence.commands.js';
import { toViewer } from './presence.subscription.js';
import { SetTypingResult, SetViewingResult, ViewerType } from './presence.types.js';

const PLACE = {
  defaultValue: '',
  description: 'If one session looks from several places at once, a name for each, such as a random one per tab.',
};

@Resolver(() => ViewerType)
export class PresenceResolver {
  @Authorized('conversation:read')
  @Mutation(() => SetViewingResult, {
    description:
      'You look at this conversation, or at none (null). Repeat it every 20 seconds for as long as your client is open: who is silent for 45 seconds is gone, and away.',
  })
  setViewing(
    @Ctx() ctx: ConversationContext,
    @Arg('conversationId', () => ID, { nullable: true }) conversationId: string | null,
    @Arg('place', () => String, PLACE) place: string,
  ) {
    return asResult(setViewing(ctx, { conversationId: conversationId ?? null, place }));
  }

  @Authorized('conversation:read')
  @Mutation(() => SetTypingResult, {
    description:
      'You type, or stopped. Repeat it every 3 seconds while you type; it is over after 6. Renews your claim. The customer sees it where the channel shows such things (`ChannelSettings.showsTyping`).',
  })
  setTyping(
    @Ctx() ctx: ConversationContext,
    @Arg('conversationId', () => ID) conversationId: string,
    @Arg('isTyping', () => Boolean) isTyping: boolean,
    @Arg('isReply', () => Boolean, {
      defaultValue: true,
      description: 'False for what is not meant for the customer, such as a note: they never hear of that.',
    })
    isReply: boolean,
    @Arg('place', () => String, PLACE) place: string,
  ) {
    return asResult(setTyping(ctx, { conversationId, isTyping, isReply, place }));
  }

  // What another service answers may be null: otherwise its absence would take the whole state away.
  @FieldResolver(() => MemberReference, { nullable: true, description: 'Null while identity does not answer.' })
  member(@Root() { member }: ViewerType): MemberReference {
    return member;
  }
}

@Resolver(() => ConversationType)
export class ConversationPresenceResolver {
  @FieldResolver(() => [ViewerType], {
    description: 'Who looks at it now, and who of them types. Live: presenceEvents.',
  })
  viewers(@Root() { id, workspaceId }: Conversation, @Ctx() ctx: ConversationContext): ViewerType[] {
    return ctx.app.presence.viewers(workspaceId, id).map(toViewer);
  }
}

@Resolver(() => MemberReference)
export class MemberPresenceResolver {
  @FieldResolver(() => Boolean, {
    nullable: true,
    description: 'A client of theirs was heard of within 45 seconds. Null if you may not see conversations.',
  })
  isOnline(@Root() { id }: MemberReference, @Ctx() ctx: ConversationContext): boolean | null {
    if (!ctx.requireActor().permissions.includes('conversation:read')) return null;
    return ctx.app.presence.isOnline(ctx.requireActor().workspaceId, id);
  }

  @FieldResolver(() => DateTime, {
    nullable: true,
    description: 'When a client of theirs was last heard of, within a day. Null for longer ago.',
  })
  lastSeenAt(@Root() { id }: MemberReference, @Ctx() ctx: ConversationContext): Date | null {
    if (!ctx.requireActor().permissions.includes('conversation:read')) return null;
    return ctx.app.presence.lastSeen(ctx.requireActor().workspaceId, id) ?? null;
  }
}
