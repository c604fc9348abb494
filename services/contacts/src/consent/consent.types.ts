import {
  consentEventKind,
  consentIdentityKind,
  consentSource,
  consentState,
  purposeKind,
  type ConsentEventKind,
  type ConsentIdentityKind,
  type ConsentSource,
  type ConsentState,
  type PurposeKind,
} from '@fenster/contracts';
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
import { CONSENT_DOCUMENTS, type ConsentDocumentKind } from './consent-chain.js';
import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';

export const ConsentStateEnum = enumOf(consentState.options, {
  name: 'ConsentState',
  description:
    'UNKNOWN came from elsewhere without proof, or is that of a former number. REQUESTED: asked, and not answered yet. EXPIRED: asked, and not answered in time. PLATFORM_STOPPED: stopped in WhatsApp, where only the person can change that. Nothing but CONFIRMED allows marketing.',
});
const ConsentEventKindEnum = enumOf(consentEventKind.options, {
  name: 'ConsentEventKind',
  description: 'What was said of a consent. PLATFORM_*: by the person’s own switch in WhatsApp.',
});
const ConsentSourceEnum = enumOf(consentSource.options, { name: 'ConsentSource', description: 'Where it was said.' });
const PurposeKindEnum = enumOf(purposeKind.options, {
  name: 'ConsentPurposeKind',
  description:
    'SERVICE needs no consent; UTILITY, about an order or an appointment, may be sent until the person objects; MARKETING only with consent.',
});
const ConsentIdentityKindEnum = enumOf(consentIdentityKind.options, {
  name: 'ConsentIdentityKind',
  description: 'By what the channel knew the person: consent is that of an address, and does not follow to another.',
});
const ConsentDocumentKindEnum = enumOf(CONSENT_DOCUMENTS, {
  name: 'ConsentDocumentKind',
  description: 'What somebody else can look at, or listen to.',
});
const RecordableKindEnum = enumOf(['REQUESTED', 'CONFIRMED', 'REFUSED', 'WITHDRAWN'] as const, {
  name: 'RecordableConsent',
});
const RecordableSourceEnum = enumOf(['FORM', 'QR', 'AGENT'] as const, { name: 'RecordableConsentSource' });

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Channel')
export class ChannelReference {
  @Field(() => ID)
  id!: string;
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Member')
export class MemberReference {
  @Field(() => ID)
  id!: string;
}

@ObjectType('ConsentText', { description: 'What people read before they agree. Never changes once it is published.' })
export class ConsentTextType {
  @Field(() => String, { description: 'SHA-256 of what it says, hexadecimal: the same words have the same.' })
  hash!: string;

  @Field(() => String, { description: 'The key of its purpose.' })
  purpose!: string;

  @Field(() => String, { description: 'BCP 47, such as de or de-AT.' })
  locale!: string;

  @Field(() => Int, { description: '1, 2, 3, … for each purpose and locale.' })
  version!: number;

  @Field(() => String)
  body!: string;

  @Field(() => String)
  privacyNoticeUrl!: string;

  @Field(() => String, { description: 'Of the privacy notice at that address.' })
  privacyNoticeVersion!: string;

  @Field(() => DateTime)
  publishedAt!: Date;
}

@ObjectType('ConsentPurpose', { description: 'What a person may agree to.' })
export class ConsentPurposeType {
  @Field(() => String, {
    description: 'Unique in the workspace: service, order_updates, marketing, or one of its own.',
  })
  key!: string;

  @Field(() => PurposeKindEnum)
  kind!: PurposeKind;

  @Field(() => String)
  name!: string;

  @Field(() => String, { nullable: true })
  description!: string | null;

  @Field(() => Boolean, { description: 'Every workspace has it.' })
  isBuiltIn!: boolean;

  @Field(() => DateTime, { nullable: true, description: 'Since when nobody is asked for it any more.' })
  archivedAt!: Date | null;
}

@ObjectType('Consent', { description: 'Where the consent of one address of a person to one purpose stands.' })
export class ConsentType {
  @Field(() => ConsentPurposeType)
  purpose!: ConsentPurposeType;

  @Field(() => ChannelReference, { description: 'From where it would be sent.' })
  channel!: ChannelReference;

  @Field(() => ConsentIdentityKindEnum)
  identityKind!: ConsentIdentityKind;

  @Field(() => Boolean, { description: 'The person is known by it no longer, so nothing goes there.' })
  isFormer!: boolean;

  @Field(() => ConsentStateEnum)
  state!: ConsentState;

  @Field(() => Boolean, { description: 'Confirmed, and neither withdrawn nor stopped.' })
  isGranted!: boolean;

  @Field(() => DateTime, { description: 'When what decides it was said.' })
  since!: Date;

  @Field(() => ConsentSourceEnum, { description: 'Where that was said.' })
  source!: ConsentSource;
}

@ObjectType({ description: 'What proves it, as far as it was there and is not erased.' })
export class ConsentEvidence {
  @Field(() => ID, { nullable: true, description: 'Of the message in which it was said.' })
  messageId?: string;

  @Field(() => ID, { nullable: true, description: 'Of the message that asked.' })
  requestMessageId?: string;

  @Field(() => String, { nullable: true, description: 'SHA-256 of the webhook that brought it, hexadecimal.' })
  webhookHash?: string;

  @Field(() => String, { nullable: true })
  formRequestId?: string;

  @Field(() => String, { nullable: true })
  formUrl?: string;

  @Field(() => ID, { nullable: true, description: 'Of the link or QR code by which the person came to be asked.' })
  clickToChatLinkId?: string;

  @Field(() => String, { nullable: true })
  address?: string;

  @Field(() => String, { nullable: true })
  userAgent?: string;

  @Field(() => String, { nullable: true, description: 'Why the address or the browser had to be kept.' })
  justification?: string;

  @Field(() => ConsentDocumentKindEnum, { nullable: true })
  documentKind?: ConsentDocumentKind;

  @Field(() => String, { nullable: true, description: 'By which it is found where it is kept.' })
  documentReference?: string;

  @Field(() => String, { nullable: true, description: 'In words of whoever noted it.' })
  note?: string;
}

@ObjectType('ConsentEvent', { description: 'Something that was said of a consent. Never changed, never removed.' })
export class ConsentEventType {
  @Field(() => ID)
  id!: string;

  @Field(() => Int, { description: 'Its place in the workspace’s ledger.' })
  seq!: number;

  @Field(() => ConsentEventKindEnum)
  kind!: ConsentEventKind;

  @Field(() => ConsentIdentityKindEnum)
  identityKind!: ConsentIdentityKind;

  @Field(() => ConsentSourceEnum)
  source!: ConsentSource;

  @Field(() => String, { nullable: true })
  locale!: string | null;

  @Field(() => String, {
    description: 'Who said or noted it: member, api_key, contact (the person), provider or system.',
  })
  actorKind!: string;

  @Field(() => DateTime)
  occurredAt!: Date;

  @Field(() => DateTime, { description: 'When Fenster knew.' })
  recordedAt!: Date;
}

@ObjectType({ description: 'A page of a person’s consent events, the latest first.' })
export class ConsentEventPage {
  @Field(() => [ConsentEventType])
  nodes!: ConsentEventType[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}

const KEY = 'A small letter, then small letters, digits and underscores: at most 40.';

@InputType()
export class CreateConsentPurposeInput {
  @Field(() => String, { description: KEY })
  key!: string;

  @Field(() => PurposeKindEnum)
  kind!: PurposeKind;

  @Field(() => String, { description: '1 to 100 characters.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'At most 1000 characters.' })
  description?: string | null;
}

@InputType({ description: 'What is left out stays as it is. What a purpose is for never changes: make another one.' })
export class UpdateConsentPurposeInput {
  @Field(() => String)
  key!: string;

  @Field(() => String, { nullable: true, description: '1 to 100 characters.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'At most 1000 characters; empty for none.' })
  description?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Not of those that every workspace has.' })
  isArchived?: boolean | null;
}

@InputType()
export class PublishConsentTextInput {
  @Field(() => String, { description: 'The key of the purpose.' })
  purpose!: string;

  @Field(() => String, { description: 'BCP 47, such as de or de-AT.' })
  locale!: string;

  @Field(() => String, {
    description: '1 to 4000 characters: who asks, for what, over which channel, and how to withdraw.',
  })
  body!: string;

  @Field(() => String, { description: 'https, at most 2000 characters.' })
  privacyNoticeUrl!: string;

  @Field(() => String, { description: '1 to 100 characters.' })
  privacyNoticeVersion!: string;
}

@InputType({ description: 'Who said it: a contact, or the number of somebody who may be unknown yet.' })
export class ConsentSubjectInput {
  @Field(() => ID, { nullable: true })
  contactId?: string | null;

  @Field(() => String, { nullable: true, description: 'E.164 with the plus sign.' })
  phone?: string | null;
}

@InputType({
  description: 'What proves to others that the person agreed: a paper they signed, a recording of what they said.',
})
export class ConsentDocumentInput {
  @Field(() => ConsentDocumentKindEnum)
  kind!: ConsentDocumentKind;

  @Field(() => String, { description: 'By which it is found where you keep it: 1 to 200 characters.' })
  reference!: string;
}

@InputType()
export class ConsentEvidenceInput {
  @Field(() => String, { nullable: true, description: 'In your words; needed from agents. At most 2000 characters.' })
  note?: string | null;

  @Field(() => String, { nullable: true, description: 'By which the form’s own log knows it; needed from forms.' })
  formRequestId?: string | null;

  @Field(() => String, { nullable: true, description: 'Where the form is.' })
  formUrl?: string | null;

  @Field(() => String, { nullable: true, description: 'The IP address; only with a justification.' })
  address?: string | null;

  @Field(() => String, { nullable: true, description: 'Only with a justification.' })
  userAgent?: string | null;

  @Field(() => String, { nullable: true, description: 'Why address or browser must be kept. At most 500 characters.' })
  justification?: string | null;

  @Field(() => ConsentDocumentInput, { nullable: true, description: 'Needed to confirm.' })
  document?: ConsentDocumentInput | null;
}

@InputType()
export class RecordConsentInput {
  @Field(() => ConsentSubjectInput)
  subject!: ConsentSubjectInput;

  @Field(() => ID, { description: 'From where it would be sent.' })
  channelId!: string;

  @Field(() => String, { description: 'The key of the purpose.' })
  purpose!: string;

  @Field(() => RecordableKindEnum)
  kind!: 'REQUESTED' | 'CONFIRMED' | 'REFUSED' | 'WITHDRAWN';

  @Field(() => RecordableSourceEnum)
  source!: 'FORM' | 'QR' | 'AGENT';

  @Field(() => String, {
    nullable: true,
    description: 'Of the text that the person read; needed to ask and to confirm.',
  })
  textHash?: string | null;

  @Field(() => ConsentEvidenceInput)
  evidence!: ConsentEvidenceInput;

  @Field(() => DateTime, { nullable: true, description: 'When it was said; now, if left out.' })
  occurredAt?: Date | null;

  @Field(() => String, { description: 'Of your choice, 1 to 200 characters: the same key records it once.' })
  idempotencyKey!: string;
}

@ObjectType()
export class ConsentRecorded {
  @Field(() => ID)
  contactId!: string;

  @Field(() => [ConsentType], { description: 'Where the consent to this purpose stands now.' })
  consents!: ConsentType[];
}

@ObjectType({ implements: UserError, description: 'There is a purpose with this key.' })
export class ConsentPurposeTaken extends UserError {}

registerUserError(ConsentPurposeTaken, 'CONSENT_PURPOSE_TAKEN');

export const CreateConsentPurposeResult = resultUnion('CreateConsentPurposeResult', ConsentPurposeType, [
  InvalidInput,
  ConsentPurposeTaken,
]);
export const UpdateConsentPurposeResult = resultUnion('UpdateConsentPurposeResult', ConsentPurposeType, [
  InvalidInput,
  NotFound,
]);
export const PublishConsentTextResult = resultUnion('PublishConsentTextResult', ConsentTextType, [
  InvalidInput,
  NotFound,
]);
export const RecordConsentResult = resultUnion('RecordConsentResult', ConsentRecorded, [
  InvalidInput,
  NotFound,
  IdempotencyConflict,
]);
