import { newId } from '@fenster/runtime';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_WORKSPACE } from './demo.js';
import { Member } from './members/member.entity.js';
import { MEMBER_ROLES } from './roles/built-in-role.js';
import { IdentityUnderTest } from './testing/identity-under-test.js';

const SIGN_IN = /* GraphQL */ `
  mutation ($email: String!, $password: String!) {
    signIn(email: $email, password: $password) {
      __typename
      ... on Session {
        member {
          role
        }
      }
    }
  }
`;

const identity = new IdentityUnderTest();
beforeAll(() => identity.start());
afterAll(() => identity.stop());

describe('the demo workspace', () => {
  it('has one member of each role, who can sign in with what it returns', async () => {
    const demo = await identity.service.seedDemo({ password: 'fenster demo 1' });
    expect(demo).toMatchObject({ workspaceId: DEMO_WORKSPACE.id, name: 'Fenster Demo' });
    expect(demo.members.map((member) => member.role)).toEqual(MEMBER_ROLES);
    for (const { email, password, role } of demo.members) {
      const { data } = await identity.query(SIGN_IN, { variables: { email, password } });
      expect(data!.signIn).toEqual({ __typename: 'Session', member: { role } });
    }
  });

  it('made again, even twice at once, is the same one', async () => {
    const input = { password: 'fenster demo 1' };
    const first = await identity.service.seedDemo(input);
    const [second, third] = await Promise.all([identity.service.seedDemo(input), identity.service.seedDemo(input)]);
    expect(second).toEqual(first);
    expect(third).toEqual(first);
    expect(await identity.database.system().count(Member)).toBe(MEMBER_ROLES.length);
  });

  it('has a team whose agent and supervisor have the channels, and nobody else', async () => {
    const [first, second] = [newId(), newId()].toSorted();
    const input = { password: 'fenster demo 1' };
    await identity.service.seedDemo({ ...input, channelIds: [first!] });
    const { members } = await identity.service.seedDemo({ ...input, channelIds: [first!, second!] });
    for (const { email, password, role } of members) {
      const query = `mutation ($email: String!, $password: String!) {
        signIn(email: $email, password: $password) { ... on Session { accessToken } }
      }`;
      const { accessToken } = await identity.ask<{ accessToken: string }>(undefined, query, { email, password });
      const isInTeam = role === 'agent' || role === 'supervisor';
      expect(decodeJwt(accessToken)).toMatchObject({
        role,
        teams: isInTeam ? [expect.any(String)] : [],
        channels: isInTeam ? [first, second] : [],
      });
    }
  });

  it('made again with another password lets members in with that one', async () => {
    const { members } = await identity.service.seedDemo({ password: 'another demo 2' });
    const signIn = async (password: string) => {
      const { data } = await identity.query(SIGN_IN, { variables: { email: members[0]!.email, password } });
      return (data!.signIn as { __typename: string }).__typename;
    };
    expect(await signIn('another demo 2')).toBe('Session');
    expect(await signIn('fenster demo 1')).toBe('InvalidCredentials');
  });

  it('is refused a weak password, with every rule that it breaks', async () => {
    await expect(identity.service.seedDemo({ password: 'demo' })).rejects.toMatchObject({
      code: 'WEAK_PASSWORD',
      details: { problems: ['TOO_SHORT', 'NO_DIGIT'] },
    });
  });
});
