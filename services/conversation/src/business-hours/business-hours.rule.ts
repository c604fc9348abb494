import { Temporal } from 'temporal-polyfill';

/** Wall clock times of one day, `HH:MM`. An end at or before the beginning is on the next day; `24:00` is midnight. */
export interface OpenInterval {
  from: string;
  to: string;
}

export interface WeeklyInterval extends OpenInterval {
  /** 1 is Monday, 7 is Sunday: the day on which it begins. */
  weekday: number;
}

/** A holiday, or a day with other hours: what begins on that day is this and nothing else. */
export interface ExceptionalDay {
  /** `YYYY-MM-DD` in the time zone. */
  date: string;
  /** None for closed all day. */
  intervals: readonly OpenInterval[];
  name?: string | null;
}

/** When somebody works, by the clock on the wall of one place. */
export interface BusinessHours {
  /** IANA. */
  timeZone: string;
  weekly: readonly WeeklyInterval[];
  exceptions: readonly ExceptionalDay[];
}

interface Span {
  start: number;
  end: number;
}

const DAY_MS = 86_400_000;
/** Whoever is closed for longer than this is closed for good. */
const HORIZON_DAYS = 400;

export function isOpen(hours: BusinessHours, at: Date): boolean {
  const [first] = spansFrom(hours, at.getTime());
  return first !== undefined && first.start <= at.getTime();
}

/** When it is open next: `at` itself if it is open then; null if there is no opening within 400 days. */
export function nextOpening(hours: BusinessHours, at: Date): Date | null {
  const [first] = spansFrom(hours, at.getTime());
  return first ? new Date(Math.max(first.start, at.getTime())) : null;
}

/** Milliseconds of business time between two moments; 0 if the second is not after the first. */
export function businessTimeBetween(hours: BusinessHours, from: Date, to: Date): number {
  const until = to.getTime();
  let sum = 0;
  for (const { start, end } of spansFrom(hours, from.getTime(), until)) {
    if (start >= until) break;
    sum += Math.min(end, until) - Math.max(start, from.getTime());
  }
  return sum;
}

/**
 * When so many milliseconds of business time will have passed; null if there is no end of it, because too little is
 * open within 400 days. With no time to pass, the next moment that is open.
 */
export function addBusinessTime(hours: BusinessHours, at: Date, milliseconds: number): Date | null {
  let left = milliseconds;
  for (const { start, end } of spansFrom(hours, at.getTime())) {
    const begin = Math.max(start, at.getTime());
    if (begin + left <= end) return new Date(begin + left);
    left -= end - begin;
  }
  return null;
}

/** What is open and ends after `from`, in order, without overlaps. Adjacent spans may touch. */
function* spansFrom(hours: BusinessHours, from: number, until = from + HORIZON_DAYS * DAY_MS): Generator<Span, void> {
  // What began on the evening before may still be open.
  let date = localDate(hours, from).subtract({ days: 1 });
  const last = localDate(hours, until);
  let covered = from;
  for (; Temporal.PlainDate.compare(date, last) <= 0; date = date.add({ days: 1 })) {
    for (const span of spansOf(hours, date)) {
      if (span.end <= covered) continue;
      yield { start: covered > from ? Math.max(span.start, covered) : span.start, end: span.end };
      covered = span.end;
    }
  }
}

function localDate({ timeZone }: BusinessHours, at: number): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate();
}

function spansOf(hours: BusinessHours, date: Temporal.PlainDate): Span[] {
  const name = date.toString();
  const exception = hours.exceptions.find((each) => each.date === name);
  const intervals = exception?.intervals ?? hours.weekly.filter(({ weekday }) => weekday === date.dayOfWeek);
  return intervals
    .map(({ from, to }): Span => {
      const isOvernight = to !== '24:00' && to <= from;
      return {
        start: instantOf(hours, date, from),
        end: instantOf(hours, isOvernight ? date.add({ days: 1 }) : date, to),
      };
    })
    .filter(({ start, end }) => start < end)
    .toSorted((one, other) => one.start - other.start);
}

/** Of a wall clock time that a day has twice, the first; of one that it does not have, as much later (RFC 5545). */
function instantOf({ timeZone }: BusinessHours, date: Temporal.PlainDate, time: string): number {
  const [day, plainTime] = time === '24:00' ? [date.add({ days: 1 }), '00:00'] : [date, time];
  return day.toZonedDateTime({ timeZone, plainTime }).epochMilliseconds;
}
