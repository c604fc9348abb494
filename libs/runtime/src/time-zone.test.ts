import { describe, expect, it } from 'vitest';
import { canonicalTimeZone } from './time-zone.js';

describe('a time zone', () => {
  it.each([
    ['Europe/Berlin', 'Europe/Berlin'],
    ['UTC', 'UTC'],
    ['america/new_york', 'America/New_York'],
    ['AET', 'Australia/Sydney'],
    ['BST', 'Asia/Dhaka'],
  ])('may be %s, which others know as %s', (name, canonical) => {
    expect(canonicalTimeZone(name)).toBe(canonical);
  });

  it.each(['', 'Berlin', 'Europe/Nowhere', '+01:00', '-0500', ' UTC'])('is not %j', (name) => {
    expect(canonicalTimeZone(name)).toBeUndefined();
  });
});
