import { invalidInput } from './errors.js';

/** Characters of control except tab and line ends: none can be seen, and PostgreSQL stores no NUL. */
const UNSEEN = /[^\P{Cc}\t\n\r]/u;

/**
 * Words of people as they are stored: composed, without white space around them. Counts characters as people do.
 * @throws DomainError INVALID_INPUT naming the field.
 */
export function checkText(text: string, field: string, { min = 1, max }: { min?: number; max: number }): string {
  const checked = text.normalize('NFC').trim();
  const length = [...checked].length;
  if (length < min || length > max) throw invalidInput(field, `must have ${min} to ${max} characters.`);
  if (UNSEEN.test(checked) || !checked.isWellFormed()) {
    throw invalidInput(field, 'must not contain characters that cannot be seen.');
  }
  return checked;
}
