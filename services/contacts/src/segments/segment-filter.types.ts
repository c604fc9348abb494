import type { ConsentState } from '@fenster/contracts';
import { DateTime } from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { ConsentStateEnum } from '../consent/consent.types.js';
import { MAX_CONDITIONS, MAX_DAYS, MAX_DEPTH, MAX_VALUES, MAX_WINDOW_MINUTES } from './segment-filter.rule.js';

const ANY = { nullable: true };
const VALUES = `1 to ${MAX_VALUES}, any of which will do.`;
const CHANNELS = `On one of these channels, at most ${MAX_VALUES}; on any, if left out.`;
const DAYS = `In days of 24 hours: 1 to ${MAX_DAYS}.`;
const LIMIT = 'Of a NUMBER or a DATE.';
const ATTRIBUTE = 'What one of the workspace’s attributes is. Who has no value meets nothing but `isSet: false`.';
const TIME = 'All that is said must hold.';
const ACTIVITY =
  'About the last message of the contact, or to the contact. Who never wrote meets nothing but `never`. Needs the permission conversation:read_all.';
const CONSENT = 'Of an address that the contact has now: a former number has no consent.';
const WINDOW = 'The customer service window. Needs the permission conversation:read_all.';
const FILTER = `Which contacts. What is left out does not matter; all that is said must hold. At most ${MAX_DEPTH} filters within each other, and ${MAX_CONDITIONS} conditions.`;

@ObjectType('AttributeFilter', { description: ATTRIBUTE })
@InputType('AttributeFilterInput', { description: ATTRIBUTE })
export class AttributeFilterType {
  @Field(() => String)
  key!: string;

  @Field(() => Boolean, { ...ANY, description: 'Whether there is a value.' })
  isSet?: boolean | null;

  @Field(() => [String], { ...ANY, description: `As values are written: ${VALUES}` })
  is?: string[] | null;

  @Field(() => String, { ...ANY, description: 'Of a TEXT; upper and lower case count as the same.' })
  contains?: string | null;

  @Field(() => String, { ...ANY, description: LIMIT })
  moreThan?: string | null;

  @Field(() => String, { ...ANY, description: LIMIT })
  atLeast?: string | null;

  @Field(() => String, { ...ANY, description: LIMIT })
  lessThan?: string | null;

  @Field(() => String, { ...ANY, description: LIMIT })
  atMost?: string | null;
}

@ObjectType('TimeFilter', { description: TIME })
@InputType('TimeFilterInput', { description: TIME })
export class TimeFilterType {
  @Field(() => DateTime, { ...ANY, description: 'Then or later.' })
  from?: Date | null;

  @Field(() => DateTime, { ...ANY, description: 'Before that.' })
  before?: Date | null;

  @Field(() => Int, { ...ANY, description: `At most so long ago. ${DAYS}` })
  withinDays?: number | null;

  @Field(() => Int, { ...ANY, description: `Longer ago. ${DAYS}` })
  beforeDays?: number | null;
}

@ObjectType('ActivityFilter', { description: ACTIVITY })
@InputType('ActivityFilterInput', { description: ACTIVITY })
export class ActivityFilterType extends TimeFilterType {
  @Field(() => Boolean, { ...ANY, description: 'Never yet; true or left out, and no time beside it.' })
  never?: boolean | null;

  @Field(() => [ID], { ...ANY, description: CHANNELS })
  channelIds?: string[] | null;
}

@ObjectType('ConsentFilter', { description: CONSENT })
@InputType('ConsentFilterInput', { description: CONSENT })
export class ConsentFilterType {
  @Field(() => String, { description: 'The key of the purpose.' })
  purpose!: string;

  @Field(() => [ConsentStateEnum], { description: VALUES })
  states!: ConsentState[];

  @Field(() => [ID], { ...ANY, description: CHANNELS })
  channelIds?: string[] | null;
}

@ObjectType('WindowFilter', { description: WINDOW })
@InputType('WindowFilterInput', { description: WINDOW })
export class WindowFilterType {
  @Field(() => Boolean, { description: 'False is also for who never wrote.' })
  isOpen!: boolean;

  @Field(() => Int, { ...ANY, description: `Of an open one: 1 to ${MAX_WINDOW_MINUTES}.` })
  closesWithinMinutes?: number | null;

  @Field(() => [ID], { ...ANY, description: CHANNELS })
  channelIds?: string[] | null;
}

@ObjectType('ContactFilter', { description: FILTER })
@InputType('ContactFilterInput', { description: FILTER })
export class ContactFilterType {
  @Field(() => [ContactFilterType], { ...ANY, description: 'All of these.' })
  and?: ContactFilterType[] | null;

  @Field(() => [ContactFilterType], { ...ANY, description: 'At least one of these.' })
  or?: ContactFilterType[] | null;

  @Field(() => ContactFilterType, { ...ANY, description: 'Who is not meant by this.' })
  not?: ContactFilterType | null;

  @Field(() => [ID], { ...ANY, description: `With at least one of these labels: ${VALUES}` })
  labelIds?: string[] | null;

  @Field(() => AttributeFilterType, ANY)
  attribute?: AttributeFilterType | null;

  @Field(() => [ID], {
    ...ANY,
    description: `Who has come by at least one of these click-to-chat links or QR codes, first or later: ${VALUES}`,
  })
  clickToChatLinkIds?: string[] | null;

  @Field(() => [String], {
    ...ANY,
    description: `Who has come by a click-to-chat link that is of one of these campaigns now, as they are written there: ${VALUES}`,
  })
  campaigns?: string[] | null;

  @Field(() => [String], { ...ANY, description: `BCP 47: de stands for de-AT too. ${VALUES}` })
  languages?: string[] | null;

  @Field(() => [String], {
    ...ANY,
    description: `ISO 3166-1 alpha-2: where a number or WhatsApp user id of theirs is at home. ${VALUES}`,
  })
  countries?: string[] | null;

  @Field(() => TimeFilterType, { ...ANY, description: 'When the person was first seen.' })
  created?: TimeFilterType | null;

  @Field(() => ConsentFilterType, ANY)
  consent?: ConsentFilterType | null;

  @Field(() => WindowFilterType, ANY)
  window?: WindowFilterType | null;

  @Field(() => ActivityFilterType, { ...ANY, description: 'When the contact wrote last.' })
  lastInbound?: ActivityFilterType | null;

  @Field(() => ActivityFilterType, { ...ANY, description: 'When we wrote last.' })
  lastOutbound?: ActivityFilterType | null;
}
