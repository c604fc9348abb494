import { z } from 'zod';
import { id } from '../common.js';
import { defineEvent, type EventData } from '../define-event.js';

const note = z.object({ noteId: id, conversationId: id });

export const noteAdded = defineEvent({
  name: 'conversation.note.added',
  version: 1,
  dataClass: 'operational',
  description: 'A colleague wrote an internal note. The text stays in the conversation service.',
  schema: note,
});
export type NoteAdded = EventData<typeof noteAdded>;

export const noteEdited = defineEvent({
  name: 'conversation.note.edited',
  version: 1,
  dataClass: 'operational',
  description: 'The author of an internal note changed it.',
  schema: note,
});
export type NoteEdited = EventData<typeof noteEdited>;

export const noteDeleted = defineEvent({
  name: 'conversation.note.deleted',
  version: 1,
  dataClass: 'operational',
  description: 'An internal note is gone.',
  schema: note,
});
export type NoteDeleted = EventData<typeof noteDeleted>;

export const memberMentioned = defineEvent({
  name: 'conversation.member.mentioned',
  version: 1,
  dataClass: 'operational',
  description: 'A note mentions a member who may see the conversation; told to that member alone.',
  schema: note.extend({ memberId: id }),
});
export type MemberMentioned = EventData<typeof memberMentioned>;
