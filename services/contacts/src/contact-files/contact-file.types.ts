import { DateTime, IdempotencyConflict, InvalidInput, NotFound, resultUnion } from '@fenster/graphql';
import { KNOWN_TYPES } from '@fenster/object-store';
import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { RetentionClass } from '../attributes/attribute.rule.js';
import { RetentionClassEnum } from '../attributes/attribute.types.js';
import { MemberReference } from '../consent/consent.types.js';
import { LegalHoldInForce } from '../erasures/erasure.types.js';

export const MAX_FILE_BYTES = 26_214_400;
export const MAX_FILES = 200;
const PURPOSE = 'What it is kept for, in words for the person; at most 500 characters.';

@ObjectType('ContactFile', {
  description: 'A file that colleagues keep of a person. The person gets it with a copy of their data.',
})
export class ContactFileType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String)
  mimeType!: string;

  @Field(() => Float)
  sizeBytes!: number;

  @Field(() => String, { description: PURPOSE })
  purpose!: string;

  @Field(() => RetentionClassEnum)
  retentionClass!: RetentionClass;

  @Field(() => DateTime)
  addedAt!: Date;

  @Field(() => MemberReference, { nullable: true, description: 'Null if a program added it.' })
  addedBy!: MemberReference | null;
}

@ObjectType({ description: 'A page of files, the newest first.' })
export class ContactFilePage {
  @Field(() => [ContactFileType])
  nodes!: ContactFileType[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}

@InputType()
export class CreateContactFileUploadInput {
  @Field(() => String, { description: '1 to 240 characters, without slashes.' })
  fileName!: string;

  @Field(() => String, { description: `One of: ${KNOWN_TYPES.join(', ')}. Audio in Ogg has to be Opus.` })
  mimeType!: string;

  @Field(() => Int, { description: `Of the whole file: at most ${MAX_FILE_BYTES}.` })
  sizeBytes!: number;

  @Field(() => String, { description: 'Of your choice, 1 to 200 characters: the same key announces one file.' })
  idempotencyKey!: string;
}

@ObjectType({ description: 'A file that is announced.' })
export class ContactFileUpload {
  @Field(() => ID)
  id!: string;

  @Field(() => String, {
    description:
      'PUT the bytes there, without a token: it is in the URL. Answers 201 when they are here, else what is wrong as `{code, message}`: 413 TOO_LARGE, 422 WRONG_SIZE, WRONG_TYPE or INFECTED, 409 ALREADY_UPLOADED, 503. After 413, 422 and 503 you may try again.',
  })
  uploadUrl!: string;

  @Field(() => Boolean, { description: 'The bytes are here: nothing is to be brought any more.' })
  isComplete!: boolean;

  @Field(() => DateTime, {
    description: 'By then the upload has to begin. What no contact gets within seven days of it is deleted.',
  })
  expiresAt!: Date;
}

@InputType()
export class AddContactFileInput {
  @Field(() => ID)
  contactId!: string;

  @Field(() => ID, { description: 'Of an upload that you made and that is here. It becomes the id of the file.' })
  uploadId!: string;

  @Field(() => String, { description: PURPOSE })
  purpose!: string;

  @Field(() => RetentionClassEnum)
  retentionClass!: RetentionClass;
}

@ObjectType()
export class ContactFileRemoved {
  @Field(() => ID)
  id!: string;
}

export const CreateContactFileUploadResult = resultUnion('CreateContactFileUploadResult', ContactFileUpload, [
  InvalidInput,
  NotFound,
  IdempotencyConflict,
]);
export const AddContactFileResult = resultUnion('AddContactFileResult', ContactFileType, [InvalidInput, NotFound]);
export const RemoveContactFileResult = resultUnion('RemoveContactFileResult', ContactFileRemoved, [
  NotFound,
  LegalHoldInForce,
]);
