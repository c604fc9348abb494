import { isUtf8 } from 'node:buffer';

const MAX_FIELDS = 1_000;

/** The fields of a form, as it is posted; undefined for what is none. */
export function parseForm(rawBody: Buffer): URLSearchParams | undefined {
  if (rawBody.length === 0 || !isUtf8(rawBody)) return undefined;
  const fields = new URLSearchParams(rawBody.toString('utf8'));
  return fields.size <= MAX_FIELDS ? fields : undefined;
}
