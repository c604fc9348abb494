import {
  DateTime,
  IdempotencyConflict,
  InvalidInput,
  NotFound,
  NotTheAuthor,
  registerUserError,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { ConversationType } from '../conversations/conversation.types.js';
import { MAX_MENTIONS, MAX_NOTE_LENGTH } from './note.rule.js';

const TEXT = `1 to ${MAX_NOTE_LENGTH} characters. Shown as it is: what names a member in it is up to you, and mentions nobody.`;
const MENTIONS = `Who is mentioned, and so told: at most ${MAX_MENTIONS}, each of whom may see the conversation.`;

@ObjectType('Note', { description: 'What colleagues write to each other about a conversation. Never sent.' })
export class NoteObject {
  @Field(() => ID)
  id!: string;

  @Field(() => Int, { description: 'It was written after the message with this `seq`.' })
  afterSeq!: number;

  @Field(() => ID, { nullable: true, description: 'The API key by which a program wrote it.' })
  apiKeyId?: string | null;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true })
  editedAt?: Date | null;
}

@ObjectType({ description: 'Notes of a conversation, the latest first.' })
export class NotePage {
  @Field(() => [NoteObject])
  nodes!: NoteObject[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}

@InputType()
export class AddNoteInput {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => String, { description: TEXT })
  text!: string;

  @Field(() => [ID], { defaultValue: [], description: MENTIONS })
  mentionedMemberIds!: string[];

  @Field(() => String, { description: 'Of your choice, 1 to 200 characters: the same key adds one note.' })
  idempotencyKey!: string;
}

@InputType()
export class EditNoteInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: TEXT })
  text!: string;

  @Field(() => [ID], {
    nullable: true,
    description: `${MENTIONS} Those who were mentioned before are not told again. Left out: as they are.`,
  })
  mentionedMemberIds?: string[] | null;
}

@ObjectType({ implements: UserError, description: 'Somebody whom you mention may not see the conversation.' })
export class CannotBeMentioned extends UserError {
  @Field(() => [ID])
  memberIds!: string[];
}
registerUserError(CannotBeMentioned, 'CANNOT_BE_MENTIONED');

@ObjectType()
export class NoteGone {
  @Field(() => ID)
  id!: string;

  @Field(() => ConversationType)
  conversation!: ConversationType;
}

export const AddNoteResult = resultUnion('AddNoteResult', NoteObject, [
  InvalidInput,
  NotFound,
  CannotBeMentioned,
  IdempotencyConflict,
]);
export const EditNoteResult = resultUnion('EditNoteResult', NoteObject, [
  InvalidInput,
  NotFound,
  NotTheAuthor,
  CannotBeMentioned,
]);
export const DeleteNoteResult = resultUnion('DeleteNoteResult', NoteGone, [NotFound, NotTheAuthor]);
