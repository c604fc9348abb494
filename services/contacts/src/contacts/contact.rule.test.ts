import { describe, expect, it } from 'vitest';
import { checkAddress, checkEmail, checkName } from './contact.rule.js';

const refusal = (field: string) => expect.objectContaining({ code: 'INVALID_INPUT', field });

describe('a name', () => {
  it('given white space, then it has single spaces and none around', () => {
    expect(checkName('  Anna \t Berg ')).toBe('Anna Berg');
  });

  it.each(['', ' ', 'x'.repeat(201), 'a\0b'])('given %j, then it is refused', (name) => {
    expect(() => checkName(name)).toThrow(refusal('name'));
  });
});

describe('an e-mail address', () => {
  it('given capitals, then only its domain loses them', () => {
    expect(checkEmail(' Anna.Berg@Example.ORG ')).toBe('Anna.Berg@example.org');
  });

  it.each(['anna', 'anna@', '@example.org', 'a b@example.org', `${'a'.repeat(250)}@b.de`])(
    'given %j, then it is refused',
    (text) => {
      expect(() => checkEmail(text)).toThrow(refusal('email'));
    },
  );
});

describe('an address', () => {
  it('given some parts, then the others are empty, and the country is a code', () => {
    expect(checkAddress({ city: ' Wien ', country: 'at' })).toEqual({
      street: null,
      postalCode: null,
      city: 'Wien',
      region: null,
      country: 'AT',
    });
  });

  it('given nothing in it, then there is none', () => {
    expect(checkAddress({ city: ' ', street: null })).toBeNull();
  });

  it.each([
    [{ country: 'XX' }, 'address.country'],
    [{ country: 'Germany' }, 'address.country'],
    [{ postalCode: 'x'.repeat(21) }, 'address.postalCode'],
  ])('given %j, then the part is refused', (address, field) => {
    expect(() => checkAddress(address)).toThrow(refusal(field));
  });
});
