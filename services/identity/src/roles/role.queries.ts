import { accessibleWhere, knownPermissions, type Actor, type Permission } from '@fenster/auth';
import type { EntityManager } from '@fenster/database';
import { abilityOf, type IdentityContext } from '../context.js';
import { isBuiltIn, isMemberRole, permissionsIn, permissionsOf, ROLES, type Role } from './built-in-role.js';
import { missingToGrant } from './grant.js';
import { CustomRole } from './role.entity.js';
import type { RoleType } from './role.types.js';

export const BUILT_IN_NAMES: Readonly<Record<Role, string>> = {
  owner: 'Owner',
  admin: 'Admin',
  supervisor: 'Supervisor',
  agent: 'Agent',
  finance: 'Finance',
  privacy_officer: 'Privacy officer',
  bot: 'Bot',
};

/** What a role allows; undefined for one that the workspace does not have. */
export async function findPermissions(em: EntityManager, role: string): Promise<readonly Permission[] | undefined> {
  const custom = isBuiltIn(role) ? undefined : await em.findOne(CustomRole, { id: role });
  return custom === null ? undefined : permissionsIn(role, custom?.permissions);
}

/** Built-in ones first, then those of the workspace by name. */
export async function listRoles(ctx: IdentityContext): Promise<RoleType[]> {
  const custom = await ctx.em.find(CustomRole, accessibleWhere(abilityOf(ctx), 'read', 'Role'), {
    orderBy: { name: 'asc', id: 'asc' },
  });
  return describeRoles(ctx.requireActor(), ctx.em, [...ROLES, ...custom]);
}

export async function describeRoles(
  actor: Actor,
  em: EntityManager,
  roles: readonly (Role | CustomRole)[],
): Promise<RoleType[]> {
  const counts = await em.execute<{ role: string; members: number }[]>(
    'select role, count(*)::int as members from member where workspace_id = ? and removed_at is null group by role',
    [actor.workspaceId],
  );
  const countOf = new Map(counts.map(({ role, members }) => [role, members]));
  return roles.map((role) => {
    const own =
      typeof role === 'string'
        ? { id: role, name: BUILT_IN_NAMES[role], permissions: permissionsOf(role) }
        : { id: role.id, name: role.name, permissions: knownPermissions(role.permissions) };
    return {
      ...own,
      isBuiltIn: typeof role === 'string',
      memberCount: countOf.get(own.id) ?? 0,
      mayGrant:
        (typeof role !== 'string' || isMemberRole(role)) &&
        actor.permissions.includes('member:manage') &&
        missingToGrant(actor, own.permissions).length === 0,
    };
  });
}
