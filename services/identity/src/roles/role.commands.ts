import { authorize, defineAbility, type Actor, type Permission } from '@fenster/auth';
import { once, type Tx } from '@fenster/database';
import { DomainError, isId, newId, notFound } from '@fenster/runtime';
import { defineRules } from '../ability.js';
import type { IdentityContext } from '../context.js';
import { Member } from '../members/member.entity.js';
import { announceAccessChange, changeRights } from '../members/rights.js';
import { checkName } from '../name.js';
import { ROLES } from './built-in-role.js';
import { checkGrant } from './grant.js';
import { CustomRole } from './role.entity.js';
import { BUILT_IN_NAMES, describeRoles } from './role.queries.js';
import type { RoleType } from './role.types.js';

/** @throws DomainError INVALID_INPUT, NAME_TAKEN, BEYOND_YOUR_RIGHTS, IDEMPOTENCY_CONFLICT. */
export async function createRole(
  ctx: IdentityContext,
  input: { name: string; permissions: readonly Permission[]; idempotencyKey: string },
): Promise<RoleType> {
  const name = checkName(input.name);
  const permissions = [...new Set(input.permissions)].toSorted();
  return changeRights(ctx, 'role:manage', async (tx, actor) => {
    const request = { key: input.idempotencyKey, operation: 'createRole', input: { name, permissions } };
    const id = await once(tx, request, newId(), async (id) => {
      checkGrant(actor, permissions);
      await checkNameIsFree(tx, name);
      tx.em.create(CustomRole, { id, workspaceId: actor.workspaceId, name, permissions, createdAt: tx.now() });
      await tx.em.flush();
      tx.audit({ action: 'role.create', object: { type: 'role', id }, after: { name, permissions } });
    });
    return describe(ctx, tx, await findRole(tx, actor, id));
  });
}

/**
 * Changes name or permissions, for all who have the role at once.
 * @throws DomainError INVALID_INPUT, NOT_FOUND, NAME_TAKEN, BEYOND_YOUR_RIGHTS.
 */
export async function updateRole(
  ctx: IdentityContext,
  id: string,
  changes: { name?: string | null | undefined; permissions?: readonly Permission[] | null | undefined },
): Promise<RoleType> {
  const name = changes.name == null ? undefined : checkName(changes.name);
  return changeRights(ctx, 'role:manage', async (tx, actor) => {
    const role = await findRole(tx, actor, id);
    checkGrant(actor, role.permissions);
    const before = { name: role.name, permissions: role.permissions };
    if (name !== undefined && name !== role.name) {
      await checkNameIsFree(tx, name, role);
      role.name = name;
    }
    if (changes.permissions != null) {
      checkGrant(actor, changes.permissions);
      const permissions = [...new Set(changes.permissions)].toSorted();
      if (JSON.stringify(permissions) !== JSON.stringify(role.permissions)) {
        role.permissions = permissions;
        const members = await membersWith(tx, role);
        announceAccessChange(
          tx,
          members.map((member) => member.id),
          'role_permissions',
        );
      }
    }
    const after = { name: role.name, permissions: role.permissions };
    tx.audit({ action: 'role.update', object: { type: 'role', id }, before, after });
    await tx.em.flush();
    return describe(ctx, tx, role);
  });
}

/** @throws DomainError NOT_FOUND, ROLE_IN_USE, BEYOND_YOUR_RIGHTS. */
export async function deleteRole(ctx: IdentityContext, id: string): Promise<{ id: string }> {
  return changeRights(ctx, 'role:manage', async (tx, actor) => {
    const role = await findRole(tx, actor, id);
    checkGrant(actor, role.permissions);
    const { length: memberCount } = await membersWith(tx, role);
    if (memberCount > 0) {
      throw new DomainError('ROLE_IN_USE', `${memberCount} members have this role. Give them another one first.`, {
        details: { memberCount },
      });
    }
    const { name, permissions } = role;
    tx.audit({ action: 'role.delete', object: { type: 'role', id }, before: { name, permissions } });
    tx.em.remove(role);
    return { id };
  });
}

async function findRole(tx: Tx, actor: Actor, id: string): Promise<CustomRole> {
  if (!isId(id)) throw notFound('CustomRole');
  const role = await tx.em.findOne(CustomRole, { id });
  authorize(defineAbility(actor, defineRules), 'change', 'CustomRole', role);
  return role;
}

function membersWith(tx: Tx, role: CustomRole): Promise<Member[]> {
  return tx.em.find(Member, { role: role.id, removedAt: null }, { orderBy: { id: 'asc' } });
}

async function checkNameIsFree(tx: Tx, name: string, except?: CustomRole): Promise<void> {
  const same = (other: string) => other.toLowerCase() === name.toLowerCase();
  const roles = await tx.em.find(CustomRole, {});
  const isTaken =
    roles.some((role) => role !== except && same(role.name)) ||
    ROLES.some((role) => same(role) || same(BUILT_IN_NAMES[role]));
  if (isTaken) throw new DomainError('NAME_TAKEN', 'There is a role of this name. Choose another name.');
}

async function describe(ctx: IdentityContext, tx: Tx, role: CustomRole): Promise<RoleType> {
  const [described] = await describeRoles(ctx, tx.em, [role]);
  return described!;
}
