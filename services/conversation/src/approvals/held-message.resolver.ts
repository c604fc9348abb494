import type { HeldMessageState } from '@fenster/contracts';
import { auditRead } from '@fenster/database';
import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { ActorType, toActor } from '../activities/actor.types.js';
import type { ConversationContext } from '../context.js';
import { conversationsById } from '../conversations/conversation.queries.js';
import { ConversationType, MemberReference } from '../conversations/conversation.types.js';
import { contentOf } from '../messages/message-content.js';
import { MessageContent, type Content } from '../messages/message-content.types.js';
import { messagesById } from '../messages/message.queries.js';
import { MessageObject } from '../messages/message.types.js';
import { approveHeldMessage, declineHeldMessage, withdrawHeldMessage } from './approval.commands.js';
import {
  ApproveHeldMessageInput,
  ApproveHeldMessageResult,
  DeclineHeldMessageInput,
  DeclineHeldMessageResult,
  WithdrawHeldMessageResult,
} from './approval.types.js';
import type { StoredHeldMessage } from './held-message.entity.js';
import { listHeldMessages } from './held-message.queries.js';
import { HeldMessage, HeldMessagePage, HeldMessageStateEnum } from './held-message.types.js';

@Resolver(() => HeldMessage)
export class HeldMessageResolver {
  @Authorized('conversation:read')
  @Query(() => HeldMessagePage, {
    description: 'What waits for approval in conversations that you may see, or what became of it; the oldest first.',
  })
  heldMessages(
    @Ctx() ctx: ConversationContext,
    @Arg('conversationId', () => ID, { nullable: true }) conversationId: string | null,
    @Arg('state', () => HeldMessageStateEnum, { defaultValue: 'HELD' }) state: HeldMessageState,
    @Arg('first', () => Int, { defaultValue: 50 }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ) {
    return listHeldMessages(ctx, { conversationId, state, first, after });
  }

  @Authorized('message:approve', 'conversation:read')
  @Mutation(() => ApproveHeldMessageResult, {
    description:
      'Lets it leave, through the send gate as it is now: a window that has closed, a consent that was withdrawn or a budget that stops refuses it with the reason, and it waits on. Not for whoever wrote it, nor for API keys.',
  })
  approveHeldMessage(
    @Ctx() ctx: ConversationContext,
    @Arg('input', () => ApproveHeldMessageInput) input: ApproveHeldMessageInput,
  ) {
    return asResult(approveHeldMessage(ctx, input));
  }

  @Authorized('message:approve', 'conversation:read')
  @Mutation(() => DeclineHeldMessageResult, {
    description: 'It never leaves. Not for whoever wrote it, nor for API keys.',
  })
  declineHeldMessage(
    @Ctx() ctx: ConversationContext,
    @Arg('input', () => DeclineHeldMessageInput) input: DeclineHeldMessageInput,
  ) {
    return asResult(declineHeldMessage(ctx, input));
  }

  @Authorized('message:send')
  @Mutation(() => WithdrawHeldMessageResult, { description: 'Takes back what one wrote oneself, while it waits.' })
  withdrawHeldMessage(@Ctx() ctx: ConversationContext, @Arg('id', () => ID) id: string) {
    return asResult(withdrawHeldMessage(ctx, id));
  }

  @FieldResolver(() => String, {
    nullable: true,
    description:
      'Its words. Null without the permission message:read, for content without words, and once it was released: then `released` has them.',
  })
  text(@Root() held: StoredHeldMessage, @Ctx() ctx: ConversationContext): string | null {
    return held.text != null && mayReadWords(held, ctx) ? held.text : null;
  }

  @FieldResolver(() => MessageContent, { nullable: true, description: 'All that it says; null as `text`.' })
  content(@Root() held: StoredHeldMessage, @Ctx() ctx: ConversationContext): Content | null {
    const { type, text = null, payload = null } = held;
    if ((text === null && payload === null) || !mayReadWords(held, ctx)) return null;
    const mayReadPhones = ctx.requireActor().permissions.includes('contact:read_phone');
    return contentOf({ type, text, payload }, { mayReadPhones });
  }

  @FieldResolver(() => ConversationType)
  conversation(@Root() { conversationId }: StoredHeldMessage, @Ctx() ctx: ConversationContext) {
    return ctx.loader(conversationsById).load(conversationId);
  }

  @FieldResolver(() => ActorType, { description: 'Who wrote it: another member has to decide.' })
  writtenBy(@Root() { authorKind: kind, authorId: id }: StoredHeldMessage): ActorType {
    return toActor({ kind, id });
  }

  @FieldResolver(() => MemberReference, { nullable: true, description: 'Who approved, declined or withdrew it.' })
  decidedBy(@Root() { decidedById }: StoredHeldMessage): MemberReference | null {
    return decidedById == null ? null : { id: decidedById };
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'Why it was declined, or has expired. Null without the permission message:read.',
  })
  reason(@Root() held: StoredHeldMessage, @Ctx() ctx: ConversationContext): string | null {
    return held.reason != null && mayReadWords(held, ctx) ? held.reason : null;
  }

  @FieldResolver(() => MessageObject, { nullable: true, description: 'What it has become, once RELEASED.' })
  async released(
    @Root() { id, state }: StoredHeldMessage,
    @Ctx() ctx: ConversationContext,
  ): Promise<MessageObject | null> {
    if (state !== 'RELEASED') return null;
    return ((await ctx.loader(messagesById).load(id)) as MessageObject | undefined) ?? null;
  }
}

function mayReadWords({ authorId, conversationId }: StoredHeldMessage, ctx: ConversationContext): boolean {
  const actor = ctx.requireActor();
  if (!actor.permissions.includes('message:read')) return false;
  if (authorId !== actor.id) auditRead(ctx, 'conversation.read', conversationId);
  return true;
}
