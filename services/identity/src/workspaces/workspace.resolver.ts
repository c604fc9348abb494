import { accessibleWhere } from '@fenster/auth';
import { asResult, Authorized } from '@fenster/graphql';
import { notFound } from '@fenster/runtime';
import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { abilityOf, type IdentityContext } from '../context.js';
import { Workspace } from './workspace.entity.js';
import { updateWorkspace } from './workspace.commands.js';
import { UpdateWorkspaceResult, WorkspaceType } from './workspace.types.js';

@Resolver(() => WorkspaceType)
export class WorkspaceResolver {
  @Authorized('workspace:read')
  @Query(() => WorkspaceType, { description: 'Yours.' })
  async workspace(@Ctx() ctx: IdentityContext): Promise<Workspace> {
    const workspace = await ownWorkspace(ctx);
    if (!workspace) throw notFound('Workspace');
    return workspace;
  }

  @Authorized('workspace:manage')
  @Mutation(() => UpdateWorkspaceResult, { description: 'Yours.' })
  updateWorkspace(@Ctx() ctx: IdentityContext, @Arg('name', () => String) name: string): Promise<Workspace> {
    return asResult(updateWorkspace(ctx, { name }));
  }

  @FieldResolver(() => ID)
  id(@Root() workspace: Workspace): string {
    return workspace.workspaceId;
  }
}

/** How other subgraphs' references to a workspace are answered: null for every one but the actor's own. */
export async function resolveWorkspace(reference: { id: string }, ctx: IdentityContext): Promise<Workspace | null> {
  const workspace = await ownWorkspace(ctx);
  return workspace?.workspaceId === reference.id ? workspace : null;
}

function ownWorkspace(ctx: IdentityContext): Promise<Workspace | null> {
  return ctx.em.findOne(Workspace, accessibleWhere(abilityOf(ctx), 'read', 'Workspace'));
}
