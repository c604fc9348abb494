import { checkText } from './check-text.js';
import { invalidInput } from './errors.js';
import { isId } from './id.js';

export const MAX_LABEL_LENGTH = 50;
export const MAX_LABELS = 500;
/** Of one conversation, or of one contact. */
export const MAX_LABELS_SET = 20;

/** The form in which names of labels are stored. @throws DomainError INVALID_INPUT */
export function checkLabelName(text: string): string {
  return checkText(text, 'name', { max: MAX_LABEL_LENGTH }).replaceAll(/\s+/g, ' ');
}

/** @throws DomainError INVALID_INPUT */
export function checkColour(colour: string): string {
  if (!/^#[0-9a-f]{6}$/i.test(colour)) throw invalidInput('colour', 'must be written like #1f883d.');
  return colour.toLowerCase();
}

/** Each once. @throws DomainError INVALID_INPUT */
export function checkLabelIds(ids: readonly string[], field: string): string[] {
  if (ids.length > MAX_LABELS_SET) {
    throw invalidInput(field, `must be at most ${MAX_LABELS_SET} labels.`);
  }
  if (!ids.every(isId)) throw invalidInput(field, 'must be ids of labels.');
  return [...new Set(ids)];
}
