import type { Ability } from '@fenster/auth';
import { defineAbility } from '@fenster/auth';
import type { LiveLog } from '@fenster/database';
import type { GraphQLContext } from '@fenster/graphql';
import { defineRules } from './ability.js';

export interface ConversationApp {
  liveLog: LiveLog;
}

export type ConversationContext = GraphQLContext<ConversationApp>;

export function abilityOf(ctx: ConversationContext): Ability {
  return defineAbility(ctx.requireActor(), defineRules);
}
