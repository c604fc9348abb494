import { describe, expect, it } from 'vitest';
import { recipientCountry } from './recipient-country.js';

describe('recipientCountry', () => {
  it.each([
    ['4915112345678', 'DE'],
    ['436601234567', 'AT'],
    ['352621123456', 'LU'],
    // Shared calling codes count as their main country, as Meta's markets do …
    ['447911123456', 'GB'],
    ['390669812345', 'IT'],
    // … except where they are split between markets.
    ['12125550123', 'US'],
    ['14165550123', 'CA'],
    ['18095551234', 'DO'],
    ['18765551234', 'JM'],
    ['17875551234', 'PR'],
    ['79161234567', 'RU'],
    ['77011234567', 'KZ'],
  ])('knows +%s as %s', (digits, country) => {
    expect(recipientCountry(digits, undefined)).toBe(country);
  });

  it('takes the prefix of the BSUID where the phone says nothing', () => {
    expect(recipientCountry(undefined, 'CH.5550001')).toBe('CH');
    expect(recipientCountry('999123456', 'CH.ENT.5550001')).toBe('CH');
    expect(recipientCountry('4915112345678', 'CH.5550001')).toBe('DE');
  });

  it('does not guess', () => {
    expect(recipientCountry(undefined, undefined)).toBeUndefined();
    expect(recipientCountry('883510000000', undefined)).toBeUndefined();
    expect(recipientCountry(undefined, 'user.0123456789abcdef')).toBeUndefined();
  });
});
