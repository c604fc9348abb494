import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accessibleWhere, allows, authorize, defineAbility, defineAudience, type DefineRules } from './ability.js';
import { actorWith } from '../../../test/support/actor.js';
import { rightsKey, sharedRightsKey, type Actor, type Permission } from './actor.js';

const ours = actorWith({ workspaceId: 'w1' });

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

  it('with several values hold for each of them, and with none for nothing', () => {
    const ability = (...teamIds: string[]) =>
      defineAbility(ours, (_actor, can) => can('read', 'Conversation', { teamId: teamIds }));
    const row = (teamId: string | null) => ({ workspaceId: 'w1', teamId });
    expect(allows(ability('t1', 't2'), 'read', 'Conversation', row('t2'))).toBe(true);
    expect(allows(ability('t1', 't2'), 'read', 'Conversation', row('t3'))).toBe(false);
    expect(allows(ability('t1', 't2'), 'read', 'Conversation', row(null))).toBe(false);
    expect(allows(ability(), 'read', 'Conversation', row('t1'))).toBe(false);
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
    const oneOf = fc.oneof(value, fc.uniqueArray(fc.constantFrom('a', 'b'), { maxLength: 2 }));
    const rule = fc.record({ teamId: oneOf, assigneeId: oneOf }, { requiredKeys: [] });
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

describe('the audience of an object', () => {
  const members = ['a', 'b', 'c'];
  const value = fc.constantFrom(...members, null);
  const own = fc.constant('own' as const);
  const rule = fc.record(
    { teamId: fc.constantFrom('t1', null), assigneeId: fc.oneof(own, value), authorId: fc.oneof(own, value) },
    { requiredKeys: [] },
  );
  const row = fc.record({
    workspaceId: fc.constantFrom('w1', 'w2'),
    teamId: fc.constantFrom('t1', 't2', null),
    assigneeId: value,
    authorId: value,
  });

  it('is exactly those whom the rules allow it, among all with the same rights', () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 3 }), row, (rules, object) => {
        const define: DefineRules = (actor, can) =>
          rules.forEach((conditions) => {
            const columns = Object.entries(conditions).map(([column, is]) => [column, is === 'own' ? actor.id : is]);
            can('read', 'Conversation', Object.fromEntries(columns) as Record<string, string | null>);
          });
        const audience = defineAudience(ours, define)('read', 'Conversation', object);
        for (const id of members) {
          const isAllowed = allows(defineAbility({ ...ours, id }, define), 'read', 'Conversation', object);
          expect(audience === 'everybody' || audience.includes(id)).toBe(isAllowed);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the key of equal rights', () => {
  const permissions: Permission[] = ['conversation:read', 'conversation:read_all', 'member:read'];
  const supervisor = (rights: Partial<Actor> = {}) =>
    actorWith({ workspaceId: 'w1', permissions, teamIds: ['t1', 't2'], channelIds: ['c1', 'c2'], ...rights });

  it('is the same for one member, in whatever order the rights are named, and another’s is another', () => {
    const anna = supervisor();
    const later = { ...anna, permissions: permissions.toReversed(), teamIds: ['t2', 't1'], channelIds: ['c2', 'c1'] };
    expect(rightsKey(later)).toBe(rightsKey(anna));
    expect(rightsKey(supervisor())).not.toBe(rightsKey(anna));
  });

  it('differs with the workspace, each permission, each team and each channel', () => {
    const actors = [
      supervisor(),
      supervisor({ workspaceId: 'w2' }),
      supervisor({ permissions: [...permissions, 'message:read'] }),
      supervisor({ teamIds: ['t1'] }),
      supervisor({ channelIds: ['c1'] }),
      supervisor({ teamIds: ['t1', 'c1'], channelIds: ['t2', 'c2'] }),
    ];
    for (const keyOf of [sharedRightsKey, (actor: Actor) => rightsKey({ ...actor, id: 'm1' })]) {
      expect(new Set(actors.map(keyOf)).size).toBe(actors.length);
    }
  });

  it('is shared, where events say their audience, by those who differ in what is assigned to them', () => {
    const agent = (missing: Permission) =>
      supervisor({ permissions: permissions.filter((permission) => permission !== missing) });
    expect(sharedRightsKey(supervisor())).toBe(sharedRightsKey(supervisor()));
    expect(sharedRightsKey(agent('conversation:read_all'))).toBe(sharedRightsKey(agent('conversation:read_all')));
    expect(sharedRightsKey(agent('conversation:read_all'))).not.toBe(sharedRightsKey(supervisor()));
    expect(sharedRightsKey(agent('member:read'))).not.toBe(sharedRightsKey(agent('member:read')));
  });
});
