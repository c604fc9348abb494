/**
 * Enough of Meta's rate cards for `pricing_analytics` to be worth comparing with: US dollars for one delivered message, marketing and
 * all others, of the markets behind the calling codes that the sandbox knows. Volume tiers and what changed before July 2026 are left
 * out: Meta calls its own figures approximate.
 */
const MARKETS: Record<string, readonly [marketing: number, other: number]> = {
  DE: [0.1365, 0.055],
  FR: [0.0859, 0.03],
  GB: [0.0635, 0.022],
  IT: [0.0795, 0.03],
  ES: [0.0707, 0.02],
  NL: [0.1597, 0.05],
  US: [0.025, 0.0034],
  IN: [0.0118, 0.0014],
  BR: [0.0625, 0.0068],
  PL: [0.0366, 0.0122],
  RO: [0.086, 0.029],
  UA: [0.086, 0.0298],
};
const WESTERN: readonly [number, number] = [0.0592, 0.0171];
const EASTERN: readonly [number, number] = [0.086, 0.0212];
const OTHER: readonly [number, number] = [0.0604, 0.0077];
/** Meta's own groups: Greece is Eastern Europe for it, and Luxembourg is nowhere. */
const REST_OF_WESTERN_EUROPE = new Set(['AT', 'CH', 'BE', 'DK', 'FI', 'IE', 'NO', 'PT', 'SE']);
const REST_OF_EASTERN_EUROPE = new Set(['GR', 'CZ', 'BG', 'HR']);
/** What the price tool multiplied all dollars by in 2026. */
const EUROS = 0.8284;

export function rateOf(country: string, category: string, currency: 'EUR' | 'USD'): number {
  const rest = REST_OF_WESTERN_EUROPE.has(country) ? WESTERN : REST_OF_EASTERN_EUROPE.has(country) ? EASTERN : OTHER;
  const [marketing, other] = MARKETS[country] ?? rest;
  const dollars = category === 'marketing' ? marketing : other;
  return currency === 'USD' ? dollars : Math.round(dollars * EUROS * 10_000) / 10_000;
}
