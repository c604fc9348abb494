import { defineAbility, type Ability } from '@fenster/auth';
import type { GraphQLContext } from '@fenster/graphql';
import { defineRules } from './ability.js';

export type ContactsContext = GraphQLContext;

export function abilityOf(ctx: ContactsContext): Ability {
  return defineAbility(ctx.requireActor(), defineRules);
}
