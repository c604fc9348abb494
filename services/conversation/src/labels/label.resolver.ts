import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import { requestChange } from '../conversations/change-conversation.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { ConversationType } from '../conversations/conversation.types.js';
import { labelling } from './conversation-label.commands.js';
import { createLabel, deleteLabel, updateLabel } from './label.commands.js';
import type { Label } from './label.entity.js';
import { LabelCatalogueChanged } from './label.inbox-events.js';
import { labelsById, labelsOfConversations, listLabels } from './label.queries.js';
import {
  ConversationLabelType,
  CreateLabelInput,
  CreateLabelResult,
  DeleteLabelResult,
  LabelConversationInput,
  LabelConversationResult,
  LabelType,
  UpdateLabelInput,
  UpdateLabelResult,
} from './label.types.js';

@Resolver()
export class LabelResolver {
  @Authorized('conversation:read')
  @Query(() => [LabelType], { description: 'All of the workspace, by name.' })
  labels(@Ctx() ctx: ConversationContext): Promise<Label[]> {
    return listLabels(ctx);
  }

  @Authorized('conversation:manage')
  @Mutation(() => CreateLabelResult)
  createLabel(@Ctx() ctx: ConversationContext, @Arg('input', () => CreateLabelInput) input: CreateLabelInput) {
    return asResult(createLabel(ctx, input));
  }

  @Authorized('conversation:manage')
  @Mutation(() => UpdateLabelResult)
  updateLabel(@Ctx() ctx: ConversationContext, @Arg('input', () => UpdateLabelInput) input: UpdateLabelInput) {
    return asResult(updateLabel(ctx, input));
  }

  @Authorized('conversation:manage')
  @Mutation(() => DeleteLabelResult, { description: 'It is taken off all conversations.' })
  deleteLabel(@Ctx() ctx: ConversationContext, @Arg('id', () => ID) id: string) {
    return asResult(deleteLabel(ctx, id));
  }

  @Authorized('conversation:update')
  @Mutation(() => LabelConversationResult, { description: 'Sets labels and takes off others, all or none.' })
  labelConversation(
    @Ctx() ctx: ConversationContext,
    @Arg('input', () => LabelConversationInput) input: LabelConversationInput,
  ) {
    return asResult(requestChange(ctx, input.conversationId, () => labelling(input)));
  }
}

@Resolver(() => ConversationType)
export class ConversationLabelsResolver {
  @FieldResolver(() => [ConversationLabelType], { description: 'In the order in which they were set.' })
  async labels(@Root() conversation: Conversation, @Ctx() ctx: ConversationContext): Promise<ConversationLabelType[]> {
    return (await ctx.loader(labelsOfConversations).load(conversation.id)) ?? [];
  }
}

@Resolver(() => LabelCatalogueChanged)
export class LabelCatalogueChangedResolver {
  @FieldResolver(() => LabelType, { nullable: true, description: 'As it is now; null if it is gone.' })
  async label(@Root() { labelId }: LabelCatalogueChanged, @Ctx() ctx: ConversationContext): Promise<Label | null> {
    return (await ctx.loader(labelsById).load(labelId)) ?? null;
  }
}
