import { isObject, optionalText } from '../json.js';
import type { VolumeTier } from '../provider.js';

const EVENT = 'VOLUME_BASED_PRICING_TIER_UPDATE';
/** As in `100001:1000000`; the last one has no end. */
const TIER = /^(\d{1,15}):(\d{1,15}|MAX|)$/i;
const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

/** From when on a volume has its price (whatsapp.md §A8); undefined for all else, and where a part of it is no such thing. */
export function volumeTierOf(field: string, value: unknown): VolumeTier | undefined {
  if (field !== 'account_update' || !isObject(value) || value.event !== EVENT) return undefined;
  const { volume_tier_info: info } = value;
  if (!isObject(info)) return undefined;
  const [, from, to] = TIER.exec(String(info.tier)) ?? [];
  const region = optionalText(info.region, 100);
  const category = optionalText(info.pricing_category, 60);
  const month = optionalText(info.effective_month, 7);
  const since = timeOf(info.tier_update_time);
  if (from === undefined || !region || !category || !month || !MONTH.test(month) || !since) return undefined;
  const end = to && /^\d/.test(to) ? Number(to) : undefined;
  if (end !== undefined && end < Number(from)) return undefined;
  return { region, category, month, from: Number(from), ...(end !== undefined && { to: end }), since };
}

/** Seconds, as a number or as text. */
function timeOf(value: unknown): Date | undefined {
  return /^\d{9,11}$/.test(String(value)) ? new Date(Number(value) * 1_000) : undefined;
}
