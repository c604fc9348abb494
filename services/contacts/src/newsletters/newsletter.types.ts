import { newsletterState, type NewsletterState } from '@fenster/contracts';
import {
  DateTime,
  enumOf,
  IdempotencyConflict,
  InvalidInput,
  NotFound,
  Forbidden,
  registerUserError,
  NotYoursToDecide,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { ChannelReference, MemberReference } from '../consent/consent.types.js';
import { ContactType } from '../contacts/contact.types.js';
import { ContactEvent } from '../events/contact-event.types.js';
import { RECIPIENT_STATES, type RecipientState } from './report.rule.js';
import { TIME_ZONE_ATTRIBUTE } from './recipient-time.rule.js';

const StateEnum = enumOf(newsletterState.options, {
  name: 'NewsletterState',
  description:
    'PREPARING: whom it goes to is being written down. RUNNING: it is being sent, or waits for the local times of its recipients. COMPLETED: everybody’s message has left, or never will; what becomes of them is still counted.',
});
const HeaderMediaKindEnum = enumOf(['IMAGE', 'VIDEO', 'DOCUMENT'] as const, { name: 'NewsletterMediaKind' });

export const PURPOSE =
  'The key of a purpose of the kind MARKETING; without it, `marketing`. Only who has agreed to `marketing` and to this one gets it.';

@ObjectType({ description: 'How many, for one reason.' })
export class NewsletterReason {
  @Field(() => String, {
    description:
      'For programs. Refused: CONSENT_MISSING, CONSENT_REQUESTED, OPTED_OUT, PLATFORM_STOPPED, NO_ADDRESS, PHONE_NEEDED, ERASED (the person was), VALUE_MISSING (nothing is known for a placeholder), VALUE_UNFIT (what is known does not fit the template), or DUPLICATE (two contacts turned out to be one person). Failed: a FailureReason, in small letters.',
  })
  reason!: string;

  @Field(() => Int)
  count!: number;
}

const TEMPLATE_REASON =
  'For programs: TEMPLATE_NOT_USABLE, TEMPLATE_NOT_MARKETING, OPT_OUT_HINT_MISSING (it does not tell how to end marketing) or INVALID_INPUT.';

@ObjectType({ description: 'Why nobody would get a newsletter with a template, as far as that is known beforehand.' })
export class NewsletterTemplateProblem {
  @Field(() => String, { description: TEMPLATE_REASON })
  reason!: string;

  @Field(() => String, { description: 'For people: what is wrong, and what to do.' })
  message!: string;
}

@Directive('@key(fields: "id")')
@ObjectType({ description: 'Who would get a newsletter if it began now.' })
export class NewsletterPreview {
  @Field(() => ID, { description: 'Of what was asked for.' })
  id!: string;

  @Field(() => ChannelReference)
  channel!: ChannelReference;

  @Field(() => Int, { description: 'Contacts in the segment.' })
  contacts!: number;

  @Field(() => Int, { description: 'With a consent to the purpose that the address on this channel has confirmed.' })
  reachable!: number;

  @Field(() => [NewsletterReason])
  refused!: NewsletterReason[];

  @Field(() => [NewsletterMissingValue], {
    description: 'Of the placeholders that were asked about: whom `reachable` counts, and who would get nothing.',
  })
  missingValues!: NewsletterMissingValue[];

  @Field(() => NewsletterTemplateProblem, {
    nullable: true,
    description: 'Of the `template` that was asked about: why nobody would get it. Null also if none was given.',
  })
  templateProblem!: NewsletterTemplateProblem | null;

  @Directive('@inaccessible')
  @Field(() => String, { description: 'What billing needs to quote it.' })
  quoteFacts!: string;
}

@ObjectType({
  description:
    'Counts of recipients. Whoever has read a message was sent it, too: each count has those of the later ones.',
})
export class NewsletterReport {
  @Field(() => Int, { description: 'Everybody who was in the segment when it began.' })
  recipients!: number;

  @Field(() => Int, { description: 'Whose time has not come, or the channel’s pace has not reached them.' })
  waiting!: number;

  @Field(() => Int, { description: 'Passed the send gate.' })
  queued!: number;

  @Field(() => Int)
  sent!: number;

  @Field(() => Int)
  delivered!: number;

  @Field(() => Int)
  read!: number;

  @Field(() => Int, { description: 'Wrote within three days, before another newsletter.' })
  replied!: number;

  @Field(() => Int, { description: 'Ended marketing within seven days, in whatever way, before another newsletter.' })
  optedOut!: number;

  @Field(() => Int, { description: 'Of which nobody can say whether they were sent.' })
  unconfirmed!: number;

  @Field(() => Int)
  failed!: number;

  @Field(() => [NewsletterReason])
  failures!: NewsletterReason[];

  @Field(() => Int, { description: 'Nothing was sent to these, for good.' })
  refused!: number;

  @Field(() => [NewsletterReason])
  refusals!: NewsletterReason[];
}

@Directive('@key(fields: "id")')
@ObjectType('Newsletter', {
  description:
    'A template for everybody in a segment who has agreed to marketing. Each gets it once, whatever happens.',
})
export class NewsletterType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => ChannelReference)
  channel?: ChannelReference;

  @Field(() => ID, { description: 'It may be gone by now.' })
  segmentId!: string;

  @Field(() => ID)
  templateId?: string;

  @Field(() => String, { description: 'The key of the purpose that people have agreed to, besides `marketing`.' })
  purpose!: string;

  @Field(() => StateEnum)
  state!: NewsletterState;

  @Field(() => DateTime, { nullable: true, description: 'When it begins, or has begun; null for a DRAFT.' })
  startsAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'At which everybody gets it, where they live.' })
  localTime!: string | null;

  @Field(() => String, { nullable: true, description: 'Of those of whom nobody knows where they live.' })
  timeZone!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Of a PAUSED one, if nobody paused it: why the send gate holds all of it back, for programs. TEMPLATE_NOT_USABLE, TEMPLATE_NOT_MARKETING, OPT_OUT_HINT_MISSING, CHANNEL_DOWN, INVALID_INPUT and others; BUDGET_HELD, which waits for `approveNewsletter`; or INTERNAL, where something went wrong. Mend it, then resume.',
  })
  pausedBecause!: string | null;

  @Field(() => String, { nullable: true, description: 'The same, for people.' })
  pausedMessage!: string | null;

  @Field(() => MemberReference, { nullable: true, description: 'Null if a program made it.' })
  createdBy?: MemberReference | null;

  @Field(() => MemberReference, { nullable: true })
  approvedBy?: MemberReference | null;

  @Field(() => DateTime, { nullable: true, description: 'When somebody let it leave although a budget holds it.' })
  approvedAt!: Date | null;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true })
  startedAt!: Date | null;

  @Field(() => DateTime, { nullable: true })
  endedAt!: Date | null;

  @Field(() => NewsletterReport)
  report?: NewsletterReport;
}

@ObjectType({ description: 'A page of newsletters, the newest first.' })
export class NewsletterPage {
  @Field(() => [NewsletterType])
  nodes!: NewsletterType[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}

export const RecipientStateEnum = enumOf(RECIPIENT_STATES, {
  name: 'NewsletterRecipientState',
  description:
    'WAITING: the time has not come, or the channel’s pace has not reached them. QUEUED: passed the send gate. UNCONFIRMED: nobody can say whether it was sent. REFUSED: nothing was sent, for good.',
});

@ObjectType({ description: 'Somebody who was in the segment when a newsletter began.' })
export class NewsletterRecipient {
  @Field(() => ID)
  id!: string;

  @Field(() => ContactType, { nullable: true, description: 'Null once the person is erased.' })
  contact?: ContactType | null;

  @Field(() => RecipientStateEnum)
  state!: RecipientState;

  @Field(() => String, { nullable: true, description: 'Why it was refused, or failed: see NewsletterReason.' })
  reason!: string | null;

  @Field(() => DateTime, { description: 'When it is or was to be sent.' })
  dueAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'When it passed the send gate.' })
  queuedAt!: Date | null;

  @Field(() => DateTime, { nullable: true })
  repliedAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When they ended marketing.' })
  optedOutAt!: Date | null;

  contactId?: string | null;
}

@ObjectType({ description: 'A page of recipients.' })
export class NewsletterRecipientPage {
  @Field(() => [NewsletterRecipient])
  nodes!: NewsletterRecipient[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}

@InputType({
  description:
    'What each recipient gets of their own, as it is known when their message is sent. Line breaks, tabs and further spaces become one space.',
})
export class NewsletterPlaceholderInput {
  @Field(() => String, {
    nullable: true,
    description: 'The key of an attribute that is not SENSITIVE. Without it, the name of the contact.',
  })
  attribute?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'For those of whom nothing is known, or too much: more than 200 characters. Without it they are refused: VALUE_MISSING.',
  })
  fallback?: string | null;
}

@ObjectType({ description: 'How many of those who are reachable have no value for a placeholder without fallback.' })
export class NewsletterMissingValue {
  @Field(() => String, { nullable: true, description: 'The key of the attribute; null for the name.' })
  attribute!: string | null;

  @Field(() => Int)
  count!: number;
}

@InputType({ description: 'Either `text`, the same for everybody, or a placeholder.' })
export class NewsletterParameterInput {
  @Field(() => String, { nullable: true, description: 'Of the variable, where those of the template have names.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'No line breaks, no tabs, at most 4 spaces in a row.' })
  text?: string | null;

  @Field(() => NewsletterPlaceholderInput, { nullable: true })
  placeholder?: NewsletterPlaceholderInput | null;
}

@InputType({ description: 'A file that you uploaded for the channel.' })
export class NewsletterMediaInput {
  @Field(() => ID)
  mediaId!: string;

  @Field(() => HeaderMediaKindEnum)
  kind!: keyof typeof HeaderMediaKindEnum;
}

@InputType({ description: 'Either `value`, the same for everybody, or a placeholder.' })
export class NewsletterButtonInput {
  @Field(() => Int, { description: 'Its place among the buttons of the template, from 0.' })
  index!: number;

  @Field(() => String, {
    nullable: true,
    description: 'The end of an address, as it stands there; a code, or what else the button takes.',
  })
  value?: string | null;

  @Field(() => NewsletterPlaceholderInput, {
    nullable: true,
    description:
      'What each recipient gets of their own. At the end of an address it is one part of it, percent-encoded: `Köln & Co` becomes `K%C3%B6ln%20%26%20Co`. A code has at most 15 characters: who has a longer one is refused, VALUE_UNFIT.',
  })
  placeholder?: NewsletterPlaceholderInput | null;
}

@InputType({ description: 'A template of the category MARKETING, and what is put into it.' })
export class NewsletterTemplateInput {
  @Field(() => ID)
  templateId!: string;

  @Field(() => [NewsletterParameterInput], { nullable: true, description: 'Of a header with words.' })
  header?: NewsletterParameterInput[] | null;

  @Field(() => NewsletterMediaInput, { nullable: true, description: 'Of a header with a file.' })
  headerMedia?: NewsletterMediaInput | null;

  @Field(() => [NewsletterParameterInput], {
    nullable: true,
    description: 'In the order of the variables, or by their names.',
  })
  body?: NewsletterParameterInput[] | null;

  @Field(() => [NewsletterButtonInput], { nullable: true })
  buttons?: NewsletterButtonInput[] | null;
}

@InputType()
export class CreateNewsletterInput {
  @Field(() => String, { description: 'For colleagues; 1 to 100 characters.' })
  name!: string;

  @Field(() => ID)
  channelId!: string;

  @Field(() => ID, { description: 'Whoever is in it when the newsletter begins gets it.' })
  segmentId!: string;

  @Field(() => NewsletterTemplateInput)
  template!: NewsletterTemplateInput;

  @Field(() => String, { nullable: true, description: PURPOSE })
  purpose?: string | null;

  @Field(() => String, { description: 'Of your choice, 1 to 200 characters: the same key makes one newsletter.' })
  idempotencyKey!: string;
}

@InputType({ description: 'What is left out stays as it is.' })
export class UpdateNewsletterInput {
  @Field(() => ID)
  newsletterId!: string;

  @Field(() => String, { nullable: true, description: 'For colleagues; 1 to 100 characters.' })
  name?: string | null;

  @Field(() => ID, { nullable: true })
  segmentId?: string | null;

  @Field(() => NewsletterTemplateInput, { nullable: true, description: 'Instead of all that was said before.' })
  template?: NewsletterTemplateInput | null;

  @Field(() => String, { nullable: true, description: PURPOSE })
  purpose?: string | null;
}

@InputType({ description: 'Without `at` and `localTime`: now.' })
export class ScheduleNewsletterInput {
  @Field(() => ID)
  newsletterId!: string;

  @Field(() => DateTime, { nullable: true, description: 'Everybody gets it from then on; within a year.' })
  at?: Date | null;

  @Field(() => String, {
    nullable: true,
    description: `Everybody gets it at that time where they live: a day and a time, such as 2026-11-24T10:00; within a year. Where somebody lives tells the attribute \`${TIME_ZONE_ATTRIBUTE}\` of the contact, else the country of the number (of several zones the one where most live), else that of the address, else \`timeZone\`. Where that time is past already when it begins, they get it a day later. It begins, and its recipients are written down, when the time has come for the first people on earth: 14 hours before it has in UTC.`,
  })
  localTime?: string | null;

  @Field(() => String, { nullable: true, description: 'An IANA name; must be given with `localTime`.' })
  timeZone?: string | null;
}

@ObjectType({ implements: UserError, description: 'A newsletter in this state cannot be changed so.' })
export class NewsletterStateRefused extends UserError {
  @Field(() => StateEnum)
  state!: NewsletterState;
}

registerUserError(NewsletterStateRefused, 'NEWSLETTER_STATE');

@ObjectType({
  implements: UserError,
  description:
    'Nobody could get it: the template cannot be sent, is not marketing, does not tell how to end marketing, or takes other parameters.',
})
export class NewsletterTemplateRefused extends UserError {
  @Field(() => String, { description: TEMPLATE_REASON })
  reason!: string;
}

registerUserError(NewsletterTemplateRefused, 'NEWSLETTER_TEMPLATE');

export const CreateNewsletterResult = resultUnion('CreateNewsletterResult', NewsletterType, [
  InvalidInput,
  NotFound,
  IdempotencyConflict,
]);
export const UpdateNewsletterResult = resultUnion('UpdateNewsletterResult', NewsletterType, [
  InvalidInput,
  NotFound,
  NewsletterStateRefused,
]);

@ObjectType()
export class NewsletterDeleted {
  @Field(() => ID)
  id!: string;
}

export const DeleteNewsletterResult = resultUnion('DeleteNewsletterResult', NewsletterDeleted, [
  NotFound,
  NewsletterStateRefused,
]);
export const ScheduleNewsletterResult = resultUnion('ScheduleNewsletterResult', NewsletterType, [
  InvalidInput,
  NotFound,
  NewsletterStateRefused,
  NewsletterTemplateRefused,
]);
export const ApproveNewsletterResult = resultUnion('ApproveNewsletterResult', NewsletterType, [
  NotFound,
  Forbidden,
  NotYoursToDecide,
  NewsletterStateRefused,
]);
export const ChangeNewsletterResult = resultUnion('ChangeNewsletterResult', NewsletterType, [
  NotFound,
  NewsletterStateRefused,
  NewsletterTemplateRefused,
]);

@ObjectType({
  implements: ContactEvent,
  description:
    'A newsletter was made, has another state or has got further: at most once a second. Told to those who may see newsletters.',
})
export class NewsletterProgressed extends ContactEvent {
  @Field(() => NewsletterType, { nullable: true, description: 'As it is now; null once it is deleted.' })
  newsletter?: NewsletterType | null;

  @Field(() => ID)
  newsletterId!: string;
}
