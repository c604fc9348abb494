import { SINGLE_ACTIONS, type ActionGrant, type Actor, type Permission, type SingleAction } from '@fenster/auth';
import { invalidInput } from '@fenster/runtime';
import { checkName } from '../name.js';
import { checkGrant } from '../roles/grant.js';
import type { CreateApiKeyInput } from './api-key.types.js';

const MAX_GRANTS = 50;
const MAX_QUOTA = 1_000_000;
const MAX_LIFETIME_DAYS = 730;
const DAY_MS = 86_400_000;

/** A key that could make keys would get rid of its own limits. */
const NOT_FOR_PROGRAMS: readonly Permission[] = ['api_key:manage'];
/** Of a single action: what it may be done with. */
const RESOURCES: Record<SingleAction, { pattern: RegExp; description: string }> = {
  'message:send': {
    pattern: /^(text|media|location|contacts|interactive|reaction|template:[a-z0-9_]{1,512})$/,
    description: 'text, media, location, contacts, interactive, reaction, or "template:" and the name of a template',
  },
};

interface ApiKeyRights {
  name: string;
  permissions: Permission[];
  grants: ActionGrant[];
}

/**
 * The rights of a new key, if they make sense and its maker may give them.
 * @throws DomainError INVALID_INPUT, BEYOND_YOUR_RIGHTS.
 */
export function checkApiKey(
  input: Pick<CreateApiKeyInput, 'name' | 'permissions' | 'actions' | 'expiresAt'>,
  granter: Pick<Actor, 'permissions'>,
  now: Date,
): ApiKeyRights {
  const name = checkName(input.name);
  const remainingMs = input.expiresAt.getTime() - now.getTime();
  if (!(remainingMs > 0 && remainingMs <= MAX_LIFETIME_DAYS * DAY_MS)) {
    throw invalidInput('expiresAt', `must be within the next ${MAX_LIFETIME_DAYS} days.`);
  }
  const permissions = checkPermissions(input.permissions);
  const grants = checkGrants(input.actions ?? [], permissions);
  if (permissions.length + grants.length === 0) {
    throw invalidInput('permissions', 'must name one, or there must be an action: this key could do nothing.');
  }
  checkGrant(granter, [...new Set([...permissions, ...grants.map(({ action }) => action)])]);
  return { name, permissions, grants };
}

function checkPermissions(permissions: readonly Permission[]): Permission[] {
  const refused = NOT_FOR_PROGRAMS.filter((permission) => permissions.includes(permission));
  if (refused.length > 0) throw invalidInput('permissions', `An API key cannot have ${refused.join(', ')}.`);
  return [...new Set(permissions)].toSorted();
}

function checkGrants(
  actions: NonNullable<CreateApiKeyInput['actions']>,
  permissions: readonly Permission[],
): ActionGrant[] {
  if (actions.length > MAX_GRANTS) throw invalidInput('actions', `must be at most ${MAX_GRANTS}.`);
  const seen = new Set<string>();
  return actions.map(({ action: name, resource, quota }) => {
    const action = SINGLE_ACTIONS.find((each) => each === name);
    if (!action) throw invalidInput('actions', `can be of ${SINGLE_ACTIONS.join(', ')}.`);
    // Else the permission would allow what the action is meant to limit.
    if (permissions.includes(action)) throw invalidInput('actions', `${action} is among the permissions already.`);
    const { pattern, description } = RESOURCES[action];
    if (resource != null && !pattern.test(resource)) throw invalidInput('actions', `A resource is ${description}.`);
    if (quota && !(quota.count >= 1 && quota.count <= MAX_QUOTA)) {
      throw invalidInput('actions', `A quota is a count of 1 to ${MAX_QUOTA}.`);
    }
    const target = `${action} ${resource ?? ''}`;
    if (seen.has(target)) throw invalidInput('actions', 'names the same action and resource twice.');
    seen.add(target);
    return {
      action,
      ...(resource != null && { resource }),
      ...(quota && { quota: { count: quota.count, per: quota.per } }),
    };
  });
}
