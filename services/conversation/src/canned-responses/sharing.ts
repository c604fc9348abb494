import { DomainError, isId, notFound } from '@fenster/runtime';
import type { Actor } from '@fenster/auth';
import type { Tx } from '@fenster/database';
import { enumOf, registerUserError, UserError } from '@fenster/graphql';
import { ObjectType } from 'type-graphql';
import { Team } from '../directory/directory.entity.js';

export const SHARINGS = ['PERSONAL', 'TEAM', 'EVERYBODY'] as const;
export type Sharing = (typeof SHARINGS)[number];

export const SharingEnum = enumOf(SHARINGS, {
  name: 'Sharing',
  description: 'Whose it is: yours alone, a team’s, or everybody’s. All but the first need conversation:manage.',
});

@ObjectType({
  implements: UserError,
  description: 'What is for others is changed with the permission conversation:manage.',
})
export class ManageRequired extends UserError {}
registerUserError(ManageRequired, 'MANAGE_REQUIRED');

export function manageRequired(): DomainError {
  return new DomainError('MANAGE_REQUIRED', 'What is for others is changed by those who manage the inbox.');
}

/**
 * Whose something new is.
 * @throws DomainError MANAGE_REQUIRED, NOT_FOUND for a team that does not exist.
 */
export async function placeShared(
  tx: Tx,
  actor: Actor,
  { sharing, teamId }: { sharing: Sharing; teamId?: string | null | undefined },
): Promise<{ sharing: Sharing; teamId: string | null; ownerId: string | null }> {
  if (sharing === 'PERSONAL') return { sharing, teamId: null, ownerId: actor.id };
  if (!actor.permissions.includes('conversation:manage')) throw manageRequired();
  if (sharing === 'EVERYBODY') return { sharing, teamId: null, ownerId: null };
  const team = isId(teamId) && (await tx.em.findOne(Team, { id: teamId }));
  if (!team) throw notFound('Team', 'teamId');
  return { sharing, teamId: team.id, ownerId: null };
}
