import { isObject, optionalText, type JsonObject } from '../json.js';
import type { AnalyticsApi, AnalyticsPoint, ProviderAnswer, ProviderCredentials } from '../provider.js';
import type { ProviderOptions } from '../provider-options.js';
import type { GraphAccess } from './graph-access.js';
import { callGraph } from './graph-call.js';

const FIELD = 'pricing_analytics';
const DIMENSIONS = 'PRICING_CATEGORY,PRICING_TYPE,COUNTRY,PHONE,TIER';
const MAX_BYTES = 16 * 1024 * 1024;
/** A month of half hours is too much for one answer. */
const SLICE_SECONDS = { HALF_HOUR: 2 * 86_400, DAILY: Infinity, MONTHLY: Infinity } as const;

/** `pricing_analytics` of an account (whatsapp.md §C4). */
export function createAnalyticsApi<C extends ProviderCredentials>(
  options: ProviderOptions,
  accessOf: (credentials: C) => GraphAccess,
): AnalyticsApi<C> {
  return {
    async read({ accountId, from, to, granularity }, credentials) {
      const access = accessOf(credentials);
      const end = seconds(to);
      const points: AnalyticsPoint[] = [];
      for (let start = seconds(from); start < end;) {
        const until = Math.min(end, start + SLICE_SECONDS[granularity]);
        const parts = [
          `start(${start})`,
          `end(${until})`,
          `granularity(${granularity})`,
          'metric_types(COST,VOLUME)',
          `dimensions(${DIMENSIONS})`,
        ];
        const query = { fields: [FIELD, ...parts].join('.') };
        const path = [...access.objectPath, accountId];
        const all = { ...options, maxResponseBytes: MAX_BYTES };
        const answer = pointsIn(await callGraph({ method: 'GET', path, query }, access, all));
        if (answer.kind !== 'answered') return answer;
        points.push(...answer.value);
        start = until;
      }
      return { kind: 'answered', value: points };
    },
  };
}

function seconds(instant: Date): number {
  return Math.floor(instant.getTime() / 1_000);
}

/** A sum in which a part is missing is wrong: what cannot be read makes the whole unreadable. No list is no message. */
function pointsIn(answer: ProviderAnswer<JsonObject>): ProviderAnswer<AnalyticsPoint[]> {
  if (answer.kind !== 'answered') return answer;
  const { [FIELD]: analytics } = answer.value;
  if (analytics === undefined) return { kind: 'answered', value: [] };
  const data: unknown = isObject(analytics) ? analytics.data : undefined;
  if (!Array.isArray(data)) return UNREADABLE;
  const raw = data.flatMap((each: unknown): unknown[] =>
    isObject(each) && Array.isArray(each.data_points) ? (each.data_points as unknown[]) : [undefined],
  );
  const points = raw.map((point) => (isObject(point) ? readPoint(point) : undefined));
  return points.every((point) => point !== undefined) ? { kind: 'answered', value: points } : UNREADABLE;
}

const UNREADABLE = { kind: 'unreachable', reason: 'the provider sent figures that cannot be read' } as const;

function readPoint(point: JsonObject): AnalyticsPoint | undefined {
  const { start, end, country, volume, cost } = point;
  const category = optionalText(point.pricing_category, 64);
  const type = optionalText(point.pricing_type, 64);
  const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (category === undefined || type === undefined || !isWhole(start) || !isWhole(end) || !isWhole(volume)) {
    return undefined;
  }
  if (cost !== undefined && !(typeof cost === 'number' && cost >= 0 && cost < 1e9)) return undefined;
  const phone = optionalText(point.phone_number, 20)?.replace(/\D/g, '');
  const tier = optionalText(point.tier, 64);
  return {
    startsAt: new Date(start * 1_000),
    endsAt: new Date(end * 1_000),
    category,
    type,
    messages: volume,
    ...(phone && { phone }),
    ...(typeof country === 'string' && /^[A-Z]{2}$/.test(country) && { country }),
    ...(tier !== undefined && { tier }),
    ...(cost !== undefined && { costMicros: Math.round(cost * 1e6) }),
  };
}
