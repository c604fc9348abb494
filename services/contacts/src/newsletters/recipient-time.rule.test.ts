import { describe, expect, it } from 'vitest';
import { checkLocalTime, firstInstantOf, timeZoneOf } from './recipient-time.rule.js';

describe('the time zone of a recipient', () => {
  it('is what the contact says, whatever the number', () => {
    expect(timeZoneOf({ timeZone: 'Asia/Tokyo', phone: '+491701234567' })).toBe('Asia/Tokyo');
    expect(timeZoneOf({ timeZone: 'AET', phone: '+491701234567' })).toBe('Australia/Sydney');
  });

  it.each([
    ['+491701234567', 'Europe/Berlin'],
    ['+41791234567', 'Europe/Zurich'],
    ['+34612345678', 'Europe/Madrid'],
    ['+12125550123', 'America/New_York'],
    ['+819012345678', 'Asia/Tokyo'],
  ])('given no more than the number %s, is that of its country: %s', (phone, zone) => {
    expect(timeZoneOf({ timeZone: 'somewhere', phone, country: 'BR' })).toBe(zone);
  });

  it('given a user id alone, is that of its country', () => {
    expect(timeZoneOf({ bsuid: 'AT.123' })).toBe('Europe/Vienna');
  });

  it('given neither, is that of the address, and else not known', () => {
    expect(timeZoneOf({ country: 'PT' })).toBe('Europe/Lisbon');
    expect(timeZoneOf({ country: 'XX' })).toBeUndefined();
    expect(timeZoneOf({})).toBeUndefined();
  });
});

describe('a local time', () => {
  it('is first where the day begins', () => {
    expect(firstInstantOf('2026-11-24T10:00')).toEqual(new Date('2026-11-23T20:00:00Z'));
  });

  it.each(['2026-11-24', '2026-02-30T10:00', '2026-11-24T24:00', '2026-13-01T10:00', '2026-11-24T10:00Z', ''])(
    'is refused when it is none: %j',
    (value) => {
      expect(() => checkLocalTime(value)).toThrow('must be a day');
    },
  );

  it('is taken as it is', () => {
    expect(checkLocalTime('2026-11-24T10:00')).toBe('2026-11-24T10:00');
  });
});
