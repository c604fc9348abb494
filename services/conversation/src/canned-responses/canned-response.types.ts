import { DateTime, IdempotencyConflict, InvalidInput, NotFound, resultUnion } from '@fenster/graphql';
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { MAX_BODY_LENGTH, MAX_SHORTCUT_LENGTH, MAX_TITLE_LENGTH } from './canned-response.commands.js';
import { PLACEHOLDERS } from './placeholders.rule.js';
import { ManageRequired, SharingEnum, type Sharing } from './sharing.js';

const SHORTCUT = `What is typed to find it: 1 to ${MAX_SHORTCUT_LENGTH} letters, digits, - and _, in lower case.`;
const BODY = `1 to ${MAX_BODY_LENGTH} characters. Placeholders: ${PLACEHOLDERS.map((name) => `{{${name}}}`).join(', ')}; {{contact.name|friend}} says what stands there if nobody knows it.`;

@ObjectType('CannedResponse', { description: 'A text that agents send again and again.' })
export class CannedResponseType {
  @Field(() => ID)
  id!: string;

  @Field(() => SharingEnum)
  sharing!: Sharing;

  @Field(() => String, { description: SHORTCUT })
  shortcut!: string;

  @Field(() => String)
  title!: string;

  @Field(() => String, { description: BODY })
  body!: string;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime)
  updatedAt!: Date;
}

@ObjectType({ description: 'Canned responses by shortcut.' })
export class CannedResponsePage {
  @Field(() => [CannedResponseType])
  nodes!: CannedResponseType[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}

@ObjectType({ description: 'A canned response with its placeholders filled for one conversation.' })
export class RenderedText {
  @Field(() => String)
  text!: string;

  @Field(() => [String], { description: 'Placeholders that nobody knows the value of: nothing stands in their place.' })
  missing!: string[];
}

@InputType()
export class CreateCannedResponseInput {
  @Field(() => SharingEnum)
  sharing!: Sharing;

  @Field(() => ID, { nullable: true, description: 'With TEAM.' })
  teamId?: string | null;

  @Field(() => String, { description: SHORTCUT })
  shortcut!: string;

  @Field(() => String, { description: `1 to ${MAX_TITLE_LENGTH} characters.` })
  title!: string;

  @Field(() => String, { description: BODY })
  body!: string;

  @Field(() => String, { description: 'Of your choice, 1 to 200 characters: the same key creates one.' })
  idempotencyKey!: string;
}

@InputType({ description: 'What is left out stays as it is.' })
export class UpdateCannedResponseInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true, description: SHORTCUT })
  shortcut?: string | null;

  @Field(() => String, { nullable: true })
  title?: string | null;

  @Field(() => String, { nullable: true, description: BODY })
  body?: string | null;
}

@ObjectType()
export class CannedResponseDeleted {
  @Field(() => ID)
  id!: string;
}

export const CreateCannedResponseResult = resultUnion('CreateCannedResponseResult', CannedResponseType, [
  InvalidInput,
  NotFound,
  ManageRequired,
  IdempotencyConflict,
]);
export const UpdateCannedResponseResult = resultUnion('UpdateCannedResponseResult', CannedResponseType, [
  InvalidInput,
  NotFound,
  ManageRequired,
]);
export const DeleteCannedResponseResult = resultUnion('DeleteCannedResponseResult', CannedResponseDeleted, [
  NotFound,
  ManageRequired,
]);
