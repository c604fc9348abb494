import {
  parameterFormat,
  templateCategory,
  templateQuality,
  templateStatus,
  type ParameterFormat,
  type TemplateCategory,
  type TemplateQuality,
  type TemplateStatus,
} from '@fenster/contracts';
import { DateTime, enumOf, InvalidInput, NotFound, registerUserError, resultUnion, UserError } from '@fenster/graphql';
import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { ProviderFailure } from '../channels/channel.types.js';
import {
  BUTTON_KINDS,
  TEMPLATE_LIMITS as LIMITS,
  TIME_TO_LIVE,
  type SubmittedCategory,
} from './template-definition.rule.js';

export const TemplateStatusEnum = enumOf(templateStatus.options, {
  name: 'TemplateStatus',
  description: 'Only APPROVED templates can be sent. OTHER: what WhatsApp made up since.',
});
export const TemplateCategoryEnum = enumOf(templateCategory.options, {
  name: 'TemplateCategory',
  description:
    'What a template is for: it decides the price and the consent that is needed. OTHER: what WhatsApp made up since.',
});
const TemplateQualityEnum = enumOf(templateQuality.options, {
  name: 'TemplateQuality',
  description: 'What customers think of it. WhatsApp pauses what is RED, and at the third time switches it off.',
});
const ParameterFormatEnum = enumOf(parameterFormat.options, {
  name: 'ParameterFormat',
  description: 'POSITIONAL: variables are `{{1}}`, `{{2}}`, and so on. NAMED: they are `{{name}}`.',
});
const TemplateButtonKindEnum = enumOf(Object.values(BUTTON_KINDS), {
  name: 'TemplateButtonKind',
  description:
    'OTP: takes the one-time password of AUTHENTICATION. CONTACT_INFO: asks for the phone number of who has not told it.',
});
export type TemplateButtonKind = keyof typeof TemplateButtonKindEnum;
const TemplateMediaKindEnum = enumOf(['IMAGE', 'VIDEO', 'DOCUMENT'], { name: 'TemplateMediaKind' });
export type TemplateMediaKind = keyof typeof TemplateMediaKindEnum;
const OtpTypeEnum = enumOf(['COPY_CODE', 'ONE_TAP', 'ZERO_TAP'], {
  name: 'OtpType',
  description: 'How the code gets into the app: it is copied, or comes with one tap or none, where Android lets it.',
});
export type OtpType = keyof typeof OtpTypeEnum;
const ButtonValueEnum = enumOf(['NONE', 'OPTIONAL', 'REQUIRED'], {
  name: 'TemplateButtonNeeds',
  description: 'Whether a send says something for the button.',
});

@ObjectType({ description: 'A variable of a template, and what may stand in its place.' })
export class TemplateVariable {
  @Field(() => String, { description: '`1`, `2`, or its name.' })
  name!: string;

  @Field(() => String, { nullable: true })
  example!: string | null;
}

@ObjectType({ description: 'Words with variables.' })
export class TemplateWordsType {
  @Field(() => String, { description: 'With variables as `{{1}}` or `{{name}}`.' })
  text!: string;

  @Field(() => [TemplateVariable], { description: 'In the order in which a send gives them.' })
  variables!: TemplateVariable[];
}

@ObjectType({ description: 'What stands above the words: exactly one of these.' })
export class TemplateHeader {
  @Field(() => TemplateWordsType, { nullable: true })
  words!: TemplateWordsType | null;

  @Field(() => TemplateMediaKindEnum, { nullable: true, description: 'A file, which each send brings.' })
  mediaKind!: TemplateMediaKind | null;

  @Field(() => Boolean, { description: 'A place, which each send names.' })
  isLocation!: boolean;
}

@ObjectType('TemplateButton')
export class TemplateButtonType {
  @Field(() => TemplateButtonKindEnum)
  kind!: TemplateButtonKind;

  @Field(() => String, { nullable: true, description: 'Null where WhatsApp writes it.' })
  text!: string | null;

  @Field(() => ButtonValueEnum)
  value!: keyof typeof ButtonValueEnum;

  @Field(() => String, { nullable: true, description: 'Of URL. With `{{1}}` at its end where each send says the end.' })
  url!: string | null;

  @Field(() => String, { nullable: true, description: 'Of PHONE.' })
  phone!: string | null;

  @Field(() => String, { nullable: true, description: 'Of URL and COPY_CODE.' })
  example!: string | null;

  @Field(() => String, { nullable: true, description: 'Of FLOW.' })
  flowId!: string | null;

  @Field(() => OtpTypeEnum, { nullable: true, description: 'Of OTP.' })
  otpType!: OtpType | null;
}

@ObjectType('TemplateCard')
export class TemplateCardType {
  @Field(() => TemplateHeader, { nullable: true })
  header!: TemplateHeader | null;

  @Field(() => TemplateWordsType, { nullable: true })
  body!: TemplateWordsType | null;

  @Field(() => [TemplateButtonType])
  buttons!: TemplateButtonType[];
}

@ObjectType({ description: 'The head of an offer that ends.' })
export class TemplateOffer {
  @Field(() => String)
  text!: string;

  @Field(() => Boolean, { description: 'It counts down: each send says its end.' })
  hasExpiration!: boolean;
}

@ObjectType({ description: 'What a template says.' })
export class TemplateBodyType {
  @Field(() => TemplateHeader, { nullable: true })
  header!: TemplateHeader | null;

  @Field(() => TemplateWordsType)
  body!: TemplateWordsType;

  @Field(() => String, { nullable: true })
  footer!: string | null;

  @Field(() => [TemplateButtonType])
  buttons!: TemplateButtonType[];

  @Field(() => [TemplateCardType], { description: 'Side by side; none for most.' })
  cards!: TemplateCardType[];

  @Field(() => TemplateOffer, { nullable: true })
  limitedTimeOffer!: TemplateOffer | null;

  @Field(() => [String], {
    description: 'Parts that Fenster cannot fill, in the provider’s words: a template with any cannot be sent.',
  })
  unknownParts!: string[];
}

@ObjectType({ description: 'The provider has told that it will put the template into another category.' })
export class AnnouncedCategory {
  @Field(() => TemplateCategoryEnum)
  category!: TemplateCategory;

  @Field(() => DateTime, { nullable: true, description: 'Null if it did not say when.' })
  effectiveAt!: Date | null;
}

@ObjectType({ description: 'Why the provider refused a template, in its own words.' })
export class TemplateRejectionType {
  @Field(() => String)
  reason!: string;

  @Field(() => String, { nullable: true, description: 'What to do about it.' })
  advice!: string | null;
}

@Directive('@key(fields: "id")')
@ObjectType('Template', {
  description: 'A message that the provider has approved, or is to: one name in one language.',
})
export class TemplateType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String, { description: 'Such as `de` or `en_US`.' })
  language!: string;

  @Field(() => TemplateStatusEnum)
  status!: TemplateStatus;

  @Field(() => TemplateCategoryEnum, { description: 'As it is now. Each message keeps the one that it was sent with.' })
  category!: TemplateCategory;

  @Field(() => TemplateCategoryEnum, { nullable: true, description: 'Before the provider changed it.' })
  previousCategory?: TemplateCategory | null;

  @Field(() => TemplateQualityEnum)
  quality!: TemplateQuality;

  @Field(() => ParameterFormatEnum)
  parameterFormat!: ParameterFormat;

  @Field(() => Int, { nullable: true, description: 'How long the provider tries to deliver one, if not as usual.' })
  timeToLiveSeconds?: number | null;

  @Field(() => DateTime, { description: 'When Fenster first knew of it.' })
  createdAt!: Date;

  @Field(() => DateTime)
  changedAt!: Date;
}

@ObjectType()
export class TemplatePage {
  @Field(() => [TemplateType])
  nodes!: TemplateType[];

  @Field(() => String, { nullable: true, description: 'Null at the end.' })
  nextPage!: string | null;
}

@InputType({ description: 'What is absent or null does not matter.' })
export class TemplateFilter {
  @Field(() => ID, { nullable: true, description: 'Those that this channel can send.' })
  channelId?: string | null;

  @Field(() => [TemplateStatusEnum], { nullable: true, description: 'One of these. Without it, all but DELETED.' })
  status?: TemplateStatus[] | null;

  @Field(() => [TemplateCategoryEnum], { nullable: true })
  category?: TemplateCategory[] | null;

  @Field(() => String, { nullable: true, description: '`en-US` is the same as `en_US`.' })
  language?: string | null;

  @Field(() => String, { nullable: true, description: 'A part of the name.' })
  name?: string | null;
}

const atMost = (count: number, what = 'characters') => `At most ${count.toLocaleString('en')} ${what}.`;

@InputType()
export class TemplateExampleInput {
  @Field(() => String, { nullable: true, description: 'Of the variable; those of POSITIONAL go by their order.' })
  name?: string | null;

  @Field(() => String)
  value!: string;
}

@InputType({ description: 'Words with variables as `{{1}}` or `{{name}}`, and an example of each.' })
export class TemplateWordsDraftInput {
  @Field(() => String)
  text!: string;

  @Field(() => [TemplateExampleInput], { nullable: true })
  examples?: TemplateExampleInput[] | null;
}

@InputType()
export class TemplateFileDraftInput {
  @Field(() => TemplateMediaKindEnum)
  mediaKind!: TemplateMediaKind;

  @Field(() => ID, {
    description: 'An example for the review, of createMediaUpload for this channel: a JPEG, a PNG, an MP4 or a PDF.',
  })
  exampleMediaId!: string;
}

@InputType({ description: 'Exactly one of these.' })
export class TemplateHeaderDraftInput {
  @Field(() => TemplateWordsDraftInput, {
    nullable: true,
    description: `${atMost(LIMITS.header)} At most 1 variable.`,
  })
  text?: TemplateWordsDraftInput | null;

  @Field(() => TemplateFileDraftInput, { nullable: true })
  media?: TemplateFileDraftInput | null;

  @Field(() => Boolean, { nullable: true, description: 'A place.' })
  isLocation?: boolean | null;
}

@InputType()
export class TemplateAppInput {
  @Field(() => String)
  packageName!: string;

  @Field(() => String, { description: '11 characters.' })
  signatureHash!: string;
}

@InputType()
export class TemplateButtonDraftInput {
  @Field(() => TemplateButtonKindEnum)
  kind!: TemplateButtonKind;

  @Field(() => String, {
    nullable: true,
    description: `${atMost(LIMITS.buttonText)} WhatsApp writes those of COPY_CODE and CONTACT_INFO, and that of OTP if it is absent.`,
  })
  text?: string | null;

  @Field(() => String, {
    nullable: true,
    description: `Of URL: http or https, with {{1}} at its end where each send says the end. ${atMost(LIMITS.url)}`,
  })
  url?: string | null;

  @Field(() => String, {
    nullable: true,
    description: `Of URL with {{1}}: a whole address. Of COPY_CODE: a code of at most ${LIMITS.code} characters.`,
  })
  example?: string | null;

  @Field(() => String, { nullable: true, description: `Of PHONE. ${atMost(LIMITS.phone)}` })
  phone?: string | null;

  @Field(() => String, { nullable: true, description: 'Of FLOW.' })
  flowId?: string | null;

  @Field(() => String, { nullable: true, description: 'Of FLOW: where it begins; without one its endpoint decides.' })
  screen?: string | null;

  @Field(() => OtpTypeEnum, { nullable: true, description: 'Of OTP; COPY_CODE unless it says so.' })
  otpType?: OtpType | null;

  @Field(() => String, { nullable: true, description: 'Of OTP: what stands on it where the code comes with a tap.' })
  autofillText?: string | null;

  @Field(() => [TemplateAppInput], { nullable: true, description: 'Of OTP with ONE_TAP or ZERO_TAP: 1 to 5.' })
  apps?: TemplateAppInput[] | null;
}

@InputType()
export class TemplateCardDraftInput {
  @Field(() => TemplateFileDraftInput, { description: 'IMAGE or VIDEO, the same on all cards.' })
  media!: TemplateFileDraftInput;

  @Field(() => TemplateWordsDraftInput, { nullable: true, description: atMost(LIMITS.cardBody) })
  body?: TemplateWordsDraftInput | null;

  @Field(() => [TemplateButtonDraftInput], {
    description: `1 to ${LIMITS.cardButtons}, of the same kinds on all cards.`,
  })
  buttons!: TemplateButtonDraftInput[];
}

@InputType()
export class TemplateOfferInput {
  @Field(() => String, { description: atMost(LIMITS.offerText) })
  text!: string;

  @Field(() => Boolean, { description: 'It counts down.' })
  hasExpiration!: boolean;
}

@InputType({ description: 'Of AUTHENTICATION, whose words WhatsApp writes.' })
export class TemplateAuthenticationInput {
  @Field(() => Boolean, { nullable: true, description: 'Adds the advice to tell nobody.' })
  addsSecurityAdvice?: boolean | null;

  @Field(() => Int, { nullable: true, description: `1 to ${LIMITS.codeExpiresInMinutes}.` })
  codeExpiresInMinutes?: number | null;
}

const [lives] = [
  Object.entries(TIME_TO_LIVE)
    .map(([category, [from, to]]) => `${from} to ${to.toLocaleString('en')} for ${category}`)
    .join(', '),
];

@InputType({ description: 'What a template says.' })
class TemplateDraftInput {
  @Field(() => TemplateHeaderDraftInput, { nullable: true })
  header?: TemplateHeaderDraftInput | null;

  @Field(() => TemplateWordsDraftInput, {
    nullable: true,
    description: `${atMost(LIMITS.body)} No variable at its beginning or end. Absent for AUTHENTICATION only.`,
  })
  body?: TemplateWordsDraftInput | null;

  @Field(() => String, { nullable: true, description: `${atMost(LIMITS.footer)} No variables.` })
  footer?: string | null;

  @Field(() => [TemplateButtonDraftInput], {
    nullable: true,
    description: `${atMost(LIMITS.buttons, 'buttons')} Of them ${LIMITS.urlButtons} of kind URL and 1 of each other kind but QUICK_REPLY; quick replies side by side.`,
  })
  buttons?: TemplateButtonDraftInput[] | null;

  @Field(() => [TemplateCardDraftInput], {
    nullable: true,
    description: `${LIMITS.minCards} to ${LIMITS.maxCards}; then there is nothing else but a body.`,
  })
  cards?: TemplateCardDraftInput[] | null;

  @Field(() => TemplateOfferInput, { nullable: true, description: 'Of MARKETING.' })
  limitedTimeOffer?: TemplateOfferInput | null;

  @Field(() => TemplateAuthenticationInput, { nullable: true })
  authentication?: TemplateAuthenticationInput | null;

  @Field(() => Int, {
    nullable: true,
    description: `How long the provider tries to deliver one, in seconds: ${lives}.`,
  })
  timeToLiveSeconds?: number | null;
}

const SubmittedCategoryEnum = enumOf(Object.keys(TIME_TO_LIVE) as SubmittedCategory[], {
  name: 'SubmittedTemplateCategory',
  description: 'What a template is meant for. The provider may decide otherwise.',
});

@InputType()
export class CreateTemplateInput extends TemplateDraftInput {
  @Field(() => ID, { description: 'All channels of its account can send it.' })
  channelId!: string;

  @Field(() => String, { description: `Lower-case letters, digits and underscores. ${atMost(LIMITS.name)}` })
  name!: string;

  @Field(() => String, { description: 'Such as `de` or `en_US`.' })
  language!: string;

  @Field(() => SubmittedCategoryEnum)
  category!: SubmittedCategory;

  @Field(() => ParameterFormatEnum, { nullable: true, description: 'POSITIONAL unless it says so.' })
  parameterFormat?: ParameterFormat | null;
}

@InputType()
export class EditTemplateInput extends TemplateDraftInput {
  @Field(() => ID)
  templateId!: string;

  @Field(() => SubmittedCategoryEnum, { nullable: true, description: 'Cannot be changed while it is APPROVED.' })
  category?: SubmittedCategory | null;
}

@ObjectType({
  implements: UserError,
  description: 'There is another template of this name in this language. Edit it, or choose another name.',
})
export class TemplateExists extends UserError {
  @Field(() => ID)
  templateId!: string;
}
registerUserError(TemplateExists, 'TEMPLATE_EXISTS');

@ObjectType({
  implements: UserError,
  description: 'WhatsApp takes changes of templates that are APPROVED, REJECTED or PAUSED only.',
})
export class TemplateNotEditable extends UserError {
  @Field(() => TemplateStatusEnum)
  templateStatus!: TemplateStatus;
}
registerUserError(TemplateNotEditable, 'TEMPLATE_NOT_EDITABLE');

@ObjectType({ implements: UserError, description: 'There are no templates on channels of this kind.' })
export class NoTemplates extends UserError {}
registerUserError(NoTemplates, 'NO_TEMPLATES');

@ObjectType()
export class TemplatesRead {
  @Field(() => Int, { description: 'How many templates the account has.' })
  count!: number;
}

const REFUSALS = [ProviderFailure, InvalidInput, NotFound, NoTemplates] as const;
export const CreateTemplateResult = resultUnion('CreateTemplateResult', TemplateType, [...REFUSALS, TemplateExists]);
export const EditTemplateResult = resultUnion('EditTemplateResult', TemplateType, [...REFUSALS, TemplateNotEditable]);
export const DeleteTemplateResult = resultUnion('DeleteTemplateResult', TemplateType, [...REFUSALS]);
export const SyncTemplatesResult = resultUnion('SyncTemplatesResult', TemplatesRead, [
  ProviderFailure,
  NotFound,
  NoTemplates,
]);
