import { checkText, invalidInput } from '@fenster/runtime';
import { z } from 'zod';

export const MAX_NAME_LENGTH = 200;
export const MAX_EMAIL_LENGTH = 254;
const MAX_STREET_LENGTH = 300;
const MAX_ADDRESS_LENGTH = 100;

export interface Address {
  street: string | null;
  postalCode: string | null;
  city: string | null;
  region: string | null;
  /** ISO 3166-1 alpha-2. */
  country: string | null;
}
export type AddressInput = { [Part in keyof Address]?: Address[Part] | undefined };

const email = z.email();
const countries = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });

/** @throws DomainError INVALID_INPUT */
export function checkName(text: string, field = 'name'): string {
  return checkText(text, field, { max: MAX_NAME_LENGTH }).replaceAll(/\s+/g, ' ');
}

/** As it is written, but for the domain, which is the same in capitals. @throws DomainError INVALID_INPUT */
export function checkEmail(text: string, field = 'email'): string {
  const trimmed = text.trim();
  if (trimmed.length > MAX_EMAIL_LENGTH || !email.safeParse(trimmed).success) {
    throw invalidInput(field, 'must be an e-mail address such as anna@example.org.');
  }
  const at = trimmed.lastIndexOf('@');
  return trimmed.slice(0, at) + trimmed.slice(at).toLowerCase();
}

/** Null if nothing is in it. @throws DomainError INVALID_INPUT */
export function checkAddress(input: AddressInput, field = 'address'): Address | null {
  const part = (name: keyof Address, max = MAX_ADDRESS_LENGTH) =>
    input[name] == null ? null : checkText(input[name], `${field}.${name}`, { min: 0, max }) || null;
  const address: Address = {
    street: part('street', MAX_STREET_LENGTH),
    postalCode: part('postalCode', 20),
    city: part('city'),
    region: part('region'),
    country: part('country') && checkCountry(input.country!, `${field}.country`),
  };
  return Object.values(address).every((each) => each === null) ? null : address;
}

/** @throws DomainError INVALID_INPUT */
export function checkCountry(text: string, field: string): string {
  const country = text.trim().toUpperCase();
  if (!/^[A-Z]{2}$/.test(country) || countries.of(country) === undefined) {
    throw invalidInput(field, 'must be the code of a country such as DE.');
  }
  return country;
}
