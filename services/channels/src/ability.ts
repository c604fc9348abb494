import { defineAbility, type Ability, type DefineRules } from '@fenster/auth';
import type { GraphQLContext } from '@fenster/graphql';

/** Who may do what to which object of this service. Positive rules with equality conditions only. */
const defineRules: DefineRules = (actor, can) => {
  if (actor.permissions.includes('channel:read')) can('read', 'Channel');
  if (actor.permissions.includes('webhook_event:read')) can('read', 'DeadLetter');
};

export function abilityOf(ctx: Pick<GraphQLContext, 'requireActor'>): Ability {
  return defineAbility(ctx.requireActor(), defineRules);
}
