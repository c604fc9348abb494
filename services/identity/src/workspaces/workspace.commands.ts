import { authorize, defineAbility } from '@fenster/auth';
import { defineRules } from '../ability.js';
import type { IdentityContext } from '../context.js';
import { changeRights } from '../members/rights.js';
import { checkName } from '../name.js';
import { Workspace } from './workspace.entity.js';

/** @throws DomainError INVALID_INPUT */
export async function updateWorkspace(ctx: IdentityContext, input: { name: string }): Promise<Workspace> {
  const name = checkName(input.name);
  return changeRights(ctx, 'workspace:manage', async (tx, actor) => {
    const workspace = await tx.em.findOne(Workspace, { workspaceId: actor.workspaceId });
    authorize(defineAbility(actor, defineRules), 'change', 'Workspace', workspace);
    const object = { type: 'workspace', id: workspace.workspaceId } as const;
    tx.audit({ action: 'workspace.update', object, before: { name: workspace.name }, after: { name } });
    workspace.name = name;
    return workspace;
  });
}
