import { auditRead } from '@fenster/database';
import { asResult, Authorized, type BatchLoad } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Resolver, Root } from 'type-graphql';
import { ActorType, toActor } from '../activities/actor.types.js';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { ConversationType } from '../conversations/conversation.types.js';
import { deleteDraft, saveDraft } from './draft.commands.js';
import { Draft } from './draft.entity.js';
import { DeleteDraftResult, DraftType, SaveDraftResult } from './draft.types.js';

const EXPECTED = { description: 'The `version` that you have seen; 0 if there has been no draft.' };

@Resolver(() => DraftType)
export class DraftResolver {
  @Authorized('conversation:update', 'message:read')
  @Mutation(() => SaveDraftResult, {
    description: 'Saves the shared draft. A second is often enough. If the claim is yours, it holds on.',
  })
  saveDraft(
    @Ctx() ctx: ConversationContext,
    @Arg('conversationId', () => ID) conversationId: string,
    @Arg('text', () => String, { description: '1 to 4096 characters.' }) text: string,
    @Arg('expectedVersion', () => Int, EXPECTED) expectedVersion: number,
  ) {
    return asResult(saveDraft(ctx, { conversationId, text, expectedVersion }));
  }

  @Authorized('conversation:update', 'message:read')
  @Mutation(() => DeleteDraftResult, { description: 'Sending it does the same.' })
  deleteDraft(
    @Ctx() ctx: ConversationContext,
    @Arg('conversationId', () => ID) conversationId: string,
    @Arg('expectedVersion', () => Int, EXPECTED) expectedVersion: number,
  ) {
    return asResult(deleteDraft(ctx, { conversationId, expectedVersion }));
  }

  @FieldResolver(() => Boolean, { description: 'It was sent or deleted, and nobody has begun another.' })
  isEmpty(@Root() { text }: Draft): boolean {
    return text == null;
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'Null if it is empty. Null without the permission message:read.',
  })
  text(@Root() draft: Draft, @Ctx() ctx: ConversationContext): string | null {
    const { id, permissions } = ctx.requireActor();
    if (draft.text == null || !permissions.includes('message:read')) return null;
    if (draft.editedById !== id) auditRead(ctx, 'conversation.read', draft.conversationId);
    return draft.text;
  }

  @FieldResolver(() => ActorType, { description: 'Who edited, sent or deleted it last.' })
  editedBy(@Root() { editedByKind, editedById }: Draft): ActorType {
    return toActor({ kind: editedByKind, id: editedById });
  }
}

const draftsByConversation: BatchLoad<string, Draft> = async (ctx, conversationIds) => {
  const rows = await ctx.em.find(Draft, { conversationId: { $in: [...conversationIds] } });
  return new Map(rows.map((row) => [row.conversationId, row]));
};

@Resolver(() => ConversationType)
export class ConversationDraftResolver {
  @FieldResolver(() => DraftType, { nullable: true, description: 'Null if nobody ever drafted anything.' })
  async draft(@Root() { id }: Conversation, @Ctx() ctx: ConversationContext): Promise<Draft | null> {
    return (await ctx.loader(draftsByConversation).load(id)) ?? null;
  }
}
