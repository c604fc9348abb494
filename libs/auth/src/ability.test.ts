import { newId } from '@fenster/runtime';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accessibleWhere, allows, authorize, defineAbility, type DefineRules } from './ability.js';
import { rightsKey, type Actor } from './actor.js';

const actorOf = (workspaceId: string): Actor => ({
  kind: 'member',
  id: newId(),
  workspaceId,
  role: 'agent',
  permissions: ['conversation:read'],
  sessionId: undefined,
  expiresAt: undefined,
});
const ours = actorOf('w1');

describe('rules', () => {
  const team: DefineRules = (_actor, can) => can('read', 'Conversation', { teamId: 't1' });

  it('hold for an object only with all of their conditions, the workspace always among them', () => {
    const ability = defineAbility(ours, team);
    expect(allows(ability, 'read', 'Conversation', { workspaceId: 'w1', teamId: 't1' })).toBe(true);
    expect(allows(ability, 'read', 'Conversation', { workspaceId: 'w1', teamId: 't2' })).toBe(false);
    expect(allows(ability, 'read', 'Conversation', { workspaceId: 'w2', teamId: 't1' })).toBe(false);
    expect(allows(ability, 'send', 'Conversation', { workspaceId: 'w1', teamId: 't1' })).toBe(false);
  });

  it('make a missing object and a forbidden one the same', () => {
    const ability = defineAbility(ours, team);
    const refusal = (object: object | null) => {
      try {
        authorize(ability, 'read', 'Conversation', object);
        return undefined;
      } catch (error) {
        return { ...(error as Error), message: (error as Error).message };
      }
    };
    expect(refusal({ workspaceId: 'w2', teamId: 't1' })).toEqual(refusal(null));
    expect(refusal(null)).toMatchObject({ code: 'NOT_FOUND' });
    expect(refusal({ workspaceId: 'w1', teamId: 't1' })).toBeUndefined();
  });

  it('without any rule match no row, rather than every row', () => {
    expect(
      accessibleWhere(
        defineAbility(ours, () => {}),
        'read',
        'Conversation',
      ),
    ).toEqual({ id: { $in: [] } });
  });

  it('say the same as a condition for lists and for single objects', () => {
    const value = fc.constantFrom('a', 'b', null);
    const row = fc.record({
      id: fc.constant('x'),
      workspaceId: fc.constantFrom('w1', 'w2'),
      teamId: value,
      assigneeId: value,
    });
    const rule = fc.record({ teamId: value, assigneeId: value }, { requiredKeys: [] });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), row, (rules, object) => {
        const ability = defineAbility(ours, (_actor, can) =>
          rules.forEach((conditions) => can('read', 'Conversation', conditions)),
        );
        const where = accessibleWhere(ability, 'read', 'Conversation');
        expect(matches(where, object)).toBe(allows(ability, 'read', 'Conversation', object));
      }),
    );
  });
});

/** What SQL makes of such a condition. */
function matches(where: Record<string, unknown>, row: Record<string, unknown>): boolean {
  return Object.entries(where).every(([key, expected]) => {
    if (key === '$or') return (expected as Record<string, unknown>[]).some((part) => matches(part, row));
    if (key === '$and') return (expected as Record<string, unknown>[]).every((part) => matches(part, row));
    if (typeof expected === 'object' && expected !== null)
      return (expected as { $in: unknown[] }).$in.includes(row[key]);
    return row[key] === expected;
  });
}

describe('the key of equal rights', () => {
  it('is the same for colleagues with the same permissions, in whatever order', () => {
    const colleague = { ...actorOf('w1'), permissions: ['message:read', 'conversation:read'] as const };
    expect(rightsKey({ ...ours, permissions: ['conversation:read', 'message:read'] })).toBe(rightsKey(colleague));
  });

  it('differs with the workspace and with each permission', () => {
    const keys = [
      ours,
      actorOf('w2'),
      { ...ours, permissions: [] },
      { ...ours, permissions: ['message:read' as const] },
    ].map(rightsKey);
    expect(new Set(keys).size).toBe(4);
  });
});
