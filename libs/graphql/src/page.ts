import { invalidInput, isId } from '@fenster/runtime';

/** Where a keyset page over `(time, id)` ends. */
export interface PagePosition {
  at: Date;
  id: string;
}

export const MAX_PAGE_SIZE = 100;

/** @throws DomainError INVALID_INPUT */
export function checkPageSize(size: number, field = 'first'): number {
  if (size < 1 || size > MAX_PAGE_SIZE) throw invalidInput(field, `must be between 1 and ${MAX_PAGE_SIZE}.`);
  return size;
}

export function encodePage({ at, id }: PagePosition): string {
  return Buffer.from(`${at.toISOString()} ${id}`).toString('base64url');
}

/** @throws DomainError INVALID_INPUT for anything that `encodePage` did not make. */
export function decodePage(page: string, field: string): PagePosition {
  const [time = '', id] = Buffer.from(page, 'base64url').toString().split(' ');
  const at = new Date(time);
  if (Number.isNaN(at.getTime()) || !isId(id) || encodePage({ at, id }) !== page) {
    throw invalidInput(field, 'is not a page that this API handed out.');
  }
  return { at, id };
}
