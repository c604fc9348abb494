import type { AccessRequest } from './access-request.entity.js';

const MONTHS = 1;
const EXTENDED_MONTHS = 3;

/** One month after it came (Art. 12(3) GDPR), two more if it was extended. */
export function deadlineOf(receivedAt: Date, { isExtended }: { isExtended: boolean }): Date {
  return addMonths(receivedAt, isExtended ? EXTENDED_MONTHS : MONTHS);
}

/** Nobody has got an answer, and the time for it is over. */
export function isOverdue(
  { dueAt, answeredAt, refusedAt }: Pick<AccessRequest, 'dueAt' | 'answeredAt' | 'refusedAt'>,
  now: Date,
) {
  return (answeredAt ?? refusedAt ?? now) > dueAt;
}

/** The same day of a later month, or its last one: a month from 31 January is over on 28 February (Regulation 1182/71, Art. 3). */
export function addMonths(at: Date, months: number): Date {
  const later = new Date(at);
  later.setUTCDate(1);
  later.setUTCMonth(later.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(later.getUTCFullYear(), later.getUTCMonth() + 1, 0)).getUTCDate();
  later.setUTCDate(Math.min(at.getUTCDate(), lastDay));
  return later;
}
