import type { Actor, Permission } from '@fenster/auth';
import { DomainError } from '@fenster/runtime';

/** What of this the actor does not have, and therefore can neither give to anybody nor take from anybody. */
export function missingToGrant(actor: Pick<Actor, 'permissions'>, permissions: readonly Permission[]): Permission[] {
  return permissions.filter((permission) => !actor.permissions.includes(permission));
}

/**
 * Nobody gives what they do not have: not by a role, nor by changing one. For taking it is the same, or an admin could
 * make every owner an agent.
 * @throws DomainError BEYOND_YOUR_RIGHTS
 */
export function checkGrant(actor: Pick<Actor, 'permissions'>, permissions: readonly Permission[]): void {
  const missing = missingToGrant(actor, permissions);
  if (missing.length > 0) throw beyond(missing);
}

/**
 * Teams let their members see conversations, so the same holds for who comes into a team and for a team's channels:
 * whoever sees only some conversations brings others only to these.
 * @param given ids of the teams or channels that somebody comes to see.
 * @param held those of the actor.
 * @throws DomainError BEYOND_YOUR_RIGHTS
 */
export function checkTeamGrant(
  actor: Pick<Actor, 'permissions'>,
  given: readonly string[],
  held: readonly string[],
): void {
  const missing = missingToGrant(actor, ['conversation:read', 'conversation:read_all']);
  const sees = actor.permissions.includes('conversation:read') && given.every((id) => held.includes(id));
  if (missing.length > 0 && given.length > 0 && !sees) throw beyond(missing);
}

function beyond(missing: readonly Permission[]): DomainError {
  return new DomainError(
    'BEYOND_YOUR_RIGHTS',
    'You can only give and take rights that you have yourself. Ask somebody who has them.',
    { details: { missing } },
  );
}
