import type { Permission } from '@fenster/auth';
import { describe, expect, it } from 'vitest';
import { permissionsOf } from './built-in-role.js';
import { checkGrant, checkTeamGrant, missingToGrant } from './grant.js';

const refusal = (work: () => void) => {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
};

describe('giving and taking a role', () => {
  it.each([
    ['owner', 'owner', true],
    ['owner', 'finance', true],
    ['admin', 'admin', true],
    ['admin', 'privacy_officer', true],
    ['admin', 'owner', false],
    ['supervisor', 'agent', true],
    ['supervisor', 'supervisor', true],
    ['supervisor', 'admin', false],
    ['agent', 'supervisor', false],
    ['finance', 'agent', false],
    ['privacy_officer', 'finance', false],
  ] as const)('given the rights of %s, then that of %s: %s', (mine, role, isAllowed) => {
    const check = () => checkGrant({ permissions: permissionsOf(mine) }, permissionsOf(role));
    expect(refusal(check) === undefined).toBe(isAllowed);
  });

  it('given rights that one lacks, then the refusal names them and no others', () => {
    const permissions: Permission[] = ['member:manage', 'message:read'];
    expect(missingToGrant({ permissions }, ['message:read', 'cost:read'])).toEqual(['cost:read']);
    expect(refusal(() => checkGrant({ permissions }, ['message:read', 'cost:read']))).toMatchObject({
      code: 'BEYOND_YOUR_RIGHTS',
      details: { missing: ['cost:read'] },
    });
  });

  it('given a role without any right, then everybody may give it', () => {
    expect(refusal(() => checkGrant({ permissions: [] }, []))).toBeUndefined();
  });
});

describe('bringing somebody into a team, or a channel to it', () => {
  const lead = {
    permissions: ['team:manage', 'conversation:read'] as Permission[],
    teamIds: ['t1'],
    channelIds: ['c1'],
  };
  const director = { ...lead, permissions: [...lead.permissions, 'conversation:read_all' as const] };
  const clerk = { permissions: ['team:manage'] as Permission[], teamIds: ['t1'], channelIds: ['c1'] };

  it.each([
    ['somebody who sees everything', director, { toTeam: 't2', channelIds: ['c2'] }, true],
    ['the lead of this team', lead, { toTeam: 't1' }, true],
    ['the lead of another team', lead, { toTeam: 't2' }, false],
    ['a lead with the channel', lead, { channelIds: ['c1'] }, true],
    ['a lead without the channel', lead, { channelIds: ['c1', 'c2'] }, false],
    ['somebody who may see no conversation', clerk, { toTeam: 't1' }, false],
    ['somebody who may see no conversation', clerk, { channelIds: ['c1'] }, false],
    ['anybody who adds nothing', clerk, { channelIds: [] }, true],
  ])('given %s, when %#, then as the table says', (_, actor, added, isAllowed) => {
    expect(refusal(() => checkTeamGrant(actor, added)) === undefined).toBe(isAllowed);
  });
});
