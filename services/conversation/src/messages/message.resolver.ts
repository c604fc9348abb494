import { type AgentLocale, failureClass, type FailureReason, failureText, type Referral } from '@fenster/contracts';
import { auditRead } from '@fenster/database';
import { asResult, AuthorizedAction } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Resolver, Root } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { conversationsById } from '../conversations/conversation.queries.js';
import { ConversationType, MemberReference } from '../conversations/conversation.types.js';
import { sendMessage } from './message.commands.js';
import { contentOf } from './message-content.js';
import { MessageContent, MessageVersion, type Content } from './message-content.types.js';
import type { MessageBody } from './message-changes.rule.js';
import type { Message } from './message.entity.js';
import type { MessageStatus } from './message.status.js';
import {
  answeredKey,
  answeredMessages,
  lastMessages,
  listMessages,
  messagesById,
  versionsByMessage,
} from './message.queries.js';
import { reactToMessage } from './reaction.commands.js';
import {
  AgentLocaleEnum,
  DeliveryFailure,
  MessageObject,
  MessagePage,
  MessageReaction,
  MessageReferral,
  MessageReply,
  MessageWait,
  ReactToMessageResult,
  SendMessageInput,
  SendMessageResult,
} from './message.types.js';
import type { ShownMessage } from './message.row.js';

@Resolver(() => MessageObject)
export class MessageResolver {
  @AuthorizedAction('message:send')
  @Mutation(() => SendMessageResult, {
    description:
      'Replies to the customer. Answers when the message is stored; its status tells what became of it. Where a budget holds it, the answer is a HeldMessage: it waits for approval, and so does a repeated key’s. A resolved conversation opens again by it; a snoozed or pending one stays so.',
  })
  sendMessage(@Ctx() ctx: ConversationContext, @Arg('input', () => SendMessageInput) input: SendMessageInput) {
    return asResult(sendMessage(ctx, input));
  }

  @AuthorizedAction('message:send')
  @Mutation(() => ReactToMessageResult, {
    description:
      'Reacts for all of us, in place of an earlier reaction; without `emoji` that is taken back. Repeating it sends nothing.',
  })
  reactToMessage(
    @Ctx() ctx: ConversationContext,
    @Arg('messageId', () => ID) messageId: string,
    @Arg('emoji', () => String, { nullable: true, description: 'One emoji.' }) emoji?: string | null,
  ) {
    return asResult(reactToMessage(ctx, { messageId, emoji: emoji ?? null }));
  }

  @FieldResolver(() => String, {
    nullable: true,
    description:
      'Its words: a text, a caption, what stood on the button. Null without the permission message:read, and for content without words.',
  })
  text(@Root() message: Message, @Ctx() ctx: ConversationContext): string | null {
    return message.text != null && mayReadWords(message, ctx) ? message.text : null;
  }

  @FieldResolver(() => MessageContent, {
    nullable: true,
    description:
      'All that it says, by type. Null without the permission message:read, for what was taken back, and for what retention removed.',
  })
  content(@Root() message: Message, @Ctx() ctx: ConversationContext): Content | null {
    const isGone = message.revokedAt != null || message.contentRemovedAt != null;
    return !isGone && mayReadWords(message, ctx) ? contentFor(message, ctx) : null;
  }

  @FieldResolver(() => [MessageVersion], {
    nullable: true,
    description:
      'What an edited message said, from its first words to the present ones; empty if it was never edited. Null without the permission message:read.',
  })
  async versions(@Root() message: Message, @Ctx() ctx: ConversationContext): Promise<MessageVersion[] | null> {
    if (!mayReadWords(message, ctx)) return null;
    if (message.editedAt == null) return [];
    const versions = (await ctx.loader(versionsByMessage).load(message.id)) ?? [];
    return versions.map((version) => ({
      writtenAt: version.writtenAt,
      text: version.text ?? null,
      content: contentFor(version, ctx),
    }));
  }

  @FieldResolver(() => [MessageReaction], {
    nullable: true,
    description: 'Of the customer and of us. Null without the permission message:read.',
  })
  reactions(@Root() message: Message, @Ctx() ctx: ConversationContext): MessageReaction[] | null {
    if (!ctx.requireActor().permissions.includes('message:read')) return null;
    return SIDES.flatMap(([side, direction]) => {
      const reaction = message.reactions?.[side];
      if (!reaction?.emoji) return [];
      const { emoji, authorId, apiKeyId = null, status, error, reactedAt } = reaction;
      return [
        {
          emoji,
          direction,
          author: authorId === undefined ? null : { id: authorId },
          apiKeyId,
          status,
          failure: failureOf(status, error?.code, error?.title, error?.reason),
          reactedAt: new Date(reactedAt),
        },
      ];
    });
  }

  @FieldResolver(() => MessageReply, { nullable: true, description: 'Null if it answers no message in particular.' })
  async replyTo(@Root() message: Message, @Ctx() ctx: ConversationContext): Promise<MessageReply | null> {
    if (message.contextProviderMessageId == null) return null;
    return { message: ((await ctx.loader(answeredMessages).load(answeredKey(message))) as MessageObject) ?? null };
  }

  @FieldResolver(() => MessageReferral, {
    nullable: true,
    description: 'The ad or post by which the customer came with it. Null without the permission message:read.',
  })
  referral(@Root() message: Message, @Ctx() ctx: ConversationContext): Referral | null {
    return referralFor(message, ctx);
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

  @FieldResolver(() => MessageWait, {
    nullable: true,
    description: 'Set while a message is QUEUED for longer than a moment.',
  })
  waiting(@Root() message: Message): MessageWait | null {
    if (message.status !== 'QUEUED' || message.waitingFor == null) return null;
    return { reason: message.waitingFor, until: message.waitingUntil ?? null };
  }

  @FieldResolver(() => DeliveryFailure, { nullable: true })
  failure(@Root() message: Message): DeliveryFailure | null {
    return failureOf(message.status, message.errorCode, message.errorTitle, message.errorReason);
  }
}

const SIDES = [
  ['customer', 'INBOUND'],
  ['business', 'OUTBOUND'],
] as const;

function mayReadWords(message: Message, ctx: ConversationContext): boolean {
  const actor = ctx.requireActor();
  if (!actor.permissions.includes('message:read')) return false;
  // One's own words are nobody's data that one could be shown.
  if ((message.authorId ?? message.apiKeyId) !== actor.id) auditRead(ctx, 'conversation.read', message.conversationId);
  return true;
}

/** Of a message that the actor may see. */
export function referralFor(message: Pick<Message, 'referral'> | undefined, ctx: ConversationContext): Referral | null {
  return (ctx.requireActor().permissions.includes('message:read') && message?.referral) || null;
}

function contentFor({ type, text = null, payload = null }: Partial<MessageBody>, ctx: ConversationContext): Content {
  const mayReadPhones = ctx.requireActor().permissions.includes('contact:read_phone');
  return contentOf({ type: type!, text, payload }, { mayReadPhones });
}

function failureOf(
  status: MessageStatus,
  code?: number | null,
  title?: string | null,
  reason?: FailureReason | null,
): DeliveryFailure | null {
  const isFailed = status === 'FAILED' || status === 'UNCONFIRMED';
  if (!isFailed || code == null) return null;
  const known = reason ?? 'refused';
  return { code, message: title ?? '', reason: known, class: failureClass(known) };
}

const ENGLISH_UNLESS = { nullable: true, description: 'EN unless it says so.' };

@Resolver(() => DeliveryFailure)
export class DeliveryFailureResolver {
  @FieldResolver(() => String, { description: 'What is wrong, in a few words.' })
  title(
    @Root() { reason }: DeliveryFailure,
    @Arg('locale', () => AgentLocaleEnum, ENGLISH_UNLESS) locale?: AgentLocale | null,
  ): string {
    return failureText(reason, locale ?? 'en').title;
  }

  @FieldResolver(() => String, { description: 'What is wrong, and what agents can do.' })
  agentText(
    @Root() { reason }: DeliveryFailure,
    @Arg('locale', () => AgentLocaleEnum, ENGLISH_UNLESS) locale?: AgentLocale | null,
  ): string {
    return failureText(reason, locale ?? 'en').text;
  }
}

@Resolver(() => ConversationType)
export class ConversationMessagesResolver {
  @FieldResolver(() => MessageObject, { nullable: true, description: 'For lists: one question for all of them.' })
  async lastMessage(
    @Root() conversation: Conversation,
    @Ctx() ctx: ConversationContext,
  ): Promise<(ShownMessage & { conversation: Conversation }) | null> {
    const message = await ctx.loader(lastMessages).load(conversation.id);
    return message ? { ...message, conversation } : null;
  }

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
