import { checkText, invalidInput } from '@fenster/runtime';

export const ATTRIBUTE_TYPES = ['TEXT', 'NUMBER', 'BOOLEAN', 'DATE', 'CHOICE'] as const;
export type AttributeType = (typeof ATTRIBUTE_TYPES)[number];

/** What decides how long values are kept; how long that is, the rules of retention say. */
export const RETENTION_CLASSES = ['MASTER_DATA', 'PREFERENCE', 'CONTRACT', 'SENSITIVE'] as const;
export type RetentionClass = (typeof RETENTION_CLASSES)[number];

export const MAX_ATTRIBUTES = 200;
export const MAX_OPTIONS = 100;
export const MAX_VALUE_LENGTH = 1_000;
const MAX_OPTION_LENGTH = 100;
const KEY = /^[a-z][a-z0-9_]{0,39}$/;
const NUMBER = /^-?\d{1,15}(\.\d{1,9})?$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** What a value must be like. */
export interface AttributeShape {
  type: AttributeType;
  options: readonly string[];
}

/** As it is stored: `number` only of numbers, to compare them. */
export interface StoredValue {
  value: string;
  number: number | null;
}

/** @throws DomainError INVALID_INPUT */
export function checkKey(key: string): string {
  if (!KEY.test(key)) {
    throw invalidInput('key', 'must be a small letter, then at most 39 small letters, digits and underscores.');
  }
  return key;
}

/** Each once, in this order; only of a choice. @throws DomainError INVALID_INPUT */
export function checkOptions(type: AttributeType, options: readonly string[] | null | undefined): string[] {
  const checked = [
    ...new Set((options ?? []).map((option) => checkText(option, 'options', { max: MAX_OPTION_LENGTH }))),
  ];
  const most = type === 'CHOICE' ? MAX_OPTIONS : 0;
  const least = type === 'CHOICE' ? 1 : 0;
  if (checked.length < least || checked.length > most) {
    throw invalidInput('options', most ? `must be 1 to ${MAX_OPTIONS} of a CHOICE.` : 'are for a CHOICE.');
  }
  return checked;
}

/** @throws DomainError INVALID_INPUT naming the field */
export function checkValue({ type, options }: AttributeShape, text: string, field: string): StoredValue {
  const trimmed = text.trim();
  switch (type) {
    case 'TEXT':
      return { value: checkText(text, field, { max: MAX_VALUE_LENGTH }), number: null };
    case 'NUMBER': {
      if (!NUMBER.test(trimmed)) throw invalidInput(field, 'must be a number such as 12 or -0.5.');
      // There is no other zero.
      const number = Number(trimmed) || 0;
      return { value: String(number), number };
    }
    case 'BOOLEAN': {
      const value = trimmed.toLowerCase();
      if (value !== 'true' && value !== 'false') throw invalidInput(field, 'must be true or false.');
      return { value, number: null };
    }
    case 'DATE':
      if (!isDate(trimmed)) throw invalidInput(field, 'must be a date such as 2026-11-22.');
      return { value: trimmed, number: null };
    case 'CHOICE': {
      const option = options.find((each) => each.toLowerCase() === trimmed.normalize('NFC').toLowerCase());
      if (option === undefined) throw invalidInput(field, `must be one of: ${options.join(', ')}.`);
      return { value: option, number: null };
    }
  }
}

function isDate(text: string): boolean {
  if (!DATE.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  // The thirtieth of February would be another day.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
