import { deliveryStatus, mediaKind, type DeliveryStatus, type MediaKind } from '@fenster/contracts';
import {
  enumOf,
  Forbidden,
  IdempotencyConflict,
  InvalidInput,
  NotFound,
  registerUserError,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { ChannelType, ProviderFailure } from './channel.types.js';

const IDEMPOTENCY_KEY = 'Of your choice, 1 to 200 characters: the same key with the same input connects one channel.';
const NAME = 'What colleagues call it; 1 to 100 characters.';
const PHONE_NUMBER = 'In E.164, with the plus sign, such as +4930901820.';

@InputType()
abstract class ConnectInput {
  @Field(() => String, { description: NAME })
  name!: string;

  @Field(() => ID, { description: IDEMPOTENCY_KEY })
  idempotencyKey!: string;
}

@InputType()
abstract class ConnectWhatsAppInput extends ConnectInput {
  @Field(() => String, { description: 'The provider’s id of the number: digits.' })
  phoneNumberId!: string;

  @Field(() => String, { description: 'Id of the WhatsApp Business account: digits.' })
  wabaId!: string;

  @Field(() => String, { description: PHONE_NUMBER })
  phoneNumber!: string;

  @Field(() => String, { description: 'ISO 4217: what the WhatsApp account is charged in.' })
  currency!: string;

  @Field(() => String, { description: 'IANA name, such as Europe/Berlin: the calendar of the WhatsApp account.' })
  timeZone!: string;
}

@InputType({ description: 'Of Meta’s Cloud API.' })
export class WhatsAppCloudCredentialsInput {
  @Field(() => String, { description: 'A token of a system user that may manage the account and its messages.' })
  accessToken!: string;

  @Field(() => String, { description: 'Of the app: it signs webhooks with it.' })
  appSecret!: string;

  @Field(() => String, { description: 'Of your choice; the same is entered at the app.' })
  verifyToken!: string;
}

@InputType()
export class ConnectWhatsAppCloudChannelInput extends ConnectWhatsAppInput {
  @Field(() => String, { description: 'Id of the app at Meta: digits.' })
  appId!: string;

  @Field(() => WhatsAppCloudCredentialsInput)
  credentials!: WhatsAppCloudCredentialsInput;
}

@InputType({ description: 'A header that 360dialog sends along with every webhook.' })
export class SecretHeaderInput {
  @Field(() => String, { description: 'Such as X-Fenster; letters, digits and hyphens.' })
  name!: string;

  @Field(() => String, { description: 'At least 16 characters that nobody can guess.' })
  value!: string;
}

@InputType({ description: 'Of 360dialog. Webhooks need one of platformSecret and secretHeader.' })
export class Dialog360CredentialsInput {
  @Field(() => String, { description: 'The D360-API-KEY of the number.' })
  apiKey!: string;

  @Field(() => String, { nullable: true, description: 'Of partners: it signs their webhooks.' })
  platformSecret?: string | null;

  @Field(() => SecretHeaderInput, { nullable: true, description: 'Of all others.' })
  secretHeader?: SecretHeaderInput | null;
}

@InputType()
export class ConnectDialog360ChannelInput extends ConnectWhatsAppInput {
  @Field(() => Dialog360CredentialsInput)
  credentials!: Dialog360CredentialsInput;
}

@InputType({ description: 'Of Twilio.' })
export class TwilioCredentialsInput {
  @Field(() => String, { description: 'Of the account: it signs webhooks, too.' })
  authToken!: string;
}

@InputType()
export class ConnectTwilioSmsChannelInput extends ConnectInput {
  @Field(() => String, { description: PHONE_NUMBER })
  phoneNumber!: string;

  @Field(() => String, { description: 'AC and 32 hexadecimal digits.' })
  accountSid!: string;

  @Field(() => TwilioCredentialsInput)
  credentials!: TwilioCredentialsInput;
}

@InputType({ description: 'Of Threema Gateway.' })
export class ThreemaCredentialsInput {
  @Field(() => String, { description: 'Of the id: it signs callbacks, too.' })
  apiSecret!: string;

  @Field(() => String, {
    description:
      '64 hexadecimal digits, after `private:` or without: the half of the key pair that Threema never gets.',
  })
  privateKey!: string;
}

@InputType()
export class ConnectThreemaChannelInput extends ConnectInput {
  @Field(() => String, {
    description: 'A star and seven characters, such as *RADHAUS; made for end-to-end encryption.',
  })
  gatewayId!: string;

  @Field(() => ThreemaCredentialsInput)
  credentials!: ThreemaCredentialsInput;
}

@InputType({ description: 'All credentials of one kind: the kind of the channel.' })
export class UpdateChannelCredentialsInput {
  @Field(() => ID)
  channelId!: string;

  @Field(() => WhatsAppCloudCredentialsInput, { nullable: true })
  whatsAppCloud?: WhatsAppCloudCredentialsInput | null;

  @Field(() => Dialog360CredentialsInput, { nullable: true })
  dialog360?: Dialog360CredentialsInput | null;

  @Field(() => TwilioCredentialsInput, { nullable: true })
  twilioSms?: TwilioCredentialsInput | null;

  @Field(() => ThreemaCredentialsInput, { nullable: true })
  threema?: ThreemaCredentialsInput | null;
}

@ObjectType({
  implements: UserError,
  description:
    'CHANNEL_EXISTS: it is connected already. NUMBER_TAKEN, APP_TAKEN: another workspace uses this number, or this app.',
})
export class ChannelTaken extends UserError {
  @Field(() => String, { nullable: true, description: 'The input field that names it.' })
  field!: string | null;
}
registerUserError(ChannelTaken, 'CHANNEL_EXISTS', 'NUMBER_TAKEN', 'APP_TAKEN');

@ObjectType({ description: 'What has to be done at the provider, so that messages and statuses come in.' })
export class ChannelSetUp {
  @Field(() => String, { description: 'Where the provider has to post webhooks, character for character.' })
  webhookUrl!: string;

  @Field(() => [String], { description: 'For people, one after the other.' })
  steps!: string[];
}

const MediaKindEnum = enumOf(mediaKind.options, { name: 'MediaKind' });
const DeliveryStatusEnum = enumOf(
  deliveryStatus.options.map((status) => status.toUpperCase()) as Uppercase<DeliveryStatus>[],
  { name: 'ReportedStatus' },
);

@ObjectType({ description: 'The largest file of a kind.' })
export class MediaLimit {
  @Field(() => MediaKindEnum)
  kind!: MediaKind;

  @Field(() => Int)
  maxBytes!: number;
}

@ObjectType({ description: 'What can be done over a channel, whatever may be done.' })
export class ChannelCapabilitiesType {
  @Field(() => Boolean, { description: 'Only templates may be sent, unless the customer wrote in the last 24 hours.' })
  serviceWindow!: boolean;

  @Field(() => Boolean)
  templates!: boolean;

  @Field(() => [String], { description: 'The fields of MessageContentInput that may be given.' })
  contentKinds!: readonly string[];

  @Field(() => [MediaLimit])
  mediaLimits!: MediaLimit[];

  @Field(() => Int)
  maxTextCharacters!: number;

  @Field(() => Int, { nullable: true, description: 'In UTF-8, where that is limited.' })
  maxTextBytes!: number | null;

  @Field(() => Boolean, { description: 'A message can say which one it answers.' })
  quotes!: boolean;

  @Field(() => Boolean)
  reactions!: boolean;

  @Field(() => Boolean, { description: 'Customers can be shown that they were read.' })
  readReceipts!: boolean;

  @Field(() => Boolean, { description: 'Customers can be shown that somebody types.' })
  typing!: boolean;

  @Field(() => [DeliveryStatusEnum], { description: 'What is told of messages that were sent.' })
  statuses!: Uppercase<DeliveryStatus>[];

  @Field(() => Boolean)
  businessProfile!: boolean;

  @Field(() => Boolean, { description: 'Statuses say what each message costs.' })
  pricesMessages!: boolean;
}

const REFUSALS = [InvalidInput, ChannelTaken, ProviderFailure, IdempotencyConflict, Forbidden] as const;
export const ConnectWhatsAppCloudChannelResult = resultUnion(
  'ConnectWhatsAppCloudChannelResult',
  ChannelType,
  REFUSALS,
);
export const ConnectDialog360ChannelResult = resultUnion('ConnectDialog360ChannelResult', ChannelType, REFUSALS);
export const ConnectTwilioSmsChannelResult = resultUnion('ConnectTwilioSmsChannelResult', ChannelType, REFUSALS);
export const ConnectThreemaChannelResult = resultUnion('ConnectThreemaChannelResult', ChannelType, REFUSALS);
export const UpdateChannelCredentialsResult = resultUnion('UpdateChannelCredentialsResult', ChannelType, [
  InvalidInput,
  ProviderFailure,
  NotFound,
]);
