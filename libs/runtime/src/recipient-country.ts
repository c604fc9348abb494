import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import metadata from 'libphonenumber-js/min/metadata';

/**
 * The country that decides the price of a message: ISO 3166-1 alpha-2 of the recipient's calling code, else of the BSUID's prefix.
 *
 * Meta's markets are lists of calling codes, so a code shared by several territories (+44 with Guernsey, +39 with the Vatican)
 * counts as its main country. Only +1 and +7 are split between markets, and only there the whole number is looked at.
 * @param digits the phone number without `+`
 */
export function recipientCountry(digits: string | undefined, bsuid: string | undefined): string | undefined {
  return (digits && countryOfPhone(digits)) ?? (bsuid && countryOfBsuid(bsuid)) ?? undefined;
}

const SPLIT_CALLING_CODES: ReadonlySet<string> = new Set(['1', '7']);

const MAIN_COUNTRY = new Map<string, string>(
  Object.entries(metadata.country_calling_codes).flatMap(([code, countries]) => {
    const main = countries[0];
    return main !== undefined && /^[A-Z]{2}$/.test(main) ? [[code, main] as const] : [];
  }),
);

function countryOfPhone(digits: string): string | undefined {
  if (SPLIT_CALLING_CODES.has(digits.slice(0, 1))) return parsePhoneNumberFromString(`+${digits}`)?.country;
  return MAIN_COUNTRY.get(digits.slice(0, 2)) ?? MAIN_COUNTRY.get(digits.slice(0, 3));
}

function countryOfBsuid(bsuid: string): string | undefined {
  return /^([A-Z]{2})\./.exec(bsuid)?.[1];
}
