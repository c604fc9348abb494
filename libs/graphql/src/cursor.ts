import { invalidInput } from '@fenster/runtime';

const VERSION = 'c1.';

/** Opaque to clients: a position in the gapless event log of their workspace. */
export function encodeCursor(seq: number): string {
  return Buffer.from(`${VERSION}${seq}`).toString('base64url');
}

/** @throws DomainError INVALID_INPUT for anything that `encodeCursor` did not make. */
export function decodeCursor(cursor: string, field = 'after'): number {
  const text = Buffer.from(cursor, 'base64url').toString();
  const seq = text.startsWith(VERSION) ? Number(text.slice(VERSION.length)) : Number.NaN;
  if (!Number.isSafeInteger(seq) || seq < 0 || encodeCursor(seq) !== cursor) {
    throw invalidInput(field, 'is not a cursor that this API handed out.');
  }
  return seq;
}
