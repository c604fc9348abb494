import type { DefineRules } from '@fenster/auth';

/** Who may do what to which object of this service. Positive rules with equality conditions only. */
export const defineRules: DefineRules = (actor, can) => {
  if (actor.permissions.includes('workspace:read')) can('read', 'Workspace');
  // Colleagues know one another by name and role, or nobody could tell who answered.
  can('read', 'Member');
  // One's own address, and with the permission everybody's.
  can('read_email', 'Member', { id: actor.id });
  if (actor.permissions.includes('member:read')) can('read_email', 'Member');
};
