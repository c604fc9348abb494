import { PERMISSIONS, type Permission } from '@fenster/auth';

export const ROLES = ['owner', 'admin', 'supervisor', 'agent', 'finance', 'privacy_officer'] as const;
export type Role = (typeof ROLES)[number];

const AGENT: readonly Permission[] = [
  'workspace:read',
  'member:read',
  'channel:read',
  'contact:read',
  'contact:read_phone',
  'conversation:read',
  'message:read',
  'message:send',
  // Who writes should see what writing costs.
  'cost:read',
];

/**
 * What each built-in role may do. Finance sees what a conversation cost and never what was written in it nor
 * who with; the privacy officer sees who the data are about and never what was written.
 */
const PERMISSIONS_OF: Readonly<Record<Role, readonly Permission[]>> = {
  owner: PERMISSIONS,
  admin: PERMISSIONS,
  supervisor: [...AGENT, 'conversation:manage'],
  agent: AGENT,
  finance: ['workspace:read', 'channel:read', 'conversation:read', 'cost:read'],
  privacy_officer: ['workspace:read', 'channel:read', 'contact:read', 'contact:read_phone'],
};

/** None for a role that this version does not know. */
export function permissionsOf(role: string): readonly Permission[] {
  return Object.hasOwn(PERMISSIONS_OF, role) ? PERMISSIONS_OF[role as Role] : [];
}
