import { describe, expect, it } from 'vitest';
import { countryOf, maskPhone, parsePhone } from './phone.js';

describe('maskPhone', () => {
  it.each([
    ['+4915112345678', '+49 ••• 78'],
    ['+12125550123', '+1 ••• 23'],
    ['+79161234567', '+7 ••• 67'],
    ['+352621123456', '+352 ••• 56'],
    ['+436601234567', '+43 ••• 67'],
    ['+201001234567', '+20 ••• 67'],
    ['+211912345678', '+211 ••• 78'],
    ['+971501234567', '+971 ••• 67'],
    ['+420601123456', '+420 ••• 56'],
    ['+290123', '+290 ••• 23'],
  ])('shows %s as %s', (phone, masked) => {
    expect(maskPhone(phone)).toBe(masked);
  });
});

describe('parsePhone', () => {
  it.each([
    ['+49 (151) 1234-5678', undefined, '+4915112345678'],
    ['0049 151 12345678', undefined, '+4915112345678'],
    ['0151 12345678', 'DE', '+4915112345678'],
    ['0660 1234567', 'AT', '+436601234567'],
    ['+43 660 1234567', 'DE', '+436601234567'],
    ['+1 212 555 0123', 'DE', '+12125550123'],
  ])('given %j of %s, then it is %s', (text, country, e164) => {
    expect(parsePhone(text, 'phone', country)).toBe(e164);
  });

  it.each([
    ['0151 12345678', undefined],
    ['(0)151', 'DE'],
    ['+49 30 123456 ext 5', 'DE'],
    ['', 'DE'],
    ['call me', 'DE'],
  ])('given %j of %s, then it is refused, naming the field', (text, country) => {
    expect(() => parsePhone(text, 'phone', country)).toThrow(expect.objectContaining({ field: 'phone' }));
  });

  it('given a country that there is not, then that is refused', () => {
    expect(() => parsePhone('0151', 'phone', 'XX')).toThrow(expect.objectContaining({ field: 'country' }));
  });
});

describe('countryOf', () => {
  it.each([
    ['+4915112345678', 'US.1', 'DE'],
    ['+436601234567', undefined, 'AT'],
    [undefined, 'CH.13491208655302741918', 'CH'],
    ['+88299998', 'DE.1', 'DE'],
    [undefined, undefined, null],
  ])('of %s and %s is %s', (phone, bsuid, country) => {
    expect(countryOf(phone, bsuid)).toBe(country);
  });
});
