import { AuthenticationError, mayAct, type Permission, type SingleAction } from '@fenster/auth';
import { Authorized as TypeGraphQLAuthorized, Extensions, type AuthChecker } from 'type-graphql';
import type { GraphQLContext } from './context.js';

/** Asks for a signed-in actor with all of these permissions. On a root field or on a field of an object. */
export function Authorized(...permissions: Permission[]): MethodDecorator & PropertyDecorator {
  return authorized(permissions, permissions);
}

/**
 * Like `@Authorized`, and open to API keys that may do this action only with some resources or only so often. The
 * command behind it asks `grantFor`; behind `@Authorized`, where nobody asks, such keys are refused.
 */
export function AuthorizedAction(action: SingleAction): MethodDecorator & PropertyDecorator {
  return authorized([{ action }], [action]);
}

function authorized(demands: Demand[], permissions: Permission[]): MethodDecorator & PropertyDecorator {
  return (target: object, key: string | symbol, descriptor?: PropertyDescriptor) => {
    (TypeGraphQLAuthorized<Demand>(demands) as MethodDecorator)(target, key, descriptor!);
    (Extensions({ [AUTHORIZATION]: permissions }) as MethodDecorator)(target, key, descriptor!);
  };
}

type Demand = Permission | { action: SingleAction };

/** Marks a root field that anybody may call without signing in. Every other one needs `@Authorized`. */
export function Public(): MethodDecorator {
  return Extensions({ [AUTHORIZATION]: 'public' }) as MethodDecorator;
}

/** Key of a field's extensions where its authorization is written: `'public'` or the permissions it asks for. */
export const AUTHORIZATION = 'fenster.authorization';

export const authChecker: AuthChecker<GraphQLContext, Demand> = ({ context: { actor } }, demands) => {
  if (!actor) throw new AuthenticationError();
  return demands.every((demand) =>
    typeof demand === 'string' ? actor.permissions.includes(demand) : mayAct(actor, demand.action),
  );
};
