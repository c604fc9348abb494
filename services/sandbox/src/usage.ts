import { countryOf } from './webhook-body.js';

/** What was delivered, in half hours: the source of `pricing_analytics` (whatsapp.md §C4). */
export interface UsageKey {
  /** Milliseconds since 1970. */
  at: number;
  wabaId: string;
  phone: string;
  country: string;
  pricingType: string;
  category: string;
  /** Of the market, in the account's currency. */
  rate: number;
}
export interface UsagePoint extends UsageKey {
  volume: number;
}

export interface Usage {
  note(key: UsageKey): void;
  of(wabaId: string, from: number, to: number): UsagePoint[];
  clear(): void;
}

const HALF_HOUR_MS = 1_800_000;
const MAX_POINTS = 100_000;

export function createUsage(): Usage {
  const points = new Map<string, UsagePoint>();
  return {
    note(key) {
      const at = Math.floor(key.at / HALF_HOUR_MS) * HALF_HOUR_MS;
      const id = [at, key.wabaId, key.phone, key.country, key.pricingType, key.category].join(' ');
      const point = points.get(id);
      if (point) point.volume++;
      else points.set(id, { ...key, at, volume: 1 });
      if (points.size > MAX_POINTS) points.delete(points.keys().next().value!);
    },
    of: (wabaId, from, to) =>
      [...points.values()].filter((point) => point.wabaId === wabaId && point.at >= from && point.at < to),
    clear: () => points.clear(),
  };
}

export function countryOfPerson({ phone, bsuid }: { phone?: string; bsuid: string }): string {
  // The user id has the country before its dot: all there is when the phone is hidden.
  return phone === undefined ? bsuid.slice(0, 2) : countryOf(phone);
}
