import {
  DateTime,
  enumOf,
  IdempotencyConflict,
  InvalidInput,
  NotFound,
  registerUserError,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { Directive, Field, ID, InputType, ObjectType } from 'type-graphql';
import { AttributeValueInput } from '../attributes/attribute.types.js';
import { IDENTITY_KINDS, type IdentityKind } from '../identities/contact-book.js';
import { MAX_NAME_LENGTH } from './contact.rule.js';

@ObjectType('PostalAddress')
export class AddressType {
  @Field(() => String, { nullable: true, description: 'Street and number, and what else there is above the city.' })
  street!: string | null;

  @Field(() => String, { nullable: true })
  postalCode!: string | null;

  @Field(() => String, { nullable: true })
  city!: string | null;

  @Field(() => String, { nullable: true })
  region!: string | null;

  @Field(() => String, { nullable: true, description: 'ISO 3166-1 alpha-2.' })
  country!: string | null;
}

@Directive('@key(fields: "id")')
@ObjectType('Contact', { description: 'A person who writes to you, on whatever channels, or to whom you write.' })
export class ContactType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, {
    nullable: true,
    description: 'What a colleague wrote, else the profile name. Null if there is neither.',
  })
  name!: string | null;

  @Field(() => String, { nullable: true, description: 'What the person calls themselves, as a channel told last.' })
  profileName!: string | null;

  @Field(() => String, { nullable: true, description: 'BCP 47, such as de or de-AT.' })
  language!: string | null;

  @Field(() => DateTime, { description: 'When this person was first seen.' })
  createdAt!: Date;

  @Field(() => DateTime, { description: 'When a name, e-mail address, address or language was changed last.' })
  updatedAt!: Date;
}

export const IdentityKindEnum = enumOf(IDENTITY_KINDS, {
  name: 'ContactIdentityKind',
  description:
    'BSUID: the user id that WhatsApp gives a person for your business. PARENT_BSUID: the one for all businesses that a parent business links; nothing can be sent to it, and no consent hangs on it.',
});

@ObjectType('ContactIdentity', { description: 'What a channel calls a person, or called them once.' })
export class ContactIdentityType {
  @Field(() => ID)
  id!: string;

  @Field(() => IdentityKindEnum)
  kind!: IdentityKind;

  @Field(() => DateTime)
  validFrom!: Date;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'Null while it is the current one. What it was used for stays its own: consent does not follow to another.',
  })
  validTo!: Date | null;
}

@ObjectType({ description: 'A page of contacts, the newest first.' })
export class ContactPage {
  @Field(() => [ContactType])
  nodes!: ContactType[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}

@InputType()
export class PostalAddressInput {
  @Field(() => String, { nullable: true, description: 'At most 300 characters.' })
  street?: string | null;

  @Field(() => String, { nullable: true, description: 'At most 20 characters.' })
  postalCode?: string | null;

  @Field(() => String, { nullable: true, description: 'At most 100 characters.' })
  city?: string | null;

  @Field(() => String, { nullable: true, description: 'At most 100 characters.' })
  region?: string | null;

  @Field(() => String, { nullable: true, description: 'ISO 3166-1 alpha-2.' })
  country?: string | null;
}

@InputType()
export class NewContactPhoneInput {
  @Field(() => String, { description: 'As people write it; it is stored in E.164.' })
  number!: string;

  @Field(() => String, {
    nullable: true,
    description: 'ISO 3166-1 alpha-2: where a number without a country code is at home.',
  })
  country?: string | null;

  @Field(() => ID, {
    description: 'On which the person is to be reached by it: addresses are those of a channel, as is consent.',
  })
  channelId!: string;
}

const NAME = `1 to ${MAX_NAME_LENGTH} characters.`;

@InputType({ description: 'A name, an e-mail address or a number must be there.' })
export class CreateContactInput {
  @Field(() => String, { nullable: true, description: NAME })
  name?: string | null;

  @Field(() => NewContactPhoneInput, { nullable: true })
  phone?: NewContactPhoneInput | null;

  @Field(() => String, { nullable: true })
  email?: string | null;

  @Field(() => PostalAddressInput, { nullable: true })
  address?: PostalAddressInput | null;

  @Field(() => String, { nullable: true, description: 'BCP 47.' })
  language?: string | null;

  @Field(() => [AttributeValueInput], { nullable: true })
  attributes?: AttributeValueInput[] | null;

  @Field(() => [ID], { nullable: true })
  labelIds?: string[] | null;

  @Field(() => String, { description: 'Of your choice, 1 to 200 characters: the same key makes one contact.' })
  idempotencyKey!: string;
}

@InputType({ description: 'What is left out stays as it is; null takes it away.' })
export class UpdateContactInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String, {
    nullable: true,
    description: `${NAME} No channel changes it; with null the profile name is the name again.`,
  })
  name?: string | null;

  @Field(() => String, { nullable: true })
  email?: string | null;

  @Field(() => PostalAddressInput, { nullable: true, description: 'The whole of it.' })
  address?: PostalAddressInput | null;

  @Field(() => String, { nullable: true, description: 'BCP 47.' })
  language?: string | null;

  @Field(() => [AttributeValueInput], { nullable: true, description: 'Those that change.' })
  attributes?: AttributeValueInput[] | null;
}

@ObjectType({ implements: UserError, description: 'Somebody has this number already.' })
export class ContactExists extends UserError {
  @Field(() => ID, { description: 'Whose number it is.' })
  contactId!: string;
}
registerUserError(ContactExists, 'CONTACT_EXISTS');

export const CreateContactResult = resultUnion('CreateContactResult', ContactType, [
  InvalidInput,
  NotFound,
  ContactExists,
  IdempotencyConflict,
]);
export const UpdateContactResult = resultUnion('UpdateContactResult', ContactType, [InvalidInput, NotFound]);
