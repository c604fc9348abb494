import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import { countConversations, listConversations, MAX_COUNT } from '../conversations/conversation.queries.js';
import { ConversationPage } from '../conversations/conversation.types.js';
import { createView, deleteView, findView, listViews, updateView } from './view.commands.js';
import type { View } from './view.entity.js';
import {
  CreateViewInput,
  CreateViewResult,
  DeleteViewResult,
  UpdateViewInput,
  UpdateViewResult,
  ViewType,
} from './view.types.js';

const CAPPED = `At most ${MAX_COUNT}, which stands for that many or more.`;

@Resolver(() => ViewType)
export class ViewResolver {
  @Authorized('conversation:read')
  @Query(() => [ViewType], { description: 'Yours, then those of the workspace.' })
  views(@Ctx() ctx: ConversationContext): Promise<View[]> {
    return listViews(ctx);
  }

  @Authorized('conversation:read')
  @Query(() => ViewType)
  view(@Ctx() ctx: ConversationContext, @Arg('id', () => ID) id: string): Promise<View> {
    return findView(ctx, id);
  }

  @Authorized('conversation:read')
  @Mutation(() => CreateViewResult)
  createView(@Ctx() ctx: ConversationContext, @Arg('input', () => CreateViewInput) input: CreateViewInput) {
    return asResult(createView(ctx, input));
  }

  @Authorized('conversation:read')
  @Mutation(() => UpdateViewResult, {
    description: 'Yours; those of the workspace with the permission conversation:manage.',
  })
  updateView(@Ctx() ctx: ConversationContext, @Arg('input', () => UpdateViewInput) input: UpdateViewInput) {
    return asResult(updateView(ctx, input));
  }

  @Authorized('conversation:read')
  @Mutation(() => DeleteViewResult, {
    description: 'Yours; those of the workspace with the permission conversation:manage.',
  })
  deleteView(@Ctx() ctx: ConversationContext, @Arg('id', () => ID) id: string) {
    return asResult(deleteView(ctx, id));
  }

  @FieldResolver(() => Boolean, { description: 'Whether it is for everybody in the workspace, or yours alone.' })
  isShared(@Root() { ownerId }: View): boolean {
    return ownerId === null;
  }

  @FieldResolver(() => ConversationPage, {
    description: 'Those that you may see, the most recent first. To follow them, pass its `cursor` to `viewEvents`.',
  })
  conversations(
    @Root() { filter }: View,
    @Ctx() ctx: ConversationContext,
    @Arg('first', () => Int, { defaultValue: 50 }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<ConversationPage> {
    return listConversations(ctx, { first, after, filter });
  }

  @FieldResolver(() => Int, { description: `How many conversations you see in it. ${CAPPED}` })
  count(@Root() { filter }: View, @Ctx() ctx: ConversationContext): Promise<number> {
    return countConversations(ctx, filter);
  }

  @FieldResolver(() => Int, {
    description: `How many of them have customer messages that you have not read. ${CAPPED}`,
  })
  unreadCount(@Root() { filter }: View, @Ctx() ctx: ConversationContext): Promise<number> {
    return filter.isUnread === false ? Promise.resolve(0) : countConversations(ctx, { ...filter, isUnread: true });
  }
}
