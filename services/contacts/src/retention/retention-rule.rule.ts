import type { RetentionClass } from '@fenster/contracts';
import { addMonths } from '../access-requests/deadline.rule.js';

export interface Bounds {
  minMonths: number;
  maxMonths: number;
}

/** In months. The audit log is kept for exactly as long as an erasure says that it is. */
export const RETENTION_BOUNDS: Readonly<Record<RetentionClass, Bounds>> = {
  MESSAGES: { minMonths: 1, maxMonths: 36 },
  NOTES: { minMonths: 1, maxMonths: 36 },
  CONTACT_DATA: { minMonths: 6, maxMonths: 120 },
  ATTRIBUTES_MASTER_DATA: { minMonths: 6, maxMonths: 120 },
  ATTRIBUTES_PREFERENCE: { minMonths: 1, maxMonths: 36 },
  ATTRIBUTES_CONTRACT: { minMonths: 12, maxMonths: 132 },
  ATTRIBUTES_SENSITIVE: { minMonths: 1, maxMonths: 36 },
  AUDIT_LOG: { minMonths: 24, maxMonths: 24 },
  // What was told is not told again while its cause may come once more.
  ALERTS: { minMonths: 3, maxMonths: 36 },
};

export function isWithinBounds(retentionClass: RetentionClass, months: number): boolean {
  const { minMonths, maxMonths } = RETENTION_BOUNDS[retentionClass];
  return Number.isInteger(months) && months >= minMonths && months <= maxMonths;
}

/** What a rule says on a day: what nobody has touched since goes. */
export interface Cutoff {
  retentionClass: RetentionClass;
  months: number;
  before: string;
}

export function cutoffOf(
  { retentionClass, months }: { retentionClass: RetentionClass; months: number },
  now: Date,
): Cutoff {
  return { retentionClass, months, before: addMonths(now, -months).toISOString() };
}
