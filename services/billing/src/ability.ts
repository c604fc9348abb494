import type { DefineRules } from '@fenster/auth';
import { abilitiesBy } from '@fenster/graphql';

/**
 * Who may do what to which object of this service. Positive rules with equality conditions only.
 *
 * Whose a conversation is, only the conversation service knows. So whoever does not see all of them comes to costs by
 * way of a conversation that this service has let through (`Conversation.cost`), and never by an id of their own.
 */
const defineRules: DefineRules = (actor, can) => {
  if (!actor.permissions.includes('cost:read')) return;
  can('read', 'ConversationCost');
  if (!actor.permissions.includes('conversation:read_all')) return;
  can('read', 'Charge');
  can('read', 'CostExport');
};

export const abilityOf = abilitiesBy(defineRules);
