import { DateTime, enumOf, IdempotencyConflict, InvalidInput, NotFound, resultUnion } from '@fenster/graphql';
import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { ChannelReference } from '../consent/consent.types.js';
import { QR_CODE_FORMATS } from './qr-code.route.js';

export const MAX_LINK_NAME = 100;
export const MAX_CAMPAIGN = 100;
export const MAX_LINK_TEXT = 200;

export const QrCodeFormatEnum = enumOf(QR_CODE_FORMATS, { name: 'QrCodeFormat' });

const NAME = `For colleagues; 1 to ${MAX_LINK_NAME} characters.`;
const CAMPAIGN = `In your words; at most ${MAX_CAMPAIGN} characters`;
const TEXT = `1 to ${MAX_LINK_TEXT} characters: what the customer is to send. They can change it. A code is added, which should stay.`;

@Directive('@key(fields: "id")')
@ObjectType('ClickToChatLink', {
  description:
    'With which customers begin a chat, on a page or as a QR code: a message that is written for them, with a code by which it is known where they came from.',
})
export class ClickToChatLinkType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String, { nullable: true })
  campaign?: string | null;

  @Field(() => ChannelReference, { nullable: true, description: 'Null while channels does not answer.' })
  channel?: ChannelReference | null;

  @Field(() => String, { description: 'BCP 47: the language of the text, and of what is around it.' })
  locale!: string;

  @Field(() => String, { description: 'What the customer is to send, without the code.' })
  text!: string;

  @Field(() => String, { description: 'By which the message is known: eight letters and digits behind a #.' })
  code!: string;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'Since when its code means nothing any more.' })
  archivedAt?: Date | null;

  @Field(() => Int, { description: 'Messages with its code.' })
  messageCount!: number;

  @Field(() => Int, { description: 'Conversations that began with one of them.' })
  conversationCount!: number;

  @Field(() => Int, { description: 'People who have used it, whether or not they were known before.' })
  contactCount!: number;
}

@ObjectType({ description: 'A page of links, the newest first.' })
export class ClickToChatLinkPage {
  @Field(() => [ClickToChatLinkType])
  nodes!: ClickToChatLinkType[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}

@InputType()
export class CreateClickToChatLinkInput {
  @Field(() => ID, { description: 'With which the chat is begun.' })
  channelId!: string;

  @Field(() => String, { description: NAME })
  name!: string;

  @Field(() => String, { nullable: true, description: `${CAMPAIGN}.` })
  campaign?: string | null;

  @Field(() => String, { description: 'BCP 47, such as de or de-AT.' })
  locale!: string;

  @Field(() => String, { description: TEXT })
  text!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'Of the published consent text that stands beside it: whoever sends the message is asked to agree to that purpose, with its newest text in that language, and has agreed to nothing before they say yes.',
  })
  textHash?: string | null;

  @Field(() => String, { description: 'Of your choice, 1 to 200 characters: the same key makes one link.' })
  idempotencyKey!: string;
}

@InputType({
  description: 'What is left out stays as it is. Codes that are printed already go on saying what they said.',
})
export class UpdateClickToChatLinkInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true, description: NAME })
  name?: string | null;

  @Field(() => String, { nullable: true, description: `${CAMPAIGN}; empty for none.` })
  campaign?: string | null;

  @Field(() => String, { nullable: true, description: TEXT })
  text?: string | null;

  @Field(() => String, { nullable: true, description: 'As for a new one; empty for none.' })
  textHash?: string | null;
}

export const CreateClickToChatLinkResult = resultUnion('CreateClickToChatLinkResult', ClickToChatLinkType, [
  InvalidInput,
  NotFound,
  IdempotencyConflict,
]);
export const UpdateClickToChatLinkResult = resultUnion('UpdateClickToChatLinkResult', ClickToChatLinkType, [
  InvalidInput,
  NotFound,
]);
export const ArchiveClickToChatLinkResult = resultUnion('ArchiveClickToChatLinkResult', ClickToChatLinkType, [
  NotFound,
]);
