import { DomainError } from '@fenster/runtime';

/**
 * A workspace keeps an owner who can sign in, or nobody could ever change it again. `owners` are those of now,
 * without invited and removed ones; `nextRole` is undefined for a removal.
 * @throws DomainError LAST_OWNER
 */
export function checkLastOwner(owners: readonly string[], memberId: string, nextRole: string | undefined): void {
  const isLast = owners.length === 1 && owners[0] === memberId;
  if (isLast && nextRole !== 'owner') {
    throw new DomainError('LAST_OWNER', 'This is the last owner. Make somebody else an owner first.');
  }
}
