import type { Account } from '../numbers.js';
import { localDay } from '../rules/pricing.js';
import type { UsagePoint } from '../usage.js';
import type { World } from '../world.js';
import { parameterError, refuse } from './graph-error.js';

/** `pricing_analytics` of an account (whatsapp.md §C4): what was delivered, and about what it cost. */

const DIMENSIONS = ['PRICING_CATEGORY', 'PRICING_TYPE', 'COUNTRY', 'PHONE', 'TIER'] as const;
type Dimension = (typeof DIMENSIONS)[number];
const GRANULARITIES = ['HALF_HOUR', 'DAILY', 'MONTHLY'] as const;
type Granularity = (typeof GRANULARITIES)[number];
const HALF_HOUR_SECONDS = 1_800;

interface Point {
  start: number;
  end: number;
  country?: string;
  phone_number?: string;
  tier?: string;
  pricing_type?: string;
  pricing_category?: string;
  volume?: number;
  cost?: number;
}

export function pricingAnalytics(world: World, account: Account, args: ReadonlyMap<string, string>): object {
  const seconds = (name: string) => {
    const value = Number(args.get(name));
    return Number.isInteger(value) && value > 0 ? value : refuse(parameterError(`pricing_analytics needs ${name}.`));
  };
  const [start, end] = [seconds('start'), seconds('end')];
  const granularity = args.get('granularity')?.toUpperCase() as Granularity;
  if (!GRANULARITIES.includes(granularity)) {
    refuse(parameterError(`granularity must be one of ${GRANULARITIES.join(', ')}.`));
  }
  if (end <= start) refuse(parameterError('end must be after start.'));
  const dimensions = listIn(args.get('dimensions')).map((each) => each.toUpperCase()) as Dimension[];
  if (!dimensions.every((each) => DIMENSIONS.includes(each))) {
    refuse(parameterError(`dimensions must be of ${DIMENSIONS.join(', ')}.`));
  }
  const metrics = listIn(args.get('metric_types')).map((each) => each.toUpperCase());
  if (!metrics.every((each) => each === 'COST' || each === 'VOLUME')) {
    refuse(parameterError('metric_types must be of COST, VOLUME.'));
  }
  const only = (name: string) => {
    const list = listIn(args.get(name)).map((each) => each.toUpperCase().replace('+', ''));
    return (value: string) => list.length === 0 || list.includes(value);
  };
  const [isPhone, isCountry] = [only('phone_numbers'), only('country_codes')];
  const [isCategory, isType] = [only('pricing_categories'), only('pricing_types')];

  const points = new Map<string, Point>();
  for (const usage of world.usage.of(account.id, start * 1_000, end * 1_000)) {
    const category = enumOf(usage.category);
    const type = enumOf(usage.pricingType);
    if (!isPhone(usage.phone) || !isCountry(usage.country) || !isCategory(category) || !isType(type)) continue;
    const point: Point = {
      ...periodOf(usage, granularity, account.timeZone),
      ...(dimensions.includes('COUNTRY') && { country: usage.country }),
      ...(dimensions.includes('PHONE') && { phone_number: usage.phone }),
      // Free points have no tier, and marketing has one for all.
      ...(dimensions.includes('TIER') && type === 'REGULAR' && { tier: '0:MAX' }),
      ...(dimensions.includes('PRICING_TYPE') && { pricing_type: type }),
      ...(dimensions.includes('PRICING_CATEGORY') && { pricing_category: category }),
    };
    const key = JSON.stringify(point);
    const known = points.get(key) ?? { ...point, volume: 0, cost: 0 };
    known.volume = (known.volume ?? 0) + usage.volume;
    known.cost = Math.round(((known.cost ?? 0) + (type === 'REGULAR' ? usage.rate * usage.volume : 0)) * 1e6) / 1e6;
    points.set(key, known);
  }
  const shows = (metric: 'COST' | 'VOLUME') => metrics.length === 0 || metrics.includes(metric);
  const dataPoints = [...points.values()]
    .toSorted((a, b) => a.start - b.start)
    .map(({ volume, cost, ...point }) => ({
      ...point,
      ...(shows('VOLUME') && { volume }),
      ...(shows('COST') && { cost }),
    }));
  return { data: [{ data_points: dataPoints }] };
}

/** `["A","B"]`, `[A,B]` or `A,B`: clients write lists in all three ways. */
function listIn(text: string | undefined): string[] {
  return (text ?? '')
    .replaceAll(/[[\]"'\s]/g, '')
    .split(',')
    .filter(Boolean);
}

function enumOf(name: string): string {
  return name.replaceAll('-', '_').toUpperCase();
}

/** Days and months are those of the account's time zone. */
function periodOf({ at }: UsagePoint, granularity: Granularity, timeZone: string): { start: number; end: number } {
  const start = Math.floor(at / 1_000);
  if (granularity === 'HALF_HOUR') return { start, end: start + HALF_HOUR_SECONDS };
  const day = localDay(new Date(at), timeZone);
  if (granularity === 'DAILY') {
    const from = midnight(day, timeZone);
    return { start: from, end: midnight(nextDay(day), timeZone) };
  }
  const [year, month] = day.split('-').map(Number) as [number, number];
  const next = month === 12 ? `${year + 1}-01-01` : `${year}-${String(month + 1).padStart(2, '0')}-01`;
  return { start: midnight(`${day.slice(0, 7)}-01`, timeZone), end: midnight(next, timeZone) };
}

function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T12:00:00Z`) + 24 * 3_600_000).toISOString().slice(0, 10);
}

/** Unix seconds at which the day begins there: the zone's offset is looked for among the half hours around it. */
function midnight(day: string, timeZone: string): number {
  const noon = Date.parse(`${day}T00:00:00Z`) / 1_000;
  for (let at = noon - 14 * 3_600; at <= noon + 12 * 3_600; at += 900) {
    const here = localDay(new Date(at * 1_000), timeZone);
    if (here >= day) return at;
  }
  return noon;
}
