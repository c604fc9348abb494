import { describe, expect, it } from 'vitest';
import { localDateOf } from './local-date.js';

describe('localDateOf', () => {
  it.each([
    // Summer time: UTC+2 on 2026-10-01.
    ['2026-09-30T21:59:59.999Z', 'Europe/Berlin', '2026-09-30'],
    ['2026-09-30T22:00:00.000Z', 'Europe/Berlin', '2026-10-01'],
    // Winter time: UTC+1.
    ['2026-12-31T22:59:59.999Z', 'Europe/Berlin', '2026-12-31'],
    ['2026-12-31T23:00:00.000Z', 'Europe/Berlin', '2027-01-01'],
    // The day of 25 hours and the day of 23 hours end when the wall clock says so.
    ['2026-10-24T22:00:00.000Z', 'Europe/Berlin', '2026-10-25'],
    ['2026-10-25T22:59:59.999Z', 'Europe/Berlin', '2026-10-25'],
    ['2026-10-25T23:00:00.000Z', 'Europe/Berlin', '2026-10-26'],
    ['2026-03-28T23:00:00.000Z', 'Europe/Berlin', '2026-03-29'],
    ['2026-03-29T21:59:59.999Z', 'Europe/Berlin', '2026-03-29'],
    ['2026-03-29T22:00:00.000Z', 'Europe/Berlin', '2026-03-30'],
    // Midnight does not exist on 2026-09-06 in Santiago: the day begins at 01:00.
    ['2026-09-06T03:59:59.999Z', 'America/Santiago', '2026-09-05'],
    ['2026-09-06T04:00:00.000Z', 'America/Santiago', '2026-09-06'],
    ['2026-10-01T06:59:59.999Z', 'America/Los_Angeles', '2026-09-30'],
    ['2026-10-01T07:00:00.000Z', 'America/Los_Angeles', '2026-10-01'],
    ['2026-09-30T18:29:59.999Z', 'Asia/Kolkata', '2026-09-30'],
    ['2026-09-30T18:30:00.000Z', 'Asia/Kolkata', '2026-10-01'],
    ['2026-09-30T10:00:00.000Z', 'Pacific/Kiritimati', '2026-10-01'],
    ['2026-09-30T23:59:59.999Z', 'UTC', '2026-09-30'],
    ['2026-10-01T00:00:00.000Z', 'UTC', '2026-10-01'],
  ])('%s in %s is %s', (instant, timeZone, date) => {
    expect(localDateOf(new Date(instant), timeZone)).toBe(date);
  });

  it('throws for a time zone that does not exist, and for no time', () => {
    expect(() => localDateOf(new Date(0), 'Europe/Atlantis')).toThrow(RangeError);
    expect(() => localDateOf(new Date(NaN), 'Europe/Berlin')).toThrow(RangeError);
  });
});
