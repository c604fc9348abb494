import { isMarket, MARKET_NAMES } from '../price-books/market.js';

/** Of one meter: the price of which volume the provider charges, and since when. */
export interface VolumeTier {
  from: number;
  to: number | null;
  since: Date;
}

/** The provider's word on a message: the tier that began last before it was delivered. Of two at once, the higher. */
export function tierAt(tiers: readonly VolumeTier[], deliveredAt: Date): VolumeTier | undefined {
  return tiers
    .filter(({ since }) => since <= deliveredAt)
    .toSorted((a, b) => b.since.getTime() - a.since.getTime() || b.from - a.from)[0];
}

/** As in `100001:MAX`: by the words of analytics and invoices. */
export function tierName({ from, to }: Pick<VolumeTier, 'from' | 'to'>): string {
  return `${from}:${to ?? 'MAX'}`;
}

const lettersOf = (name: string) =>
  name
    .toLowerCase()
    .replaceAll('&', 'and')
    .replaceAll(/[^a-z]+/g, '');
const BY_LETTERS = new Map<string, string>(MARKET_NAMES.map((name) => [lettersOf(name), name]));

/** Whether it is written as on the rate card or as a constant. A region that no rate card has stays as it is. */
export function marketNamed(region: string): string {
  return isMarket(region) ? region : (BY_LETTERS.get(lettersOf(region)) ?? region);
}
