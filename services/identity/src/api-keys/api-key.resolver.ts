import { knownGrants, knownPermissions, type Permission } from '@fenster/auth';
import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { IdentityContext } from '../context.js';
import { resolveMember } from '../members/member.resolver.js';
import { MemberType } from '../members/member.types.js';
import { PermissionEnum } from '../roles/role.types.js';
import { createApiKey, revokeApiKey } from './api-key.commands.js';
import type { ApiKey } from './api-key.entity.js';
import { listApiKeys } from './api-key.queries.js';
import {
  ApiKeyActionType,
  ApiKeyPage,
  ApiKeyType,
  CreateApiKeyInput,
  CreateApiKeyResult,
  RevokeApiKeyResult,
} from './api-key.types.js';

@Resolver(() => ApiKeyType)
export class ApiKeyResolver {
  @Authorized('api_key:manage')
  @Query(() => ApiKeyPage, { description: 'Those of your workspace, also if they have ended.' })
  apiKeys(
    @Ctx() ctx: IdentityContext,
    @Arg('first', () => Int, { defaultValue: 50 }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ) {
    return listApiKeys(ctx, { first, after });
  }

  @Authorized('api_key:manage')
  @Mutation(() => CreateApiKeyResult, {
    description: 'A login for a program. The key keeps its rights when you lose yours, until it ends or is revoked.',
  })
  createApiKey(@Ctx() ctx: IdentityContext, @Arg('input', () => CreateApiKeyInput) input: CreateApiKeyInput) {
    return asResult(createApiKey(ctx, input));
  }

  @Authorized('api_key:manage')
  @Mutation(() => RevokeApiKeyResult, { description: 'Ends it within a second, for good.' })
  revokeApiKey(@Ctx() ctx: IdentityContext, @Arg('id', () => ID) id: string): Promise<ApiKey> {
    return asResult(revokeApiKey(ctx, id));
  }

  @FieldResolver(() => [PermissionEnum])
  permissions(@Root() apiKey: ApiKey): Permission[] {
    return knownPermissions(apiKey.permissions);
  }

  @FieldResolver(() => [ApiKeyActionType], { description: 'Beside the permissions.' })
  actions(@Root() apiKey: ApiKey): ApiKeyActionType[] {
    return knownGrants(apiKey.grants);
  }

  @FieldResolver(() => MemberType, { nullable: true })
  createdBy(@Root() apiKey: ApiKey, @Ctx() ctx: IdentityContext) {
    return resolveMember({ id: apiKey.createdBy }, ctx);
  }
}
