import { InvalidInput, NotFound, resultUnion } from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { MAX_AWAY_EVERY_HOURS } from '../auto-replies/auto-reply.rule.js';
import { MAX_TARGET_MINUTES } from '../service-levels/service-level.rule.js';
import { MAX_SURVEY_EXPIRES_AFTER_HOURS } from '../surveys/survey.rule.js';
import { MAX_CLOSING_NOTICE_MINUTES } from '../threads/service-window.js';
import { MAX_REOPEN_WITHIN_HOURS } from '../reopening/reopening.rule.js';

@ObjectType('ChannelSettings', { description: 'How the inbox treats the conversations of one channel.' })
export class ChannelSettingsType {
  @Field(() => ID)
  channelId!: string;

  @Field(() => Int, {
    description:
      'A customer message that comes within so many hours after the last conversation was resolved reopens it; later ones open a new one. 24 unless set; 0 for always a new one.',
  })
  reopenWithinHours!: number;

  @Field(() => Int, {
    description:
      'So many minutes before its end, a service window is told to close: ServiceWindowClosing. 60 unless set.',
  })
  closingNoticeMinutes!: number;

  @Field(() => Boolean, {
    description:
      'Customers see that somebody types a reply. WhatsApp marks what they wrote as read with it. False unless set.',
  })
  showsTyping!: boolean;
  @Field(() => String, {
    nullable: true,
    description:
      'What Fenster answers to the first message of a new conversation. Outside business hours the away message takes its place.',
  })
  greetingText?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'What Fenster answers to customers who write outside business hours.',
  })
  awayText?: string | null;

  @Field(() => Int, { description: 'At most one away message in so many hours per conversation. 12 unless set.' })
  awayEveryHours!: number;

  @Field(() => Int, {
    nullable: true,
    description: 'Within how many minutes of business time customers are to get the first answer of a conversation.',
  })
  firstResponseMinutes?: number | null;

  @Field(() => Int, { nullable: true, description: 'The same for each later answer.' })
  nextResponseMinutes?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Within how many minutes of business time a conversation is to be resolved.',
  })
  resolutionMinutes?: number | null;

  @Field(() => String, {
    nullable: true,
    description:
      'What asks customers for a number from 1 to 5 when their conversation was resolved, as long as the service window is open. Once for each conversation that somebody answered; the answer does not reopen it.',
  })
  surveyText?: string | null;

  @Field(() => Int, { description: 'So long after it was asked, a number is no answer any more. 24 unless set.' })
  surveyExpiresAfterHours!: number;

  @Field(() => String, {
    nullable: true,
    description:
      'Where the privacy notice is: customers are told at their first message, once for each number and version, with the greeting or the away message where there is one. Null: they are not.',
  })
  privacyNoticeUrl?: string | null;

  @Field(() => String, { nullable: true, description: 'Of that notice.' })
  privacyNoticeVersion?: string | null;

  @Field(() => Boolean, {
    description: 'Whether the customer is told when an agent has seen a message: markRead. No unless set.',
  })
  sendsReadReceipts!: boolean;
}

const TARGET = `At most ${MAX_TARGET_MINUTES}; 0 for no target.`;

@InputType({ description: 'What is left out stays as it is.' })
export class UpdateChannelSettingsInput {
  @Field(() => ID)
  channelId!: string;

  @Field(() => Int, { nullable: true, description: `From 0 to ${MAX_REOPEN_WITHIN_HOURS}.` })
  reopenWithinHours?: number | null;

  @Field(() => Int, { nullable: true, description: `From 1 to ${MAX_CLOSING_NOTICE_MINUTES}.` })
  closingNoticeMinutes?: number | null;

  @Field(() => Boolean, { nullable: true })
  showsTyping?: boolean | null;
  @Field(() => String, { nullable: true, description: 'At most 4096 characters; empty for no greeting.' })
  greetingText?: string | null;

  @Field(() => String, { nullable: true, description: 'At most 4096 characters; empty for no away message.' })
  awayText?: string | null;

  @Field(() => Int, { nullable: true, description: `From 1 to ${MAX_AWAY_EVERY_HOURS}.` })
  awayEveryHours?: number | null;

  @Field(() => Int, { nullable: true, description: TARGET })
  firstResponseMinutes?: number | null;

  @Field(() => Int, { nullable: true, description: TARGET })
  nextResponseMinutes?: number | null;

  @Field(() => Int, { nullable: true, description: TARGET })
  resolutionMinutes?: number | null;

  @Field(() => String, { nullable: true, description: 'At most 4096 characters; empty for no survey.' })
  surveyText?: string | null;

  @Field(() => Int, { nullable: true, description: `From 1 to ${MAX_SURVEY_EXPIRES_AFTER_HOURS}.` })
  surveyExpiresAfterHours?: number | null;

  @Field(() => Boolean, { nullable: true })
  sendsReadReceipts?: boolean | null;

  @Field(() => String, {
    nullable: true,
    description: 'https, at most 2000 characters, with `privacyNoticeVersion`; empty for none.',
  })
  privacyNoticeUrl?: string | null;

  @Field(() => String, { nullable: true, description: '1 to 100 characters, with `privacyNoticeUrl`.' })
  privacyNoticeVersion?: string | null;
}

export const UpdateChannelSettingsResult = resultUnion('UpdateChannelSettingsResult', ChannelSettingsType, [
  InvalidInput,
  NotFound,
]);
