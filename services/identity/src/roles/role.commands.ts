import { authorize, defineAbility, knownPermissions, type Actor, type Permission } from '@fenster/auth';
import { once, type Tx } from '@fenster/database';
import { DomainError, isId, newId, notFound } from '@fenster/runtime';
import { defineRules } from '../ability.js';
import type { IdentityContext } from '../context.js';
import { Member } from '../members/member.entity.js';
import { announceMembers } from '../directory/announce.js';
import { announceAccessChange, changeRights } from '../members/rights.js';
import { checkName, nameTaken, withFreeName } from '../name.js';
import { ROLES } from './built-in-role.js';
import { checkGrant } from './grant.js';
import { CustomRole } from './role.entity.js';
import { BUILT_IN_NAMES, describeRoles } from './role.queries.js';
import type { RoleType } from './role.types.js';

const UNIQUE_NAME = 'role_name_unique';

/** @throws DomainError INVALID_INPUT, NAME_TAKEN, BEYOND_YOUR_RIGHTS, IDEMPOTENCY_CONFLICT. */
export async function createRole(
  ctx: IdentityContext,
  input: { name: string; permissions: readonly Permission[]; idempotencyKey: string },
): Promise<RoleType> {
  const name = checkName(input.name);
  const permissions = [...new Set(input.permissions)].toSorted();
  const created = changeRights(ctx, 'role:manage', async (tx, actor) => {
    const request = { key: input.idempotencyKey, operation: 'createRole', input: { name, permissions } };
    const id = await once(tx, request, newId(), async (id) => {
      checkGrant(actor, permissions);
      checkIsNotBuiltIn(name);
      tx.em.create(CustomRole, { id, workspaceId: actor.workspaceId, name, permissions, createdAt: tx.now() });
      await tx.em.flush();
      tx.audit({ action: 'role.create', object: { type: 'role', id }, after: { name, permissions } });
    });
    return describe(actor, tx, await findRole(tx, actor, id));
  });
  return withFreeName(UNIQUE_NAME, 'role', created);
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
  const updated = changeRights(ctx, 'role:manage', async (tx, actor) => {
    const role = await findRole(tx, actor, id);
    checkGrant(actor, knownPermissions(role.permissions));
    const before = { name: role.name, permissions: role.permissions };
    if (name !== undefined && name !== role.name) {
      checkIsNotBuiltIn(name);
      role.name = name;
    }
    if (changes.permissions != null) {
      checkGrant(actor, changes.permissions);
      const permissions = [...new Set(changes.permissions)].toSorted();
      if (JSON.stringify(permissions) !== JSON.stringify(role.permissions)) {
        role.permissions = permissions;
        const ids = (await membersWith(tx, role)).map((member) => member.id);
        announceAccessChange(tx, ids, 'role_permissions');
        await announceMembers(tx, { workspaceId: actor.workspaceId, ids });
      }
    }
    const after = { name: role.name, permissions: role.permissions };
    tx.audit({ action: 'role.update', object: { type: 'role', id }, before, after });
    await tx.em.flush();
    return describe(actor, tx, role);
  });
  return withFreeName(UNIQUE_NAME, 'role', updated);
}

/** @throws DomainError NOT_FOUND, ROLE_IN_USE, BEYOND_YOUR_RIGHTS. */
export async function deleteRole(ctx: IdentityContext, id: string): Promise<{ id: string }> {
  return changeRights(ctx, 'role:manage', async (tx, actor) => {
    const role = await findRole(tx, actor, id);
    checkGrant(actor, knownPermissions(role.permissions));
    const memberCount = await tx.em.count(Member, { role: role.id, removedAt: null });
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
  if (!isId(id)) throw notFound('Role');
  const role = await tx.em.findOne(CustomRole, { id });
  authorize(defineAbility(actor, defineRules), 'change', 'Role', role);
  return role;
}

function membersWith(tx: Tx, role: CustomRole): Promise<Member[]> {
  return tx.em.find(Member, { role: role.id, removedAt: null }, { orderBy: { id: 'asc' } });
}

/** No role of the workspace may be taken for a built-in one. @throws DomainError NAME_TAKEN */
function checkIsNotBuiltIn(name: string): void {
  const same = (other: string) => other.toLowerCase() === name.toLowerCase();
  if (ROLES.some((role) => same(role) || same(BUILT_IN_NAMES[role]))) throw nameTaken('role');
}

async function describe(actor: Actor, tx: Tx, role: CustomRole): Promise<RoleType> {
  const [described] = await describeRoles(actor, tx.em, [role]);
  return described!;
}
