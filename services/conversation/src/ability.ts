import type { DefineRules } from '@fenster/auth';

/** Who may do what to which object of this service. Positive rules with equality conditions only. */
export const defineRules: DefineRules = (actor, can) => {
  if (actor.permissions.includes('conversation:read')) can('read', 'Conversation');
  if (actor.permissions.includes('message:send')) can('send', 'Conversation');
};
