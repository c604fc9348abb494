/*
 * Source of the mapping: Meta, "Pricing on the WhatsApp Business Platform", section "Pricing regions on rate cards
 * (country calling codes)", updated 2026-09-30, read in a copy captured 2026-10-09: 39 named markets, 7 regions,
 * everything else "Other". Source of the moves in EARLIER: the same page, "Previous updates" 2025-10-01 to 2026-10-01;
 * the lists before the moves agree with an older copy of Meta's conversation pricing page (before 2025-10) and with a
 * third party's list of 2026-07. Names are spelled as on the rate cards (and in data/rates.csv).
 *
 * Meta finds the country from calling code and network prefix, and takes "Other" for a country that is not listed: so
 * the ISO country decides, not the bare calling code. Kazakhstan shows it: it shared +7 with Russia and was billed as
 * Other, not as Russia, until it got its own market. Hence Luxembourg, Réunion, Jersey and the Caribbean beside the
 * three listed countries are Other.
 */
const MARKETS = {
  Argentina: { AR: '54' },
  Bangladesh: { BD: '880' },
  Brazil: { BR: '55' },
  Chile: { CL: '56' },
  Colombia: { CO: '57' },
  Egypt: { EG: '20' },
  France: { FR: '33' },
  Germany: { DE: '49' },
  'Hong Kong': { HK: '852' },
  Hungary: { HU: '36' },
  India: { IN: '91' },
  Indonesia: { ID: '62' },
  Iraq: { IQ: '964' },
  Israel: { IL: '972' },
  Italy: { IT: '39' },
  Kazakhstan: { KZ: '7' },
  Kuwait: { KW: '965' },
  Malaysia: { MY: '60' },
  Mexico: { MX: '52' },
  Morocco: { MA: '212' },
  Nepal: { NP: '977' },
  Netherlands: { NL: '31' },
  Nigeria: { NG: '234' },
  Oman: { OM: '968' },
  Pakistan: { PK: '92' },
  Peru: { PE: '51' },
  Poland: { PL: '48' },
  Qatar: { QA: '974' },
  Romania: { RO: '40' },
  Russia: { RU: '7' },
  'Saudi Arabia': { SA: '966' },
  Singapore: { SG: '65' },
  'South Africa': { ZA: '27' },
  Spain: { ES: '34' },
  'Sri Lanka': { LK: '94' },
  Turkey: { TR: '90' },
  Ukraine: { UA: '380' },
  'United Arab Emirates': { AE: '971' },
  'United Kingdom': { GB: '44' },
  'North America': { CA: '1', US: '1' },
  // oxfmt-ignore
  'Rest of Africa': {
    DZ: '213', AO: '244', BJ: '229', BW: '267', BF: '226', BI: '257', CM: '237', TD: '235', CG: '242', ER: '291',
    ET: '251', GA: '241', GM: '220', GH: '233', GW: '245', CI: '225', KE: '254', LS: '266', LR: '231', LY: '218',
    MG: '261', MW: '265', ML: '223', MR: '222', MZ: '258', NA: '264', NE: '227', RW: '250', SN: '221', SL: '232',
    SO: '252', SS: '211', SD: '249', SZ: '268', TZ: '255', TG: '228', TN: '216', UG: '256', ZM: '260', ZW: '263',
  },
  // oxfmt-ignore
  'Rest of Asia Pacific': {
    AF: '93', AU: '61', KH: '855', CN: '86', JP: '81', LA: '856', MN: '976', NZ: '64', PG: '675', PH: '63',
    TW: '886', TJ: '992', TH: '66', TM: '993', UZ: '998', VN: '84',
  },
  // oxfmt-ignore
  'Rest of Central & Eastern Europe': {
    AL: '355', AM: '374', AZ: '994', BY: '375', BG: '359', HR: '385', CZ: '420', GE: '995', GR: '30', LV: '371',
    LT: '370', MD: '373', MK: '389', RS: '381', SK: '421', SI: '386',
  },
  // oxfmt-ignore
  'Rest of Latin America': {
    BO: '591', CR: '506', DO: '1', EC: '593', SV: '503', GT: '502', HT: '509', HN: '504', JM: '1', NI: '505',
    PA: '507', PY: '595', PR: '1', UY: '598', VE: '58',
  },
  'Rest of Middle East': { BH: '973', JO: '962', LB: '961', YE: '967' },
  // oxfmt-ignore
  'Rest of Western Europe': {
    AT: '43', BE: '32', DK: '45', FI: '358', IE: '353', NO: '47', PT: '351', SE: '46', CH: '41',
  },
} as const satisfies Record<string, Record<string, string>>;

export type Market = keyof typeof MARKETS | 'Other';

/** Where a country was billed before it moved; `until` is the last day, in the account's time zone. */
const EARLIER: Record<string, { market: Market; until: string }> = {
  ZW: { market: 'Other', until: '2025-09-30' },
  HK: { market: 'Rest of Asia Pacific', until: '2026-06-30' },
  SG: { market: 'Rest of Asia Pacific', until: '2026-06-30' },
  HU: { market: 'Rest of Central & Eastern Europe', until: '2026-06-30' },
  PL: { market: 'Rest of Central & Eastern Europe', until: '2026-06-30' },
  RO: { market: 'Rest of Central & Eastern Europe', until: '2026-06-30' },
  QA: { market: 'Rest of Middle East', until: '2026-06-30' },
  BD: { market: 'Rest of Asia Pacific', until: '2026-09-30' },
  LK: { market: 'Rest of Asia Pacific', until: '2026-09-30' },
  NP: { market: 'Rest of Asia Pacific', until: '2026-09-30' },
  IQ: { market: 'Rest of Middle East', until: '2026-09-30' },
  KW: { market: 'Rest of Middle East', until: '2026-09-30' },
  OM: { market: 'Rest of Middle East', until: '2026-09-30' },
  KZ: { market: 'Other', until: '2026-09-30' },
  MA: { market: 'Rest of Africa', until: '2026-09-30' },
  UA: { market: 'Rest of Central & Eastern Europe', until: '2026-09-30' },
};

/** Area codes of +1 outside the United States and Canada. */
// oxfmt-ignore
const NANP_AREAS: Record<string, string> = {
  809: 'DO', 829: 'DO', 849: 'DO', 658: 'JM', 876: 'JM', 787: 'PR', 939: 'PR',
  242: 'BS', 246: 'BB', 264: 'AI', 268: 'AG', 284: 'VG', 340: 'VI', 345: 'KY', 441: 'BM', 473: 'GD', 649: 'TC', 664: 'MS',
  670: 'MP', 671: 'GU', 684: 'AS', 721: 'SX', 758: 'LC', 767: 'DM', 784: 'VC', 868: 'TT', 869: 'KN',
};

/** Everything the rate cards name, "Other" last. */
export const MARKET_NAMES: readonly Market[] = [...(Object.keys(MARKETS) as (keyof typeof MARKETS)[]), 'Other'];

const marketByCountry = new Map<string, Market>();
const countryByCallingCode = new Map<string, string>();
const countryOfNamedMarket = new Map<Market, string>();
for (const [name, countries] of Object.entries(MARKETS)) {
  const market = name as Market;
  const codes = Object.keys(countries);
  for (const [country, callingCode] of Object.entries(countries)) {
    marketByCountry.set(country, market);
    countryByCallingCode.set(callingCode, country);
  }
  if (codes.length === 1) countryOfNamedMarket.set(market, codes[0]!);
}

const regionNames = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
/** Codes that Unicode knows but that are no place where a telephone rings. */
const NO_COUNTRY = /^(?:EU|EZ|QO|UN|XA|XB|ZZ)$/;

export interface Recipient {
  /** ISO 3166 alpha-2, from the parsed phone number or from the prefix of the BSUID. Wins over the calling code. */
  countryCode?: string;
  /** Calling code without the national number ("49", "+49"); only used when there is no country. */
  callingCode?: string;
  /**
   * First digits of the national number: at least 3 for +1, at least 1 for +7. Without them +1 is the United States, +7
   * is Russia.
   */
  nationalPrefix?: string;
}

/**
 * The market whose rate Meta charges for a recipient.
 *
 * @param localDate `YYYY-MM-DD` in the account's time zone; without it: today's (newest) assignment.
 * @returns the name as on the rate card, "Other" for every country that Meta does not list, and `undefined` when the
 * recipient's country is not known at all (which must not be billed as "Other").
 */
export function marketOf(recipient: Recipient, localDate?: string): Market | undefined {
  const country = countryOf(recipient);
  if (country === undefined) return undefined;
  const earlier = EARLIER[country];
  if (earlier && localDate !== undefined && localDate <= earlier.until) return earlier.market;
  return marketByCountry.get(country) ?? 'Other';
}

/**
 * The market that answered for `market` on a date: the region (or "Other") that a named market belonged to before it
 * was named.
 */
export function marketAt(market: Market, localDate: string): Market {
  const earlier = EARLIER[countryOfNamedMarket.get(market) ?? ''];
  return earlier && localDate <= earlier.until ? earlier.market : market;
}

/** A country that is charged as this market on a day; undefined where the rate card of that day did not name it. */
export function countryIn(market: Market, localDate: string): string | undefined {
  // Not on the list, as any of them.
  if (market === 'Other') return 'LU';
  return Object.keys(MARKETS[market]).find((countryCode) => marketOf({ countryCode }, localDate) === market);
}

/** True for a country on Meta's list; false means that "Other" was concluded from its absence. */
export function isListedCountry(countryCode: string): boolean {
  return marketByCountry.has(countryCode.toUpperCase());
}

export function isMarket(name: string): name is Market {
  return name === 'Other' || Object.hasOwn(MARKETS, name);
}

/** Not one that Unicode still knows as another's former name, as UK is GB's. */
function isCurrent(country: string): boolean {
  return regionNames.of(country) !== undefined && new Intl.Locale(`und-${country}`).region === country;
}

/** ISO country; `'unlisted'` for a calling code that no listed country has; undefined when nothing usable is given. */
function countryOf({ countryCode, callingCode, nationalPrefix = '' }: Recipient): string | undefined {
  if (countryCode) {
    const country = countryCode.toUpperCase();
    const isCode = /^[A-Z]{2}$/.test(country) && !NO_COUNTRY.test(country);
    return isCode && isCurrent(country) ? country : undefined;
  }
  const code = callingCode?.replace(/^\+/, '') ?? '';
  if (!/^[1-9]\d{0,2}$/.test(code)) return undefined;
  if (code === '1') return NANP_AREAS[nationalPrefix.slice(0, 3)] ?? 'US';
  if (code === '7') return /^(?:[67]|33622)/.test(nationalPrefix) ? 'KZ' : 'RU';
  return countryByCallingCode.get(code) ?? 'unlisted';
}
