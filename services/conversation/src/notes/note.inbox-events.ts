import { memberMentioned, noteAdded, noteDeleted, noteEdited } from '@fenster/contracts';
import { Ctx, Field, ID, ObjectType } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import { ConversationType } from '../conversations/conversation.types.js';
import { InboxEvent, tell } from '../inbox/inbox-event.js';
import type { Note } from './note.entity.js';
import { notesById } from './note.queries.js';
import { NoteObject } from './note.types.js';

@ObjectType()
abstract class NoteEvent extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;

  @Field(() => ID)
  noteId!: string;
}

@ObjectType()
abstract class LivingNoteEvent extends NoteEvent {
  @Field(() => NoteObject, { nullable: true, description: 'As it is now; null once it is deleted.' })
  note(@Ctx() ctx: ConversationContext): Promise<Note | undefined> {
    return ctx.loader(notesById).load(this.noteId);
  }
}

@ObjectType({ implements: InboxEvent, description: 'A colleague wrote a note.' })
export class NoteAdded extends LivingNoteEvent {}

@ObjectType({ implements: InboxEvent, description: 'The author of a note changed it.' })
export class NoteEdited extends LivingNoteEvent {}

@ObjectType({ implements: InboxEvent, description: 'A note is gone.' })
export class NoteDeleted extends NoteEvent {}

@ObjectType({ implements: InboxEvent, description: 'A note mentions you. Nobody else is told this event.' })
export class MemberMentioned extends LivingNoteEvent {}

const ofNote = ({ conversationId, noteId }: { conversationId: string; noteId: string }) => ({
  conversationId,
  says: { noteId },
});

export const noteTellings = [
  tell(noteAdded, NoteAdded, ofNote),
  tell(noteEdited, NoteEdited, ofNote),
  tell(noteDeleted, NoteDeleted, ofNote),
  tell(memberMentioned, MemberMentioned, (data) => ({ ...ofNote(data), onlyTo: [data.memberId] })),
];
