import { DateTime, InvalidInput, NotFound, resultUnion } from '@fenster/graphql';
import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { MAX_EXCEPTIONS, MAX_INTERVALS } from './check-business-hours.js';

const DAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'] as const;
const WeekdayEnum = Object.fromEntries(DAYS.map((day, index) => [day, index + 1]));
registerEnumType(WeekdayEnum, { name: 'Weekday' });

const FROM = '`HH:MM`, from 00:00 to 23:59, in the time zone.';
const TO = '`HH:MM`, or 24:00. At or before `from` it is on the next day.';

@ObjectType()
export class OpenIntervalType {
  @Field(() => String, { description: FROM })
  from!: string;

  @Field(() => String, { description: TO })
  to!: string;
}

@ObjectType()
export class WeeklyIntervalType extends OpenIntervalType {
  @Field(() => WeekdayEnum, { description: 'On which it begins.' })
  weekday!: number;
}

@ObjectType({ description: 'A day with other hours. What began on the evening before still ends when it does.' })
export class ExceptionalDayType {
  @Field(() => String, { description: '`YYYY-MM-DD` in the time zone.' })
  date!: string;

  @Field(() => [OpenIntervalType], { description: 'None for closed all day.' })
  intervals!: readonly OpenIntervalType[];

  @Field(() => String, { nullable: true })
  name?: string | null;
}

@ObjectType('BusinessHours', { description: 'When the people behind a channel work, by the clock on their wall.' })
export class BusinessHoursType {
  @Field(() => ID)
  channelId!: string;

  @Field(() => String, { description: 'IANA name: Europe/Berlin.' })
  timeZone!: string;

  @Field(() => [WeeklyIntervalType], { description: 'Several on a day are possible; what they share counts once.' })
  weekly!: readonly WeeklyIntervalType[];

  @Field(() => [ExceptionalDayType])
  exceptions!: readonly ExceptionalDayType[];
}

@ObjectType()
export class BusinessHoursState {
  @Field(() => Boolean)
  isOpen!: boolean;

  @Field(() => DateTime, {
    nullable: true,
    description: 'Now if it is open; null if it does not open within 400 days.',
  })
  nextOpeningAt!: Date | null;
}

@InputType()
export class OpenIntervalInput {
  @Field(() => String, { description: FROM })
  from!: string;

  @Field(() => String, { description: TO })
  to!: string;
}

@InputType()
export class WeeklyIntervalInput extends OpenIntervalInput {
  @Field(() => WeekdayEnum)
  weekday!: number;
}

@InputType()
export class ExceptionalDayInput {
  @Field(() => String, { description: '`YYYY-MM-DD`, each at most once.' })
  date!: string;

  @Field(() => [OpenIntervalInput], { description: `None for closed all day; at most ${MAX_INTERVALS}.` })
  intervals!: OpenIntervalInput[];

  @Field(() => String, { nullable: true, description: 'At most 100 characters.' })
  name?: string | null;
}

@InputType()
export class SetBusinessHoursInput {
  @Field(() => ID)
  channelId!: string;

  @Field(() => String, { description: 'IANA name: Europe/Berlin.' })
  timeZone!: string;

  @Field(() => [WeeklyIntervalInput], { description: `At most ${MAX_INTERVALS}.` })
  weekly!: WeeklyIntervalInput[];

  @Field(() => [ExceptionalDayInput], { description: `At most ${MAX_EXCEPTIONS}.` })
  exceptions!: ExceptionalDayInput[];
}

export const SetBusinessHoursResult = resultUnion('SetBusinessHoursResult', BusinessHoursType, [
  InvalidInput,
  NotFound,
]);
