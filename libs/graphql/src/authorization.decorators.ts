import type { Permission } from '@fenster/auth';
import { Authorized as TypeGraphQLAuthorized, Extensions, type AuthChecker } from 'type-graphql';
import { AuthenticationError } from '@fenster/auth';
import type { GraphQLContext } from './context.js';

/** Asks for a signed-in actor with all of these permissions. On a root field or on a field of an object. */
export function Authorized(...permissions: Permission[]): MethodDecorator & PropertyDecorator {
  return (target: object, key: string | symbol, descriptor?: PropertyDescriptor) => {
    (TypeGraphQLAuthorized(permissions) as MethodDecorator)(target, key, descriptor!);
    (Extensions({ [AUTHORIZATION]: permissions }) as MethodDecorator)(target, key, descriptor!);
  };
}

/** Marks a root field that anybody may call without signing in. Every other one needs `@Authorized`. */
export function Public(): MethodDecorator {
  return Extensions({ [AUTHORIZATION]: 'public' }) as MethodDecorator;
}

/** Key of a field's extensions where its authorization is written: `'public'` or the permissions it asks for. */
export const AUTHORIZATION = 'fenster.authorization';

export const authChecker: AuthChecker<GraphQLContext, Permission> = ({ context }, permissions) => {
  if (!context.actor) throw new AuthenticationError();
  return permissions.every((permission) => context.actor!.permissions.includes(permission));
};
