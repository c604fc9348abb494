import { invalidInput } from '@fenster/runtime';

export const MAX_REASON_LENGTH = 500;

/**
 * What a person gives as the reason of a change, without white space around it.
 * @throws DomainError INVALID_INPUT unless it has 1 to 500 characters.
 */
export function checkReason(text: string, field = 'reason'): string {
  const reason = text.trim();
  if (reason.length === 0 || [...reason].length > MAX_REASON_LENGTH) {
    throw invalidInput(field, `must have 1 to ${MAX_REASON_LENGTH} characters.`);
  }
  // PostgreSQL stores neither.
  if (!reason.isWellFormed() || reason.includes('\0')) throw invalidInput(field, 'must be well-formed text.');
  return reason;
}
