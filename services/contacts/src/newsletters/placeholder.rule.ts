import { MAX_SLOT_VALUE, type NewsletterSlot } from '@fenster/contracts';

/** What stands in a slot: an attribute of the recipient, or without a key their name. */
export interface Placeholder extends NewsletterSlot {
  attribute?: string;
  /** For whom nothing is known. Without one they get nothing. */
  fallback?: string;
}

/** What contacts knows of a recipient. */
export interface KnownValues {
  name: string | null;
  attributes: Readonly<Record<string, string>> | null;
}

/** Line breaks, tabs and further spaces: templates take none, and nobody’s name has more to say than it shows. */
const GAPS = /[\s\p{Cc}\p{Zl}\p{Zp}]+/gu;

/** As a template takes it; null if there is nothing to say, or too much. */
export function fitValue(raw: string | null | undefined): string | null {
  const value = (raw ?? '').toWellFormed().replaceAll(GAPS, ' ').trim();
  return value === '' || value.length > MAX_SLOT_VALUE ? null : value;
}

/** In the order of the placeholders; undefined if one of them has neither a value nor a fallback. */
export function valuesOf(
  placeholders: readonly Placeholder[],
  { name, attributes }: KnownValues,
): string[] | undefined {
  const values: string[] = [];
  for (const { attribute, fallback } of placeholders) {
    const known =
      attribute === undefined ? name : Object.hasOwn(attributes ?? {}, attribute) ? attributes![attribute] : null;
    const value = fitValue(known) ?? fitValue(fallback);
    if (value === null) return undefined;
    values.push(value);
  }
  return values;
}
