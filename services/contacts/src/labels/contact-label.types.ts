import {
  DateTime,
  IdempotencyConflict,
  InvalidInput,
  NotFound,
  registerUserError,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { MAX_LABEL_LENGTH, MAX_LABELS_SET } from '@fenster/runtime';
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { ContactType } from '../contacts/contact.types.js';

const NAME = `1 to ${MAX_LABEL_LENGTH} characters, of which there is no other label of contacts.`;
const COLOUR = 'Written like #1f883d.';

@ObjectType('ContactLabel', {
  description:
    'A word of the workspace’s own, by which people are found. Conversations have labels of their own: they end with the work, these stay with the person.',
})
export class ContactLabelType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String, { description: COLOUR })
  colour!: string;

  @Field(() => DateTime)
  createdAt!: Date;
}

@InputType()
export class CreateContactLabelInput {
  @Field(() => String, { description: NAME })
  name!: string;

  @Field(() => String, { description: COLOUR })
  colour!: string;

  @Field(() => String, { description: 'Of your choice, 1 to 200 characters: the same key makes one label.' })
  idempotencyKey!: string;
}

@InputType({ description: 'What is left out stays as it is.' })
export class UpdateContactLabelInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true, description: NAME })
  name?: string | null;

  @Field(() => String, { nullable: true, description: COLOUR })
  colour?: string | null;
}

@InputType()
export class LabelContactInput {
  @Field(() => ID)
  contactId!: string;

  @Field(() => [ID], {
    nullable: true,
    description: `Labels that it is to have. A contact has at most ${MAX_LABELS_SET}.`,
  })
  set?: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'Labels that it is to have no longer.' })
  unset?: string[] | null;
}

@ObjectType()
export class ContactLabelDeleted {
  @Field(() => ID)
  id!: string;
}

@ObjectType({
  implements: UserError,
  description: 'Another label of contacts has this name; upper and lower case count as the same.',
})
export class ContactLabelNameTaken extends UserError {}
registerUserError(ContactLabelNameTaken, 'CONTACT_LABEL_NAME_TAKEN');

@ObjectType({ implements: UserError, description: 'Segments ask for it: what they mean would change silently.' })
export class ContactLabelInUse extends UserError {}
registerUserError(ContactLabelInUse, 'CONTACT_LABEL_IN_USE');

export const CreateContactLabelResult = resultUnion('CreateContactLabelResult', ContactLabelType, [
  InvalidInput,
  ContactLabelNameTaken,
  IdempotencyConflict,
  NotFound,
]);
export const UpdateContactLabelResult = resultUnion('UpdateContactLabelResult', ContactLabelType, [
  InvalidInput,
  NotFound,
  ContactLabelNameTaken,
]);
export const DeleteContactLabelResult = resultUnion('DeleteContactLabelResult', ContactLabelDeleted, [
  NotFound,
  ContactLabelInUse,
]);
export const LabelContactResult = resultUnion('LabelContactResult', ContactType, [InvalidInput, NotFound]);
