import type { LegalHold } from './legal-hold.entity.js';

const MAX_AHEAD_MS = 2 * 366 * 86_400_000;
const DAY = /^\d{4}-\d\d-\d\d$/;

/** A day that is to come, and not so late that nobody looks any more. */
export function isReviewDay(day: string, now: Date): boolean {
  const at = new Date(`${day}T00:00:00Z`);
  if (!DAY.test(day) || Number.isNaN(at.getTime()) || at.toISOString().slice(0, 10) !== day) return false;
  return at > now && at.getTime() - now.getTime() <= MAX_AHEAD_MS;
}

/** It is in force, and somebody should have looked whether it has to be. */
export function isReviewDue({ releasedAt, reviewOn }: Pick<LegalHold, 'releasedAt' | 'reviewOn'>, now: Date): boolean {
  return releasedAt === null && reviewOn <= now.toISOString().slice(0, 10);
}
