import { isObject, optionalText, type JsonObject } from '../json.js';
import type { MarketingPreference } from '../provider.js';

const MAX_PREFERENCES = 1_000;
const PHONE_DIGITS = /^[1-9]\d{5,14}$/;

/** Of `user_preferences` (whatsapp.md §A8): who has stopped marketing in WhatsApp, or allows it again. Others are left out. */
export function preferencesOf(value: unknown): MarketingPreference[] {
  const told = isObject(value) && Array.isArray(value.user_preferences) ? value.user_preferences : [];
  return told.slice(0, MAX_PREFERENCES).flatMap((each) => (isObject(each) ? (preferenceOf(each) ?? []) : []));
}

function preferenceOf({ category, value, timestamp, ...person }: JsonObject): MarketingPreference | undefined {
  const changedAt = new Date(Number(timestamp) * 1_000);
  // A signup is somebody's first yes to an offer of the business; what they agreed to, only the business knows.
  const isKnown = value === 'stop' || value === 'resume';
  if (category !== 'marketing_messages' || !isKnown || !(changedAt.getTime() > 0)) return undefined;
  const digits = optionalText(person.wa_id, 20)?.replace(/^\+/, '');
  const bsuid = optionalText(person.user_id, 160);
  const phone = digits !== undefined && PHONE_DIGITS.test(digits) ? `+${digits}` : undefined;
  if (phone === undefined && bsuid === undefined) return undefined;
  const identity = { ...(phone !== undefined && { phone }), ...(bsuid !== undefined && { bsuid }) };
  return { identity, value: value === 'stop' ? 'STOP' : 'RESUME', changedAt };
}
