import type { Permission } from '@fenster/auth';
import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import type { IdentityContext } from '../context.js';
import { createRole, deleteRole, updateRole } from './role.commands.js';
import { listRoles } from './role.queries.js';
import { CreateRoleResult, DeleteRoleResult, PermissionEnum, RoleType, UpdateRoleResult } from './role.types.js';

@Resolver()
export class RoleResolver {
  @Authorized()
  @Query(() => [PermissionEnum], { description: 'What your access token allows.' })
  myPermissions(@Ctx() ctx: IdentityContext): readonly Permission[] {
    return ctx.requireActor().permissions;
  }

  @Authorized()
  @Query(() => [RoleType], {
    description: 'The built-in roles, then those that your workspace made, if you may read members.',
  })
  roles(@Ctx() ctx: IdentityContext): Promise<RoleType[]> {
    return listRoles(ctx);
  }

  @Authorized('role:manage')
  @Mutation(() => CreateRoleResult)
  createRole(
    @Ctx() ctx: IdentityContext,
    @Arg('name', () => String) name: string,
    @Arg('permissions', () => [PermissionEnum]) permissions: Permission[],
    @Arg('idempotencyKey', () => ID) idempotencyKey: string,
  ): Promise<RoleType> {
    return asResult(createRole(ctx, { name, permissions, idempotencyKey }));
  }

  @Authorized('role:manage')
  @Mutation(() => UpdateRoleResult, {
    description: 'Changes what is given. New permissions hold at once for everybody who has the role.',
  })
  updateRole(
    @Ctx() ctx: IdentityContext,
    @Arg('id', () => ID) id: string,
    @Arg('name', () => String, { nullable: true }) name?: string | null,
    @Arg('permissions', () => [PermissionEnum], { nullable: true }) permissions?: Permission[] | null,
  ): Promise<RoleType> {
    return asResult(updateRole(ctx, id, { name, permissions }));
  }

  @Authorized('role:manage')
  @Mutation(() => DeleteRoleResult)
  deleteRole(@Ctx() ctx: IdentityContext, @Arg('id', () => ID) id: string): Promise<{ id: string }> {
    return asResult(deleteRole(ctx, id));
  }
}
