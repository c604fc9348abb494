import { auditRead } from '@fenster/database';
import { asResult, AuthorizedAction } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, Int, Mutation, Resolver, Root } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { conversationsById } from '../conversations/conversation.queries.js';
import { ConversationType, MemberReference } from '../conversations/conversation.types.js';
import { sendMessage } from './message.commands.js';
import type { Message } from './message.entity.js';
import { listMessages, messagesById } from './message.queries.js';
import { DeliveryFailure, MessageObject, MessagePage, SendMessageInput, SendMessageResult } from './message.types.js';

@Resolver(() => MessageObject)
export class MessageResolver {
  @AuthorizedAction('message:send')
  @Mutation(() => SendMessageResult, {
    description: 'Replies to the customer. Answers when the message is stored; its status tells what became of it.',
  })
  sendMessage(@Ctx() ctx: ConversationContext, @Arg('input', () => SendMessageInput) input: SendMessageInput) {
    return asResult(sendMessage(ctx, input));
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'Null without the permission message:read, and for content that is not text.',
  })
  text(@Root() message: Message, @Ctx() ctx: ConversationContext): string | null {
    if (message.text == null || !ctx.actor?.permissions.includes('message:read')) return null;
    // One's own words are nobody's data that one could be shown.
    if (message.authorId !== ctx.actor.id) auditRead(ctx, 'conversation.read', message.conversationId);
    return message.text;
  }

  // Events bring theirs along.
  @FieldResolver(() => ConversationType)
  conversation(@Root() message: Message & { conversation?: Conversation }, @Ctx() ctx: ConversationContext) {
    return message.conversation ?? ctx.loader(conversationsById).load(message.conversationId);
  }

  @FieldResolver(() => MemberReference, {
    nullable: true,
    description: 'The member who wrote it; null for customer messages and those of programs.',
  })
  author(@Root() message: Message): MemberReference | null {
    return message.authorId ? { id: message.authorId } : null;
  }

  @FieldResolver(() => DeliveryFailure, { nullable: true })
  failure(@Root() message: Message): DeliveryFailure | null {
    const failed = message.status === 'FAILED' || message.status === 'UNCONFIRMED';
    return failed && message.errorCode != null ? { code: message.errorCode, message: message.errorTitle ?? '' } : null;
  }
}

@Resolver(() => ConversationType)
export class ConversationMessagesResolver {
  @FieldResolver(() => MessagePage, { description: 'The last messages, or those before a `seq`.' })
  messages(
    @Root() conversation: Conversation,
    @Ctx() ctx: ConversationContext,
    @Arg('last', () => Int, { defaultValue: 50 }) last: number,
    @Arg('before', () => Int, { nullable: true }) before?: number | null,
  ): Promise<MessagePage> {
    return listMessages(ctx, conversation, { last, before });
  }
}

/** How other subgraphs' references to a message are answered. */
export function resolveMessage(reference: { id: string }, ctx: ConversationContext): Promise<Message | undefined> {
  return ctx.loader(messagesById).load(reference.id);
}
