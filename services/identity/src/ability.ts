import type { DefineRules } from '@fenster/auth';

/** Who may do what to which object of this service. Positive rules with conditions on columns only. */
export const defineRules: DefineRules = (actor, can) => {
  const has = (permission: (typeof actor.permissions)[number]) => actor.permissions.includes(permission);
  if (has('workspace:read')) can('read', 'Workspace');
  if (has('workspace:manage')) can('change', 'Workspace');
  if (has('audit:read')) can('read', 'AuditEntry');
  // Colleagues know one another by name and role, or nobody could tell who answered; history keeps those who left.
  can('read', 'Member');
  // One's own address, and with the permission everybody's.
  can('read_email', 'Member', { id: actor.id });
  if (has('member:read')) can('read_email', 'Member');
  if (has('member:manage')) can('change', 'Member', { removedAt: null });
  // One's own teams, and with the permission all.
  can('read', 'Team', { id: actor.teamIds });
  if (has('team:read')) can('read', 'Team');
  if (has('team:manage')) can('change', 'Team');
  if (has('member:read') || has('role:manage')) can('read', 'Role');
  if (has('role:manage')) can('change', 'Role');
  can('read', 'Session', { memberId: actor.id });
  can('end', 'Session', { memberId: actor.id });
  if (has('api_key:manage')) can('manage', 'API key');
};
