import { createHash } from 'node:crypto';

/** Everything that a rule may ask about the person or program behind a request. */
export interface Actor {
  readonly kind: 'member' | 'api_key' | 'system';
  /** Member id, or the id of the key or program. */
  readonly id: string;
  readonly workspaceId: string;
  readonly role: string;
  readonly permissions: readonly Permission[];
  readonly sessionId: string | undefined;
  /** When the token ends; a socket does not outlive it. */
  readonly expiresAt: Date | undefined;
}

/** `<subject>:<action>`. A role is a named set of these. */
export const PERMISSIONS = [
  'workspace:read',
  'member:read',
  'channel:read',
  'channel:manage',
  'contact:read',
  'contact:read_phone',
  'conversation:read',
  'conversation:manage',
  'message:read',
  'message:send',
  'cost:read',
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
 * Whatever a resolver of a shared subscription reads from the actor must be part of it.
 */
export function rightsKey(actor: Actor): string {
  return createHash('sha256')
    .update(JSON.stringify([actor.workspaceId, actor.permissions.toSorted()]))
    .digest('base64url');
}
