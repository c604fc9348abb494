/** On what a transfer of personal data to a country rests (GDPR Art. 44–49). */
export type Transfer = 'NONE' | 'ADEQUACY' | 'DATA_PRIVACY_FRAMEWORK' | 'SAFEGUARDS';

const EEA = new Set(
  'AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO'.split(' '),
);
/** Of which the Commission has decided that they protect as well (Art. 45), for companies of any kind. */
const ADEQUATE = new Set('AD AR FO GB GG IL IM JE JP KR NZ CH UY'.split(' '));

/** `country` by ISO 3166-1. */
export function transferTo(country: string): Transfer {
  if (EEA.has(country)) return 'NONE';
  if (ADEQUATE.has(country)) return 'ADEQUACY';
  return country === 'US' ? 'DATA_PRIVACY_FRAMEWORK' : 'SAFEGUARDS';
}
