import { checkText, DomainError, invalidInput, isId } from '@fenster/runtime';
import type { Note } from './note.entity.js';

export const MAX_NOTE_LENGTH = 10_000;
export const MAX_MENTIONS = 50;

/** @throws DomainError INVALID_INPUT */
export function checkNoteText(text: string): string {
  return checkText(text, 'text', { max: MAX_NOTE_LENGTH });
}

/** Each member once. @throws DomainError INVALID_INPUT */
export function checkMentions(memberIds: readonly string[], field = 'mentionedMemberIds'): string[] {
  if (!memberIds.every(isId)) throw invalidInput(field, 'must be ids of members.');
  const unique = [...new Set(memberIds)];
  if (unique.length > MAX_MENTIONS) throw invalidInput(field, `must name at most ${MAX_MENTIONS} members.`);
  return unique;
}

export interface NoteActor {
  kind: 'member' | 'api_key' | 'system';
  id: string;
  permissions: readonly string[];
}

function isAuthor({ authorId, apiKeyId }: Pick<Note, 'authorId' | 'apiKeyId'>, { kind, id }: NoteActor): boolean {
  return kind === 'api_key' ? apiKeyId === id : authorId === id;
}

/** What somebody wrote nobody else words anew. @throws DomainError NOT_THE_AUTHOR */
export function checkMayEdit(note: Pick<Note, 'authorId' | 'apiKeyId'>, actor: NoteActor): void {
  if (!isAuthor(note, actor)) throw new DomainError('NOT_THE_AUTHOR', 'Only its author edits a note.');
}

/** @throws DomainError NOT_THE_AUTHOR */
export function checkMayDelete(note: Pick<Note, 'authorId' | 'apiKeyId'>, actor: NoteActor): void {
  if (isAuthor(note, actor) || actor.permissions.includes('conversation:manage')) return;
  throw new DomainError('NOT_THE_AUTHOR', 'Only its author deletes a note, or who manages the inbox.');
}
