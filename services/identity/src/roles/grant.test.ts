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
  const lead: Permission[] = ['team:manage', 'conversation:read'];
  const director: Permission[] = [...lead, 'conversation:read_all'];
  const clerk: Permission[] = ['team:manage'];

  it.each([
    ['somebody who sees everything', director, ['b'], true],
    ['the lead of this team, or with this channel', lead, ['a'], true],
    ['the lead of another', lead, ['b'], false],
    ['a lead who has one of both', lead, ['a', 'b'], false],
    ['somebody who may see no conversation', clerk, ['a'], false],
    ['anybody who adds nothing', clerk, [], true],
  ])('given %s, when %#, then as the table says', (_, permissions, given, isAllowed) => {
    expect(refusal(() => checkTeamGrant({ permissions }, given, ['a'])) === undefined).toBe(isAllowed);
  });
});
