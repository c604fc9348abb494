import { DateTime, enumOf, InvalidInput, NotFound, registerUserError, resultUnion, UserError } from '@fenster/graphql';
import { Field, InputType, ObjectType } from 'type-graphql';
import {
  ATTRIBUTE_TYPES,
  MAX_OPTIONS,
  MAX_VALUE_LENGTH,
  RETENTION_CLASSES,
  type AttributeType,
  type RetentionClass,
} from './attribute.rule.js';

export const AttributeTypeEnum = enumOf(ATTRIBUTE_TYPES, {
  name: 'ContactAttributeType',
  description: 'Values are written alike everywhere: 12.5, true, 2026-11-22, one of the options.',
});
export const RetentionClassEnum = enumOf(RETENTION_CLASSES, {
  name: 'RetentionClass',
  description:
    'By which the rules of retention say how long values and files are kept. CONTRACT: as long as a contract or the law asks for it. SENSITIVE: health and what else GDPR Art. 9 names.',
});

const KEY = 'A small letter, then at most 39 small letters, digits and underscores.';
const OPTIONS = `Of a CHOICE, at most ${MAX_OPTIONS}.`;
const PURPOSE = 'What the values are kept for, in words for the person; at most 500 characters.';

@ObjectType('ContactAttribute', { description: 'Something that you want to know of your contacts.' })
export class ContactAttributeType {
  @Field(() => String, { description: 'Never changes.' })
  key!: string;

  @Field(() => String)
  name!: string;

  @Field(() => AttributeTypeEnum)
  type!: AttributeType;

  @Field(() => [String], { description: OPTIONS })
  options!: string[];

  @Field(() => String, { description: PURPOSE })
  purpose!: string;

  @Field(() => RetentionClassEnum)
  retentionClass!: RetentionClass;

  @Field(() => DateTime, { nullable: true, description: 'Its values are kept, and neither shown nor set any more.' })
  archivedAt!: Date | null;
}

@ObjectType({ description: 'What a contact’s attribute is.' })
export class ContactAttributeValue {
  @Field(() => ContactAttributeType)
  attribute!: ContactAttributeType;

  @Field(() => String)
  value!: string;
}

@InputType()
export class AttributeValueInput {
  @Field(() => String)
  key!: string;

  @Field(() => String, {
    nullable: true,
    description: `As the type of the attribute wants it; a text has at most ${MAX_VALUE_LENGTH} characters. Null takes the value away.`,
  })
  value?: string | null;
}

@InputType()
export class CreateContactAttributeInput {
  @Field(() => String, { description: KEY })
  key!: string;

  @Field(() => String, { description: 'At most 100 characters.' })
  name!: string;

  @Field(() => AttributeTypeEnum)
  type!: AttributeType;

  @Field(() => [String], { nullable: true, description: OPTIONS })
  options?: string[] | null;

  @Field(() => String, { description: PURPOSE })
  purpose!: string;

  @Field(() => RetentionClassEnum)
  retentionClass!: RetentionClass;
}

@InputType({ description: 'What is left out stays as it is.' })
export class UpdateContactAttributeInput {
  @Field(() => String)
  key!: string;

  @Field(() => String, { nullable: true, description: 'At most 100 characters.' })
  name?: string | null;

  @Field(() => [String], { nullable: true, description: 'Those that there are, and more.' })
  options?: string[] | null;

  @Field(() => String, { nullable: true, description: PURPOSE })
  purpose?: string | null;

  @Field(() => RetentionClassEnum, { nullable: true })
  retentionClass?: RetentionClass | null;

  @Field(() => Boolean, { nullable: true })
  isArchived?: boolean | null;
}

@ObjectType({ implements: UserError, description: 'Another attribute has this key.' })
export class ContactAttributeTaken extends UserError {}
registerUserError(ContactAttributeTaken, 'CONTACT_ATTRIBUTE_TAKEN');

export const CreateContactAttributeResult = resultUnion('CreateContactAttributeResult', ContactAttributeType, [
  InvalidInput,
  ContactAttributeTaken,
]);
export const UpdateContactAttributeResult = resultUnion('UpdateContactAttributeResult', ContactAttributeType, [
  InvalidInput,
  NotFound,
]);
