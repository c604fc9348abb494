import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import { TeamReference } from '../conversations/conversation.types.js';
import {
  createCannedResponse,
  deleteCannedResponse,
  findCannedResponse,
  updateCannedResponse,
} from './canned-response.commands.js';
import type { CannedResponse } from './canned-response.entity.js';
import { listCannedResponses, renderCannedResponse } from './canned-response.queries.js';
import {
  CannedResponsePage,
  CannedResponseType,
  CreateCannedResponseInput,
  CreateCannedResponseResult,
  DeleteCannedResponseResult,
  RenderedText,
  UpdateCannedResponseInput,
  UpdateCannedResponseResult,
} from './canned-response.types.js';

@Resolver(() => CannedResponseType)
export class CannedResponseResolver {
  @Authorized('conversation:read')
  @Query(() => CannedResponsePage, { description: 'Your own, those of your teams, and everybody’s; by shortcut.' })
  cannedResponses(
    @Ctx() ctx: ConversationContext,
    @Arg('prefix', () => String, { nullable: true, description: 'How the shortcut begins.' }) prefix?: string | null,
    @Arg('first', () => Int, { defaultValue: 50 }) first = 50,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<CannedResponsePage> {
    return listCannedResponses(ctx, { prefix, first, after });
  }

  @Authorized('conversation:read')
  @Query(() => CannedResponseType)
  cannedResponse(@Ctx() ctx: ConversationContext, @Arg('id', () => ID) id: string): Promise<CannedResponse> {
    return findCannedResponse(ctx, ctx, id);
  }

  @Authorized('conversation:read')
  @Query(() => RenderedText, { description: 'As it reads in this conversation, written by you. Sends nothing.' })
  renderCannedResponse(
    @Ctx() ctx: ConversationContext,
    @Arg('id', () => ID) id: string,
    @Arg('conversationId', () => ID) conversationId: string,
  ): Promise<RenderedText> {
    return renderCannedResponse(ctx, { id, conversationId });
  }

  @Authorized('conversation:read')
  @Mutation(() => CreateCannedResponseResult)
  createCannedResponse(
    @Ctx() ctx: ConversationContext,
    @Arg('input', () => CreateCannedResponseInput) input: CreateCannedResponseInput,
  ) {
    return asResult(createCannedResponse(ctx, input));
  }

  @Authorized('conversation:read')
  @Mutation(() => UpdateCannedResponseResult)
  updateCannedResponse(
    @Ctx() ctx: ConversationContext,
    @Arg('input', () => UpdateCannedResponseInput) input: UpdateCannedResponseInput,
  ) {
    return asResult(updateCannedResponse(ctx, input));
  }

  @Authorized('conversation:read')
  @Mutation(() => DeleteCannedResponseResult)
  deleteCannedResponse(@Ctx() ctx: ConversationContext, @Arg('id', () => ID) id: string) {
    return asResult(deleteCannedResponse(ctx, id));
  }

  @FieldResolver(() => TeamReference, { nullable: true, description: 'Whose it is, with TEAM.' })
  team(@Root() { teamId }: CannedResponse): TeamReference | null {
    return teamId ? { id: teamId } : null;
  }
}
