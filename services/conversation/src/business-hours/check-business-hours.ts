import { checkText, invalidInput, isTimeZone } from '@fenster/runtime';
import { Temporal } from 'temporal-polyfill';
import type { BusinessHours, OpenInterval } from './business-hours.rule.js';

export const MAX_INTERVALS = 50;
export const MAX_EXCEPTIONS = 400;
const MAX_NAME_LENGTH = 100;
const FROM = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
const TO = /^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/;

/** @throws DomainError INVALID_INPUT */
export function checkBusinessHours({ timeZone, weekly, exceptions }: BusinessHours): BusinessHours {
  if (!isTimeZone(timeZone)) throw invalidInput('timeZone', 'must be an IANA time zone such as Europe/Berlin.');
  if (weekly.length > MAX_INTERVALS) throw invalidInput('weekly', `must have at most ${MAX_INTERVALS} elements.`);
  for (const interval of weekly) checkInterval('weekly', interval);
  if (exceptions.length > MAX_EXCEPTIONS) {
    throw invalidInput('exceptions', `must have at most ${MAX_EXCEPTIONS} elements.`);
  }
  if (new Set(exceptions.map(({ date }) => date)).size < exceptions.length) {
    throw invalidInput('exceptions', 'must name each date once.');
  }
  return {
    timeZone,
    weekly: weekly.map(({ weekday, from, to }) => ({ weekday, from, to })),
    exceptions: exceptions.map(({ date, intervals, name }) => {
      checkDate(date);
      if (intervals.length > MAX_INTERVALS) {
        throw invalidInput('exceptions', `must have at most ${MAX_INTERVALS} intervals each.`);
      }
      for (const interval of intervals) checkInterval('exceptions', interval);
      return {
        date,
        intervals: intervals.map(({ from, to }) => ({ from, to })),
        name: name == null ? null : checkText(name, 'exceptions', { min: 0, max: MAX_NAME_LENGTH }),
      };
    }),
  };
}

function checkInterval(field: string, { from, to }: OpenInterval): void {
  if (!FROM.test(from)) throw invalidInput(field, 'must have a `from` between 00:00 and 23:59.');
  if (!TO.test(to)) throw invalidInput(field, 'must have a `to` between 00:00 and 24:00.');
}

function checkDate(date: string): void {
  try {
    if (Temporal.PlainDate.from(date).toString() === date) return;
  } catch {
    // Refused below.
  }
  throw invalidInput('exceptions', 'must have dates such as 2026-12-24.');
}
