import { createHash } from 'node:crypto';
import type { ActionGrant } from './action-grant.js';

/** Everything that a rule may ask about the person or program behind a request. */
export interface Actor {
  readonly kind: 'member' | 'api_key' | 'system';
  /** Member id, or the id of the key or program. */
  readonly id: string;
  readonly workspaceId: string;
  /** The key of a built-in role, or the id of one that the workspace made. For display; rules ask for permissions. */
  readonly role: string;
  readonly permissions: readonly Permission[];
  /** Of an API key: single actions beyond its permissions. */
  readonly grants?: readonly ActionGrant[];
  readonly teamIds: readonly string[];
  /** The channels of these teams. */
  readonly channelIds: readonly string[];
  readonly sessionId: string | undefined;
  /** When these rights were read: a later change makes the token one of the past. Milliseconds count. */
  readonly issuedAt: Date | undefined;
  /** When the token ends; a socket does not outlive it. */
  readonly expiresAt: Date | undefined;
}

/** `<subject>:<action>`. A role is a named set of these. */
export const PERMISSIONS = [
  'workspace:read',
  'workspace:manage',
  'member:read',
  'member:manage',
  'team:read',
  'team:manage',
  'role:manage',
  'api_key:manage',
  'audit:read',
  'channel:read',
  'channel:manage',
  // Message templates; who sees channels sees theirs.
  'template:manage',
  'contact:read',
  'contact:read_phone',
  'contact:update',
  // What there is to know of contacts: attributes, labels, segments, imports and exports.
  'contact:manage',
  'consent:read',
  'consent:manage',
  // Note what a person said, with its proof; not texts and purposes.
  'consent:record',
  'erasure:manage',
  // How long data are kept, whose are held, and that nothing is removed for now.
  'retention:manage',
  // Copies of all that there is about a person, for them: whoever may hand one out can read it.
  'access_request:manage',
  // Without `read_all`: those of one's teams, those assigned to oneself, unassigned ones of one's teams' channels.
  'conversation:read',
  'conversation:read_all',
  // Work on those that one may see: status, assignment, labels, notes.
  'conversation:update',
  // How the inbox works for everybody: routing, hours, service levels, shared texts and views.
  'conversation:manage',
  'message:read',
  'message:send',
  // Let others' messages leave, and newsletters, that a budget holds.
  'message:approve',
  'cost:read',
  // Price books and the closing of periods.
  'cost:manage',
  'webhook_event:read',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

const known: ReadonlySet<string> = new Set(PERMISSIONS);

/** A token may name permissions of a newer version; those grant nothing here. */
export function knownPermissions(values: readonly string[]): Permission[] {
  return values.filter((value): value is Permission => known.has(value)).toSorted();
}

/**
 * Two actors with the same key see the same things, so the gateway executes a subscription once for both.
 * Whatever a resolver of a shared subscription reads from the actor must be part of it; who one is decides what is
 * assigned to one, what mentions one, and one's own address.
 */
export function rightsKey(actor: Actor): string {
  return hashRights(actor, actor.id);
}

/** The same for subscriptions whose events say who their audience is: there, being somebody else is no other right. */
export function sharedRightsKey(actor: Actor): string {
  // Without this permission one sees one's own e-mail address, and nobody else's.
  return hashRights(actor, actor.permissions.includes('member:read') ? null : actor.id);
}

function hashRights({ workspaceId, permissions, teamIds, channelIds }: Actor, id: string | null): string {
  const rights = [permissions, teamIds, channelIds].map((values) => values.toSorted());
  return createHash('sha256')
    .update(JSON.stringify([workspaceId, id, ...rights]))
    .digest('base64url');
}
