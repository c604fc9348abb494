import type { Referral } from '@fenster/contracts';
import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { hasServiceWindow } from '../channels/capabilities.rule.js';
import { knownChannels } from '../channels/find-channel.js';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { threadsById } from '../conversations/conversation.queries.js';
import { ConversationType } from '../conversations/conversation.types.js';
import type { Message } from '../messages/message.entity.js';
import { messagesById, referringMessages } from '../messages/message.queries.js';
import { referralFor } from '../messages/message.resolver.js';
import { MessageObject, MessageReferral } from '../messages/message.types.js';
import { ServiceWindowType, toServiceWindow } from './service-window.types.js';

@Resolver(() => ConversationType)
export class ConversationWindowResolver {
  @FieldResolver(() => ServiceWindowType, {
    description:
      'The one that free-form replies depend on. Where they depend on none, as in SMS, it is open, and never began or ends.',
  })
  async serviceWindow(@Root() conversation: Conversation, @Ctx() ctx: ConversationContext): Promise<ServiceWindowType> {
    const thread = await ctx.loader(threadsById).load(conversation.threadId);
    const { windowOpenedAt, windowExpiresAt, windowOpenedBy } = thread ?? {};
    const channel = await ctx.loader(knownChannels).load(conversation.channelId);
    const window = toServiceWindow(
      {
        kind: 'CUSTOMER_SERVICE',
        openedAt: windowOpenedAt ?? null,
        expiresAt: windowExpiresAt ?? null,
        openedBy: windowOpenedBy ?? null,
      },
      ctx.now(),
    );
    return hasServiceWindow(channel?.capabilities) ? window : { ...window, isOpen: true };
  }

  @FieldResolver(() => ServiceWindowType, {
    nullable: true,
    description: 'The last one that the provider told of; null if there never was one.',
  })
  async freeEntryPoint(
    @Root() conversation: Conversation,
    @Ctx() ctx: ConversationContext,
  ): Promise<ServiceWindowType | null> {
    const thread = await ctx.loader(threadsById).load(conversation.threadId);
    if (!thread?.freeEntryExpiresAt) return null;
    return toServiceWindow(
      {
        kind: 'FREE_ENTRY_POINT',
        openedAt: thread.freeEntryOpenedAt ?? null,
        expiresAt: thread.freeEntryExpiresAt,
        openedBy: thread.freeEntryOpenedBy ?? null,
      },
      ctx.now(),
    );
  }
}

@Resolver(() => ServiceWindowType)
export class ServiceWindowResolver {
  @FieldResolver(() => MessageObject, {
    nullable: true,
    description:
      'The customer’s message, or the reply of yours with which a free entry point began. Null if you may not see it.',
  })
  async openedByMessage(
    @Root() { openedBy }: ServiceWindowType,
    @Ctx() ctx: ConversationContext,
  ): Promise<Message | null> {
    return openedBy ? ((await ctx.loader(messagesById).load(openedBy)) ?? null) : null;
  }

  @FieldResolver(() => MessageReferral, {
    nullable: true,
    description:
      'The ad or post by which the customer came: with the message that opened the window; for a free entry point, with the last one before your reply. Null without the permission message:read.',
  })
  async referral(
    @Root() { kind, openedBy }: ServiceWindowType,
    @Ctx() ctx: ConversationContext,
  ): Promise<Referral | null> {
    if (!openedBy) return null;
    const id = kind === 'CUSTOMER_SERVICE' ? openedBy : await ctx.loader(referringMessages).load(openedBy);
    return id === undefined ? null : referralFor(await ctx.loader(messagesById).load(id), ctx);
  }
}
