import { knownPermissions, PERMISSIONS, type Permission } from '@fenster/auth';

export const ROLES = ['owner', 'admin', 'supervisor', 'agent', 'finance', 'privacy_officer', 'bot'] as const;
export type Role = (typeof ROLES)[number];

/** The built-in roles that a person can have: programs have no login but an API key. */
export type MemberRole = Exclude<Role, 'bot'>;
export const MEMBER_ROLES: readonly MemberRole[] = ROLES.filter(isMemberRole);

const AGENT: readonly Permission[] = [
  'workspace:read',
  'member:read',
  'team:read',
  'channel:read',
  'contact:read',
  'contact:read_phone',
  'contact:update',
  // A wish that somebody hears has to be kept at once.
  'consent:record',
  'conversation:read',
  'conversation:update',
  'message:read',
  'message:send',
  // Who writes should see what writing costs.
  'cost:read',
];

/**
 * What each built-in role may do. Only owners have everything, so that nobody but an owner can make or unmake one.
 * Finance sees what a conversation cost and never what was written in it nor who with; the privacy officer sees who
 * the data are about, their consent and their erasure, and never what was written, but in the copies that they hand out.
 */
const PERMISSIONS_OF: Readonly<Record<Role, readonly Permission[]>> = {
  owner: PERMISSIONS,
  admin: PERMISSIONS.filter((permission) => permission !== 'workspace:manage'),
  supervisor: [
    ...AGENT,
    'conversation:read_all',
    'conversation:manage',
    'contact:manage',
    'template:manage',
    'consent:read',
    'message:approve',
  ],
  agent: AGENT,
  finance: ['workspace:read', 'channel:read', 'conversation:read', 'conversation:read_all', 'cost:read', 'cost:manage'],
  privacy_officer: [
    'workspace:read',
    'channel:read',
    'contact:read',
    'contact:read_phone',
    // Whoever asks for it has what is wrong of them put right.
    'contact:update',
    'consent:read',
    'consent:manage',
    'consent:record',
    'erasure:manage',
    'retention:manage',
    'access_request:manage',
    'audit:read',
  ],
  bot: [
    'workspace:read',
    'channel:read',
    'contact:read',
    'conversation:read',
    'conversation:read_all',
    'conversation:update',
    'message:read',
    'message:send',
  ],
};

export function isBuiltIn(role: string): role is Role {
  return Object.hasOwn(PERMISSIONS_OF, role);
}

export function isMemberRole(role: Role): role is MemberRole {
  return role !== 'bot';
}

/** Of any role, given the permissions of those that the workspace made. None for one that this version does not know. */
export function permissionsIn(role: string, custom: readonly string[] | null | undefined): readonly Permission[] {
  return isBuiltIn(role) ? permissionsOf(role) : knownPermissions(custom ?? []);
}

export function permissionsOf(role: Role): readonly Permission[] {
  return PERMISSIONS_OF[role];
}
