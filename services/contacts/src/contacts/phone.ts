import { invalidInput } from '@fenster/runtime';
import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min';

/** Country calling codes of one and of two digits (ITU-T E.164); all others have three. */
const SHORT_CALLING_CODE = /^(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;

/** `+49 ••• 78`: enough to tell two people apart in a list, too little to call one of them. */
export function maskPhone(e164: string): string {
  const digits = e164.slice(1);
  const callingCode = SHORT_CALLING_CODE.exec(digits)?.[0] ?? digits.slice(0, 3);
  return `+${callingCode} ••• ${digits.slice(-2)}`;
}

/**
 * A number as people write it, in E.164. Without a plus sign or 00 it is one of `country`.
 * @throws DomainError INVALID_INPUT naming the field
 */
export function parsePhone(text: string, field: string, country?: string | null): string {
  if (country != null && !isSupportedCountry(country)) {
    throw invalidInput('country', 'must be the code of a country such as DE.');
  }
  const number = parsePhoneNumberFromString(text.trim().replace(/^00/, '+'), country ?? undefined);
  if (!number?.isValid() || number.ext) {
    throw invalidInput(field, 'must be a phone number with its country code, such as +49 151 12345678.');
  }
  return number.number;
}

/** Where a number, or else a user id of WhatsApp, is at home: ISO 3166-1 alpha-2; null if that cannot be told. */
export function countryOf(phone: string | undefined, bsuid: string | undefined): string | null {
  const country = phone && parsePhoneNumberFromString(phone)?.country;
  return country || (/^([A-Z]{2})\./.exec(bsuid ?? '')?.[1] ?? null);
}
