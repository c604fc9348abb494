import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addBusinessTime,
  businessTimeBetween,
  isOpen,
  nextOpening,
  type BusinessHours,
  type ExceptionalDay,
  type OpenInterval,
} from './business-hours.rule.js';

const HOUR = 3_600_000;
const weekdays = (from: string, to: string, days = [1, 2, 3, 4, 5]) => days.map((weekday) => ({ weekday, from, to }));
const everyDay = (from: string, to: string) => weekdays(from, to, [1, 2, 3, 4, 5, 6, 7]);
const hours = (overrides: Partial<BusinessHours> = {}): BusinessHours => ({
  timeZone: 'Europe/Berlin',
  weekly: weekdays('09:00', '17:00'),
  exceptions: [],
  ...overrides,
});
const at = (iso: string) => new Date(iso);

describe('business hours', () => {
  // 2026-11-23 is a Monday; Berlin is one hour ahead of UTC.
  it.each([
    ['2026-11-23T07:59:59.999Z', false],
    ['2026-11-23T08:00:00.000Z', true],
    ['2026-11-23T15:59:59.999Z', true],
    ['2026-11-23T16:00:00.000Z', false],
    ['2026-11-22T10:00:00.000Z', false],
  ])('from nine to five in Berlin: at %s open is %s', (time, expected) => {
    expect(isOpen(hours(), at(time))).toBe(expected);
  });

  it('open again after a break, the night and the weekend', () => {
    const split = hours({ weekly: [...weekdays('09:00', '12:00'), ...weekdays('13:00', '17:00')] });
    expect(nextOpening(split, at('2026-11-23T10:00:00Z'))).toEqual(at('2026-11-23T10:00:00Z'));
    expect(nextOpening(split, at('2026-11-23T11:30:00Z'))).toEqual(at('2026-11-23T12:00:00Z'));
    expect(nextOpening(split, at('2026-11-23T16:00:00Z'))).toEqual(at('2026-11-24T08:00:00Z'));
    expect(nextOpening(split, at('2026-11-27T16:00:00Z'))).toEqual(at('2026-11-30T08:00:00Z'));
  });

  it('on a holiday are closed, and on a day of its own as that day says', () => {
    const exceptions: ExceptionalDay[] = [
      { date: '2026-12-24', intervals: [{ from: '09:00', to: '12:00' }] },
      { date: '2026-12-25', intervals: [] },
    ];
    const withHolidays = hours({ exceptions });
    expect(isOpen(withHolidays, at('2026-12-24T10:59:00Z'))).toBe(true);
    expect(isOpen(withHolidays, at('2026-12-24T11:00:00Z'))).toBe(false);
    expect(nextOpening(withHolidays, at('2026-12-24T11:00:00Z'))).toEqual(at('2026-12-28T08:00:00Z'));
    expect(addBusinessTime(withHolidays, at('2026-12-24T10:00:00Z'), 2 * HOUR)).toEqual(at('2026-12-28T09:00:00Z'));
  });

  it('over midnight belong to the day on which they begin, also when the next one is a holiday', () => {
    const night = hours({
      weekly: [{ weekday: 5, from: '22:00', to: '02:00' }],
      exceptions: [{ date: '2026-11-28', intervals: [] }],
    });
    expect(isOpen(night, at('2026-11-28T00:30:00Z'))).toBe(true);
    expect(isOpen(night, at('2026-11-28T01:00:00Z'))).toBe(false);
    const holiday = hours({ weekly: night.weekly, exceptions: [{ date: '2026-11-27', intervals: [] }] });
    expect(isOpen(holiday, at('2026-11-28T00:30:00Z'))).toBe(false);
  });

  it('around the clock are always open, from 00:00 to 24:00 as well as to 00:00', () => {
    for (const to of ['24:00', '00:00']) {
      const always = hours({ weekly: everyDay('00:00', to) });
      expect(isOpen(always, at('2026-11-23T23:00:00Z'))).toBe(true);
      expect(businessTimeBetween(always, at('2026-11-01T00:00:00Z'), at('2026-11-11T00:00:00Z'))).toBe(240 * HOUR);
    }
  });

  it('that overlap count once', () => {
    const twice = hours({ weekly: [...everyDay('22:00', '10:00'), ...everyDay('08:00', '12:00')] });
    expect(businessTimeBetween(twice, at('2026-11-23T00:00:00Z'), at('2026-11-24T00:00:00Z'))).toBe(14 * HOUR);
  });

  it('that never come are no opening, and time that never passes has no end', () => {
    const never = hours({ weekly: [] });
    expect(isOpen(never, at('2026-11-23T10:00:00Z'))).toBe(false);
    expect(nextOpening(never, at('2026-11-23T10:00:00Z'))).toBeNull();
    expect(addBusinessTime(never, at('2026-11-23T10:00:00Z'), HOUR)).toBeNull();
    expect(businessTimeBetween(never, at('2026-11-23T10:00:00Z'), at('2026-12-23T10:00:00Z'))).toBe(0);
  });
});

describe('business time', () => {
  it('passes only while it is open', () => {
    // Friday four o'clock and two hours: Monday ten o'clock.
    expect(addBusinessTime(hours(), at('2026-11-27T15:00:00Z'), 2 * HOUR)).toEqual(at('2026-11-30T09:00:00Z'));
    expect(businessTimeBetween(hours(), at('2026-11-27T15:00:00Z'), at('2026-11-30T09:00:00Z'))).toBe(2 * HOUR);
    expect(businessTimeBetween(hours(), at('2026-11-30T09:00:00Z'), at('2026-11-27T15:00:00Z'))).toBe(0);
  });

  it('ends with the day if it fills the day, not with the next morning', () => {
    expect(addBusinessTime(hours(), at('2026-11-23T08:00:00Z'), 8 * HOUR)).toEqual(at('2026-11-23T16:00:00Z'));
  });

  // The nights in which clocks change, in places that do it differently. Open from 22:00 to 06:00.
  it.each([
    ['Europe/Berlin', '2026-03-28', '2026-03-28T21:00:00Z', 7],
    ['Europe/Berlin', '2026-10-24', '2026-10-24T20:00:00Z', 9],
    ['America/New_York', '2026-03-07', '2026-03-08T03:00:00Z', 7],
    ['America/New_York', '2026-10-31', '2026-11-01T02:00:00Z', 9],
    ['Australia/Lord_Howe', '2026-10-03', '2026-10-03T11:30:00Z', 7.5],
    ['Australia/Lord_Howe', '2026-04-04', '2026-04-04T11:00:00Z', 8.5],
  ])('in %s in the night after %s, from %s, is %d hours', (timeZone, date, begin, length) => {
    const night = hours({ timeZone, weekly: [], exceptions: [{ date, intervals: [{ from: '22:00', to: '06:00' }] }] });
    const start = at(begin);
    const end = new Date(start.getTime() + length * HOUR);
    expect(isOpen(night, new Date(start.getTime() - 1))).toBe(false);
    expect(isOpen(night, start)).toBe(true);
    expect(isOpen(night, new Date(end.getTime() - 1))).toBe(true);
    expect(isOpen(night, end)).toBe(false);
    expect(addBusinessTime(night, start, length * HOUR)).toEqual(end);
  });

  it('at a wall clock time that a day does not have begins as much later, and at one that it has twice at the first', () => {
    const spring: OpenInterval[] = [{ from: '02:30', to: '05:00' }];
    const open = (date: string, intervals: OpenInterval[]) =>
      nextOpening(hours({ weekly: [], exceptions: [{ date, intervals }] }), at(`${date}T00:00:00Z`));
    // 02:30 does not exist on the 29th of March: 03:30 summer time.
    expect(open('2026-03-29', spring)).toEqual(at('2026-03-29T01:30:00Z'));
    // 02:30 comes twice on the 25th of October: 00:30 and 01:30 UTC.
    expect(open('2026-10-25', spring)).toEqual(at('2026-10-25T00:30:00Z'));
  });

  it('is the same wall clock time before and after the clocks change', () => {
    expect(nextOpening(hours(), at('2026-03-27T20:00:00Z'))).toEqual(at('2026-03-30T07:00:00Z'));
    expect(nextOpening(hours(), at('2026-10-23T20:00:00Z'))).toEqual(at('2026-10-26T08:00:00Z'));
  });

  const time = fc.integer({ min: 0, max: 95 }).map((quarter) => {
    const [hour, minute] = [Math.floor(quarter / 4), (quarter % 4) * 15];
    return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
  });
  const anyHours = fc.record({
    timeZone: fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC'),
    weekly: fc.array(fc.record({ weekday: fc.integer({ min: 1, max: 7 }), from: time, to: time }), {
      minLength: 1,
      maxLength: 12,
    }),
    exceptions: fc.constant([]),
  });
  const anyTime = fc.date({ min: at('2026-01-01T00:00:00Z'), max: at('2026-12-31T00:00:00Z'), noInvalidDate: true });

  it('that is added is what lies between, and what is open is what passes, whatever hours, zone and moment', () => {
    fc.assert(
      fc.property(anyHours, anyTime, fc.integer({ min: 1, max: 60 * 60_000 }), (any, from, duration) => {
        const until = addBusinessTime(any, from, duration)!;
        expect(businessTimeBetween(any, from, until)).toBe(duration);
        // It was open up to then, and not a moment earlier was enough.
        expect(isOpen(any, new Date(until.getTime() - 1))).toBe(true);
        const opening = nextOpening(any, from)!;
        expect(isOpen(any, opening)).toBe(true);
        expect(businessTimeBetween(any, from, opening)).toBe(0);
        if (opening > from) expect(isOpen(any, new Date(opening.getTime() - 1))).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('adds up over any moment in between', () => {
    fc.assert(
      fc.property(anyHours, fc.tuple(anyTime, anyTime, anyTime), (any, times) => {
        const [a, b, c] = times.toSorted((one, other) => one.getTime() - other.getTime());
        const parts = businessTimeBetween(any, a!, b!) + businessTimeBetween(any, b!, c!);
        expect(businessTimeBetween(any, a!, c!)).toBe(parts);
      }),
      { numRuns: 40 },
    );
  });
});
