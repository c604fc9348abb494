import { DomainError } from '@fenster/runtime';
import type { Actor, Permission } from './actor.js';

/** What an API key can be granted alone: actions whose commands ask {@link grantFor}, and know their resources. */
export const SINGLE_ACTIONS = ['message:send'] as const satisfies readonly Permission[];
export type SingleAction = (typeof SINGLE_ACTIONS)[number];

const PERIOD_MS = { MINUTE: 60_000, HOUR: 3_600_000, DAY: 86_400_000 } as const;
export type QuotaPeriod = keyof typeof PERIOD_MS;
export const QUOTA_PERIODS = Object.keys(PERIOD_MS) as QuotaPeriod[];

/** So many times in each minute, hour or day of UTC. */
export interface Quota {
  readonly count: number;
  readonly per: QuotaPeriod;
}

/** One action that an API key may do, in place of all that its permission allows. */
export interface ActionGrant {
  readonly action: SingleAction;
  /** What it may be done with, e.g. `template:order_shipped`; anything if absent. */
  readonly resource?: string | undefined;
  readonly quota?: Quota | undefined;
}

/** Whether there is anything that the actor may do of this action; with what, and how often, says {@link grantFor}. */
export function mayAct(actor: Actor, action: SingleAction): boolean {
  return actor.permissions.includes(action) || grantsOf(actor, action).length > 0;
}

/**
 * By what the actor does this action with this resource: undefined if the permission allows it as a whole, else the
 * grant whose quota it uses up. One for the very resource goes before one for all.
 * @throws DomainError BEYOND_API_KEY
 */
export function grantFor(actor: Actor, action: SingleAction, resource: string): ActionGrant | undefined {
  if (actor.permissions.includes(action)) return undefined;
  const grants = grantsOf(actor, action);
  const grant = grants.find((each) => each.resource === resource) ?? grants.find((each) => each.resource === undefined);
  if (!grant) throw new DomainError('BEYOND_API_KEY', 'This API key does not allow this. Use one that does.');
  return grant;
}

/** The window of a quota that `now` falls in: the same for everybody, so that counters need no start of their own. */
export function quotaWindow({ per }: Quota, now: Date): { startsAt: Date; resetsAt: Date } {
  const length = PERIOD_MS[per];
  const start = Math.floor(now.getTime() / length) * length;
  return { startsAt: new Date(start), resetsAt: new Date(start + length) };
}

/**
 * Those of a token's claim that this version understands whole. Of one with, say, an unknown period nothing is left:
 * without its quota it would allow more than was granted.
 */
export function knownGrants(claim: unknown): ActionGrant[] {
  return Array.isArray(claim) ? claim.filter(isGrant) : [];
}

function isGrant(value: unknown): value is ActionGrant {
  if (typeof value !== 'object' || value === null) return false;
  const { action, resource, quota, ...unknown } = value as Record<string, unknown>;
  const isKnownAction = SINGLE_ACTIONS.some((known) => known === action);
  const isResource = resource === undefined || typeof resource === 'string';
  return isKnownAction && isResource && (quota === undefined || isQuota(quota)) && Object.keys(unknown).length === 0;
}

function isQuota(value: unknown): value is Quota {
  if (typeof value !== 'object' || value === null) return false;
  const { count, per, ...unknown } = value as Record<string, unknown>;
  const isCount = Number.isSafeInteger(count) && (count as number) > 0;
  return isCount && QUOTA_PERIODS.some((known) => known === per) && Object.keys(unknown).length === 0;
}

function grantsOf(actor: Actor, action: SingleAction): ActionGrant[] {
  return (actor.grants ?? []).filter((grant) => grant.action === action);
}
