import { DateTime, IdempotencyConflict, InvalidInput, NotFound, NotTheAuthor, resultUnion } from '@fenster/graphql';
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { MemberReference } from '../consent/consent.types.js';
import { LegalHoldInForce } from '../erasures/erasure.types.js';

export const MAX_NOTE_LENGTH = 10_000;
const TEXT = `1 to ${MAX_NOTE_LENGTH} characters.`;

@ObjectType('ContactNote', {
  description: 'What colleagues write of a person for each other. The person may ask to see it.',
})
export class ContactNoteType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  text!: string;

  @Field(() => MemberReference, { nullable: true, description: 'Null if a program wrote it.' })
  author!: MemberReference | null;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true })
  editedAt!: Date | null;
}

@ObjectType({ description: 'A page of notes, the newest first.' })
export class ContactNotePage {
  @Field(() => [ContactNoteType])
  nodes!: ContactNoteType[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}

@InputType()
export class AddContactNoteInput {
  @Field(() => ID)
  contactId!: string;

  @Field(() => String, { description: TEXT })
  text!: string;

  @Field(() => String, { description: 'Of your choice, 1 to 200 characters: the same key makes one note.' })
  idempotencyKey!: string;
}

@InputType()
export class EditContactNoteInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: TEXT })
  text!: string;
}

@ObjectType()
export class ContactNoteDeleted {
  @Field(() => ID)
  id!: string;
}

export const AddContactNoteResult = resultUnion('AddContactNoteResult', ContactNoteType, [
  InvalidInput,
  NotFound,
  IdempotencyConflict,
]);
export const EditContactNoteResult = resultUnion('EditContactNoteResult', ContactNoteType, [
  InvalidInput,
  NotFound,
  NotTheAuthor,
  LegalHoldInForce,
]);
export const DeleteContactNoteResult = resultUnion('DeleteContactNoteResult', ContactNoteDeleted, [
  NotFound,
  NotTheAuthor,
  LegalHoldInForce,
]);
