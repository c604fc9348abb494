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

/** The page of `rows`, of which one more than `size` was asked for: it tells whether there is another page. */
export function pageOf<T>(
  rows: readonly T[],
  size: number,
  positionOf: (row: T) => PagePosition,
): { nodes: T[]; nextPage: string | null } {
  const nodes = rows.slice(0, size);
  const last = nodes.at(-1);
  return { nodes, nextPage: rows.length > size && last !== undefined ? encodePage(positionOf(last)) : null };
}

/**
 * As a condition for MikroORM: what comes after a position when the newest is first; everything without one. It says of the
 * time twice what the second half says, so that the index has a range to read.
 */
export function olderThan(column: string, position: PagePosition | undefined): Record<string, unknown> {
  if (!position) return {};
  return {
    [column]: { $lte: position.at },
    $or: [{ [column]: { $lt: position.at } }, { id: { $lt: position.id } }],
  };
}
