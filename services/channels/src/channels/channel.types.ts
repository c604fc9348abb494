import { channelState, FAILURE_REASONS, type ChannelState, type FailureReason } from '@fenster/contracts';
import { DateTime, enumOf, InvalidInput, NotFound, registerUserError, resultUnion, UserError } from '@fenster/graphql';
import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { CHANNEL_KINDS, type ChannelKind } from '../providers/channel-kind.js';
import { NUMBER_QUALITIES } from '../providers/provider.js';
import { BUSINESS_CATEGORIES, PROFILE_LIMITS, type BusinessCategory } from './profile.rule.js';

export const ChannelKindEnum = enumOf(CHANNEL_KINDS, {
  name: 'ChannelKind',
  description: 'The provider that carries the messages.',
});

const ChannelStateEnum = enumOf(channelState.options, {
  name: 'ChannelState',
  description:
    'ACTIVE sends. ERROR: the provider does not let it, until an administrator has repaired it. DISABLED: switched off. Customers’ messages come in whatever the state.',
});

const FailureReasonEnum = enumOf(FAILURE_REASONS, {
  name: 'FailureReason',
  description: 'Why a message fails, whatever the provider calls it. REFUSED: Fenster does not know.',
});

export const NumberQualityEnum = enumOf(NUMBER_QUALITIES, {
  name: 'NumberQuality',
  description: 'What customers think of the messages of this number, as the provider rates it.',
});

const BusinessCategoryEnum = enumOf(BUSINESS_CATEGORIES, {
  name: 'BusinessCategory',
  description: 'What WhatsApp knows a business to be.',
});

@ObjectType({ description: 'How many persons may be written to outside their service windows in 24 hours.' })
export class MessagingLimit {
  @Field(() => String, { description: 'The provider’s word: TIER_250, TIER_2K, …, TIER_UNLIMITED.' })
  tier!: string;

  @Field(() => Int, { nullable: true, description: 'Null if there is no limit, or the word does not say.' })
  recipientsPerDay!: number | null;
}

@ObjectType({ description: 'What customers see of the business.' })
export class BusinessProfileType {
  @Field(() => String, { nullable: true })
  about!: string | null;

  @Field(() => String, { nullable: true })
  address!: string | null;

  @Field(() => String, { nullable: true })
  description!: string | null;

  @Field(() => String, { nullable: true })
  email!: string | null;

  @Field(() => [String])
  websites!: readonly string[];

  @Field(() => String, { nullable: true, description: 'The provider’s word; see BusinessCategory.' })
  category!: string | null;

  @Field(() => String, { nullable: true, description: 'An address at the provider, which ends after some days.' })
  pictureUrl!: string | null;
}

const HISTORY_IMPORT_STATES = ['RUNNING', 'COMPLETE', 'REFUSED'] as const;
const HistoryImportStateEnum = enumOf(HISTORY_IMPORT_STATES, {
  name: 'HistoryImportState',
  description:
    'REFUSED: whoever connected the number did not want to hand over what was written in its phone app before.',
});

@ObjectType({
  description: 'What was written in the phone app of a number before it was connected comes as imported messages.',
})
export class HistoryImport {
  @Field(() => HistoryImportStateEnum)
  state!: (typeof HISTORY_IMPORT_STATES)[number];

  @Field(() => Int, { nullable: true, description: 'In percent, as the provider tells it; null where it is REFUSED.' })
  progress!: number | null;
}

@Directive('@key(fields: "id")')
@ObjectType('Channel', { description: 'A number of yours that customers write to.' })
export class ChannelType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => ChannelKindEnum)
  kind!: ChannelKind;

  @Field(() => String, {
    nullable: true,
    description: 'In E.164, with the plus sign. Null where customers write to no number.',
  })
  displayPhoneNumber!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'ISO 4217: what the provider charges in. Fixed when the account was made. Null where no message has a price of its own.',
  })
  currency!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "IANA name: the calendar of the provider's monthly allowances. Fixed when the account was made. Null where there are none.",
  })
  timeZone!: string | null;

  @Field(() => ChannelStateEnum)
  state!: ChannelState;

  @Field(() => String, { nullable: true, description: 'For people: what is wrong, where something is.' })
  stateReason!: string | null;

  @Field(() => FailureReasonEnum, {
    nullable: true,
    description: 'The same for programs, which have words of their own.',
  })
  stateReasonCode!: FailureReason | null;

  @Field(() => DateTime, { nullable: true, description: 'Since when; null since it was connected.' })
  stateChangedAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When the provider was last asked how the number is.' })
  refreshedAt!: Date | null;
}

@ObjectType({
  implements: UserError,
  description:
    'PROVIDER_REFUSED: it was asked and said no; the message says why. PROVIDER_UNREACHABLE: nobody knows, try again.',
})
export class ProviderFailure extends UserError {
  @Field(() => Int, { nullable: true, description: 'Its own code, if it gave one.' })
  providerCode!: number | null;

  @Field(() => String, { nullable: true, description: 'The input field that it means, where it means one.' })
  field?: string | null;
}
registerUserError(ProviderFailure, 'PROVIDER_REFUSED', 'PROVIDER_UNREACHABLE');

@InputType()
export class SetSendRateInput {
  @Field(() => ID)
  channelId!: string;

  @Field(() => Int, {
    nullable: true,
    description: '1 to 1000; null for what the throughput of the number allows. Numbers that a phone app uses too: 20.',
  })
  messagesPerSecond?: number | null;
}

const atMost = (max: number) => `At most ${max} characters; empty removes it. Absent or null leaves it as it is.`;

@InputType({ description: 'What is absent or null stays as it is.' })
export class UpdateBusinessProfileInput {
  @Field(() => ID)
  channelId!: string;

  @Field(() => String, { nullable: true, description: `1 to ${PROFILE_LIMITS.about} characters.` })
  about?: string | null;

  @Field(() => String, { nullable: true, description: atMost(PROFILE_LIMITS.address) })
  address?: string | null;

  @Field(() => String, { nullable: true, description: atMost(PROFILE_LIMITS.description) })
  description?: string | null;

  @Field(() => String, { nullable: true, description: atMost(PROFILE_LIMITS.email) })
  email?: string | null;

  @Field(() => [String], {
    nullable: true,
    description: `In place of those there are; at most ${PROFILE_LIMITS.websites}, with https:// or http://, each at most ${PROFILE_LIMITS.website} characters.`,
  })
  websites?: string[] | null;

  @Field(() => BusinessCategoryEnum, { nullable: true })
  category?: BusinessCategory | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'In place of the picture there is: a JPEG or PNG of createMediaUpload that is READY. WhatsApp cuts it to a square; 640 by 640 pixels look best, fewer than 192 do not.',
  })
  pictureMediaId?: string | null;
}

export const RefreshChannelResult = resultUnion('RefreshChannelResult', ChannelType, [ProviderFailure, NotFound]);
export const ReactivateChannelResult = resultUnion('ReactivateChannelResult', ChannelType, [ProviderFailure, NotFound]);
export const DisableChannelResult = resultUnion('DisableChannelResult', ChannelType, [NotFound]);
export const SetSendRateResult = resultUnion('SetSendRateResult', ChannelType, [InvalidInput, NotFound]);
export const UpdateBusinessProfileResult = resultUnion('UpdateBusinessProfileResult', ChannelType, [
  ProviderFailure,
  InvalidInput,
  NotFound,
]);
