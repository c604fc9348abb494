import { invalidInput } from '@fenster/runtime';

/** @throws DomainError INVALID_INPUT */
export function checkMonth(month: string): string {
  if (!/^20\d\d-(?:0[1-9]|1[0-2])$/.test(month)) throw invalidInput('month', 'must be a month as in 2026-10.');
  return month;
}
