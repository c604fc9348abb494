import type { DefineRules } from '@fenster/auth';

/** Who may do what to which object of this service. Positive rules with equality conditions only. */
export const defineRules: DefineRules = (actor, can) => {
  if (actor.permissions.includes('contact:read')) {
    can('read', 'Contact');
    can('read', 'ContactIdentity');
    if (actor.permissions.includes('contact:read_phone')) can('read_phone', 'Contact');
  }
};
