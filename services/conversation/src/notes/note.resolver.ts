import { auditRead } from '@fenster/database';
import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Resolver, Root } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { conversationsById } from '../conversations/conversation.queries.js';
import { ConversationType, MemberReference } from '../conversations/conversation.types.js';
import { addNote, deleteNote, editNote } from './note.commands.js';
import type { Note } from './note.entity.js';
import { listNotes } from './note.queries.js';
import {
  AddNoteInput,
  AddNoteResult,
  DeleteNoteResult,
  EditNoteInput,
  EditNoteResult,
  NoteObject,
  NotePage,
} from './note.types.js';

@Resolver(() => NoteObject)
export class NoteResolver {
  @Authorized('conversation:update')
  @Mutation(() => AddNoteResult, { description: 'Writes to colleagues. Nothing of it is sent to the customer.' })
  addNote(@Ctx() ctx: ConversationContext, @Arg('input', () => AddNoteInput) input: AddNoteInput) {
    return asResult(addNote(ctx, input));
  }

  @Authorized('conversation:update')
  @Mutation(() => EditNoteResult, { description: 'Only its author edits a note.' })
  editNote(@Ctx() ctx: ConversationContext, @Arg('input', () => EditNoteInput) input: EditNoteInput) {
    return asResult(editNote(ctx, input));
  }

  @Authorized('conversation:update')
  @Mutation(() => DeleteNoteResult, {
    description: 'Its author deletes a note, or somebody with the permission conversation:manage.',
  })
  deleteNote(@Ctx() ctx: ConversationContext, @Arg('id', () => ID) id: string) {
    return asResult(deleteNote(ctx, id));
  }

  @FieldResolver(() => String, { nullable: true, description: 'Null without the permission message:read.' })
  text(@Root() note: Note, @Ctx() ctx: ConversationContext): string | null {
    const { permissions, id } = ctx.requireActor();
    if (!permissions.includes('message:read')) return null;
    // Colleagues write about the customer.
    if (note.authorId !== id) auditRead(ctx, 'conversation.read', note.conversationId);
    return note.text;
  }

  @FieldResolver(() => MemberReference, { nullable: true, description: 'The member who wrote it.' })
  author(@Root() { authorId }: Note): MemberReference | null {
    return authorId ? { id: authorId } : null;
  }

  @FieldResolver(() => [MemberReference])
  mentionedMembers(@Root() { mentionedMemberIds }: Note): MemberReference[] {
    return mentionedMemberIds.map((id) => ({ id }));
  }

  @FieldResolver(() => ConversationType)
  conversation(@Root() note: Note, @Ctx() ctx: ConversationContext) {
    return ctx.loader(conversationsById).load(note.conversationId);
  }
}

@Resolver(() => ConversationType)
export class ConversationNotesResolver {
  @FieldResolver(() => NotePage, { description: 'What colleagues wrote to each other about it.' })
  notes(
    @Root() conversation: Conversation,
    @Ctx() ctx: ConversationContext,
    @Arg('first', () => Int, { defaultValue: 50 }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<NotePage> {
    return listNotes(ctx, conversation, { first, after });
  }
}
