import { PERMISSIONS, type Permission } from '@fenster/auth';
import type { DomainError } from '@fenster/runtime';
import { describe, expect, it } from 'vitest';
import { checkApiKey } from './api-key.rules.js';

type Input = Parameters<typeof checkApiKey>[0];
const now = new Date('2026-11-21T10:00:00Z');
const fine: Input = { name: 'Shop', permissions: ['contact:read'], expiresAt: new Date('2027-11-21T10:00:00Z') };

function refusal(input: Partial<Input>, granter: readonly Permission[] = PERMISSIONS) {
  try {
    checkApiKey({ ...fine, ...input }, { permissions: granter }, now);
    return undefined;
  } catch (error) {
    const { code, field } = error as DomainError;
    return field ? `${code} ${field}` : code;
  }
}

const send = (resource?: string, count?: number) => ({
  action: 'message:send' as const,
  resource: resource ?? null,
  quota: count === undefined ? null : { count, per: 'DAY' as const },
});

describe('the rights of an API key', () => {
  it('are whole permissions, and single actions beside them', () => {
    const input = { ...fine, permissions: ['contact:read', 'cost:read', 'contact:read'] as Permission[] };
    const actions = [send(), send('text', 10), send('template:order_shipped')];
    expect(checkApiKey({ ...input, name: ' Web  shop ', actions }, { permissions: PERMISSIONS }, now)).toEqual({
      name: 'Web shop',
      permissions: ['contact:read', 'cost:read'],
      grants: [
        { action: 'message:send' },
        { action: 'message:send', resource: 'text', quota: { count: 10, per: 'DAY' } },
        { action: 'message:send', resource: 'template:order_shipped' },
      ],
    });
  });

  it('are no more than their maker has', () => {
    const granter: Permission[] = ['api_key:manage', 'contact:read'];
    expect(refusal({}, granter)).toBeUndefined();
    expect(refusal({ permissions: ['contact:read', 'cost:read'] }, granter)).toBe('BEYOND_YOUR_RIGHTS');
    expect(refusal({ actions: [send('text', 1)] }, granter)).toBe('BEYOND_YOUR_RIGHTS');
  });

  it('never include the making of keys, which would make limits worth nothing', () => {
    expect(refusal({ permissions: ['api_key:manage'] })).toBe('INVALID_INPUT permissions');
    expect(refusal({ actions: [{ action: 'api_key:manage' }] })).toBe('INVALID_INPUT actions');
  });

  it.each<[string, Partial<Input>, string]>([
    ['no name', { name: ' ' }, 'name'],
    ['a name that is too long', { name: 'x'.repeat(101) }, 'name'],
    ['an end in the past', { expiresAt: now }, 'expiresAt'],
    ['an end too far away', { expiresAt: new Date('2028-11-21T10:00:00Z') }, 'expiresAt'],
    ['no end', { expiresAt: new Date(Number.NaN) }, 'expiresAt'],
    ['nothing to do', { permissions: [] }, 'permissions'],
    ['an action that nobody limits', { actions: [{ action: 'contact:read' }] }, 'actions'],
    ['an action of a whole permission', { permissions: ['message:send'], actions: [send()] }, 'actions'],
    ['a resource of another kind', { actions: [send('contact:1')] }, 'actions'],
    ['a quota of nothing', { actions: [send('text', 0)] }, 'actions'],
    ['a quota beyond measure', { actions: [send('text', 1_000_001)] }, 'actions'],
    ['one action twice', { actions: [send('text', 1), send('text', 2)] }, 'actions'],
    ['too many actions', { actions: Array.from({ length: 51 }, (_, n) => send(`template:t${n}`)) }, 'actions'],
  ])('given %s, then there is no key', (_what, input, field) => {
    expect(refusal(input)).toBe(`INVALID_INPUT ${field}`);
  });
});
