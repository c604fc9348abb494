import { memberAccessChanged, sessionEnded } from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { IdentityUnderTest, PASSWORD, type SignInMember } from '../testing/identity-under-test.js';
import { Member } from './member.entity.js';

const START = new Date('2026-11-21T10:00:00Z');
const DAY_MS = 86_400_000;
const REFUSAL = '... on UserError { code message }';
const BEYOND = '... on BeyondYourRights { missing }';
const MEMBER = '... on Member { id name role status email }';
const INVITE = `mutation ($email: String!, $name: String!, $role: ID!, $key: ID!) {
  inviteMember(email: $email, name: $name, role: $role, idempotencyKey: $key) {
    __typename ... on Invitation { token expiresAt member { id name role status email } } ${REFUSAL} ${BEYOND}
  }
}`;
const ACCEPT = `mutation ($token: String!, $password: String!) {
  acceptInvitation(token: $token, password: $password, device: "Test") {
    __typename ... on Session { accessToken member { id status email } } ... on WeakPassword { problems } ${REFUSAL}
  }
}`;
const CHANGE_ROLE = `mutation ($id: ID!, $role: ID!) {
  changeMemberRole(memberId: $id, role: $role) { __typename ${MEMBER} ${REFUSAL} ${BEYOND} }
}`;
const REMOVE = `mutation ($id: ID!) { removeMember(memberId: $id) { __typename ${MEMBER} ${REFUSAL} ${BEYOND} } }`;
const RENAME = `mutation ($name: String!) { updateProfile(name: $name) { __typename ${MEMBER} ${REFUSAL} } }`;
const CHANGE_PASSWORD = `mutation ($old: String!, $new: String!) {
  changePassword(oldPassword: $old, newPassword: $new) {
    __typename ${MEMBER} ... on WeakPassword { problems } ${REFUSAL}
  }
}`;
const RENEW = `mutation ($token: String!) { renewSession(refreshToken: $token) { __typename } }`;
const SIGN_IN = `mutation ($email: String!, $password: String!) {
  signIn(email: $email, password: $password) { __typename ... on Session { accessToken refreshToken } }
}`;

interface Result {
  __typename: string;
  id: string;
  code?: string;
  token: string;
  expiresAt: string;
  accessToken: string;
  refreshToken: string;
  member: { id: string; status: string };
}

const identity = new IdentityUnderTest();
let workspaceId: string;
let owner: SignInMember;
let admin: SignInMember;
let anna: SignInMember;
let tokens: { owner: string; admin: string };

beforeAll(() => identity.start());
afterAll(() => identity.stop());
beforeEach(async () => {
  identity.now = START;
  workspaceId = await identity.workspace();
  [owner, admin, anna] = await Promise.all([
    identity.member(workspaceId, 'owner', 'Olga'),
    identity.member(workspaceId, 'admin', 'Adrian'),
    identity.member(workspaceId, 'agent', 'Anna'),
  ]);
  tokens = { owner: await identity.accessToken(owner), admin: await identity.accessToken(admin) };
});

const ask = (token: string | undefined, query: string, variables: Record<string, unknown> = {}) =>
  identity.ask<Result>(token, query, variables);
const address = () => `${newId()}@example.test`;
const invite = (variables: Record<string, unknown> = {}, token = tokens.admin) =>
  ask(token, INVITE, { email: address(), name: 'Nora Neu', role: 'agent', key: newId(), ...variables });
const accept = (token: string, password = 'a new horse 2') => ask(undefined, ACCEPT, { token, password });
const signIn = (email: string, password = PASSWORD) => ask(undefined, SIGN_IN, { email, password });
const announced = async (name: string) =>
  (await identity.announced(workspaceId)).filter((event) => event.name === name).map(({ data }) => data);

describe('an invitation', () => {
  it('lets the invited person set a password once, and signs them in with the role that they were given', async () => {
    const email = address();
    const invitation = await invite({ email: email.toUpperCase(), name: ' Nora  Neu ', role: 'supervisor' });
    expect(invitation).toEqual({
      __typename: 'Invitation',
      token: expect.stringMatching(/^[\w-]{43}$/),
      expiresAt: '2026-11-28T10:00:00.000Z',
      member: { id: expect.any(String), name: 'Nora Neu', role: 'supervisor', status: 'INVITED', email },
    });
    expect((await signIn(email, '')).__typename).toBe('InvalidCredentials');
    const session = await accept(invitation.token);
    expect(session).toMatchObject({
      __typename: 'Session',
      member: { id: invitation.member.id, status: 'ACTIVE', email },
    });
    expect(decodeJwt(session.accessToken)).toMatchObject({ sub: invitation.member.id, role: 'supervisor' });
    expect((await signIn(email, 'a new horse 2')).__typename).toBe('Session');
    expect(await accept(invitation.token, 'another horse 3')).toMatchObject({ code: 'INVITATION_INVALID' });
    expect((await signIn(email, 'a new horse 2')).__typename).toBe('Session');
  });

  it('accepted twice at once lets one of the two in', async () => {
    const { token } = await invite();
    const answers = await Promise.all([accept(token, 'first horse 1'), accept(token, 'second horse 2')]);
    expect(answers.map((answer) => answer.__typename).toSorted()).toEqual(['InvitationInvalid', 'Session']);
  });

  it('is made once per key, token included, and is stored as a hash', async () => {
    const variables = { email: address(), key: 'k' };
    const [first, second] = await Promise.all([invite(variables), invite(variables)]);
    expect(second).toEqual(first);
    expect(await invite({ ...variables, name: 'Somebody' })).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    const member = await identity.database.system().findOneOrFail(Member, { id: first.member.id });
    expect(member.invitationHash!.toString('base64url')).not.toBe(first.token);
  });

  it('answers a used, an expired, a withdrawn, a guessed and an impossible token alike', async () => {
    const [used, expired, withdrawn] = [await invite(), await invite(), await invite()];
    await accept(used.token);
    await ask(tokens.admin, REMOVE, { id: withdrawn.member.id });
    identity.now = new Date(START.getTime() + 7 * DAY_MS);
    const answers = await Promise.all(
      [used.token, expired.token, withdrawn.token, 'A'.repeat(43), '', 'nul\u0000'].map((token) => accept(token, 'x')),
    );
    for (const answer of answers) {
      expect(answer).toEqual({
        __typename: 'InvitationInvalid',
        code: 'INVITATION_INVALID',
        message: 'This invitation was used, was withdrawn, or has expired. Ask for a new one.',
      });
    }
  });

  it('with a weak password says which rules it breaks, and stays good', async () => {
    const { token } = await invite();
    expect(await accept(token, 'short')).toMatchObject({
      __typename: 'WeakPassword',
      problems: ['TOO_SHORT', 'NO_DIGIT'],
    });
    expect((await accept(token)).__typename).toBe('Session');
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['something that is no address', { email: 'nora' }, 'INVALID_INPUT'],
    ['an empty name', { name: '' }, 'INVALID_INPUT'],
    ['the role of programs', { role: 'bot' }, 'NOT_FOUND'],
    ['a role that does not exist', { role: newId() }, 'NOT_FOUND'],
    ['a role that is no id', { role: "'; drop" }, 'NOT_FOUND'],
    ['a role with more rights', { role: 'owner' }, 'BEYOND_YOUR_RIGHTS'],
  ])('is refused with %s', async (_, variables, code) => {
    expect(await invite(variables)).toMatchObject({ code });
  });

  it('is refused for an address that somebody has, and the key can be used again', async () => {
    expect(await invite({ email: anna.email, key: 'k' })).toMatchObject({ __typename: 'EmailTaken' });
    expect(await invite({ email: address(), key: 'k' })).toMatchObject({ __typename: 'Invitation' });
  });
});

describe('changing a role', () => {
  it('holds from the next token on, and is announced', async () => {
    expect(await ask(tokens.admin, CHANGE_ROLE, { id: anna.id, role: 'finance' })).toMatchObject({
      __typename: 'Member',
      role: 'finance',
    });
    expect(decodeJwt(await identity.accessToken(anna))).toMatchObject({ role: 'finance' });
    await ask(tokens.admin, CHANGE_ROLE, { id: anna.id, role: 'finance' });
    expect(await announced(memberAccessChanged.name)).toEqual([{ memberId: anna.id, reason: 'role' }]);
  });

  it('gives nobody, oneself included, rights that the actor lacks', async () => {
    const refusal = { __typename: 'BeyondYourRights', missing: ['WORKSPACE_MANAGE'] };
    expect(await ask(tokens.admin, CHANGE_ROLE, { id: anna.id, role: 'owner' })).toMatchObject(refusal);
    expect(await ask(tokens.admin, CHANGE_ROLE, { id: admin.id, role: 'owner' })).toMatchObject(refusal);
    expect((await ask(tokens.owner, CHANGE_ROLE, { id: anna.id, role: 'owner' })).__typename).toBe('Member');
  });

  it('takes nothing from somebody with more rights', async () => {
    const refusal = { __typename: 'BeyondYourRights', missing: ['WORKSPACE_MANAGE'] };
    expect(await ask(tokens.admin, CHANGE_ROLE, { id: owner.id, role: 'agent' })).toMatchObject(refusal);
    expect(await ask(tokens.admin, REMOVE, { id: owner.id })).toMatchObject(refusal);
  });

  it('is decided by the rights of now: who was made an agent a moment ago makes nobody an admin', async () => {
    await ask(tokens.owner, CHANGE_ROLE, { id: admin.id, role: 'agent' });
    const { errors } = await identity.query(CHANGE_ROLE, {
      token: tokens.admin,
      variables: { id: admin.id, role: 'admin' },
    });
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });

  it('of somebody elsewhere reads like that of nobody', async () => {
    const stranger = await identity.member(await identity.workspace());
    for (const id of [stranger.id, newId(), 'nobody']) {
      const missing = { __typename: 'NotFound', code: 'NOT_FOUND', message: 'Member not found.' };
      expect(await ask(tokens.owner, CHANGE_ROLE, { id, role: 'agent' })).toEqual(missing);
      expect(await ask(tokens.owner, REMOVE, { id })).toEqual(missing);
    }
  });
});

describe('the last owner', () => {
  it('stays an owner and a member', async () => {
    const refusal = { __typename: 'LastOwner', code: 'LAST_OWNER' };
    expect(await ask(tokens.owner, CHANGE_ROLE, { id: owner.id, role: 'admin' })).toMatchObject(refusal);
    expect(await ask(tokens.owner, REMOVE, { id: owner.id })).toMatchObject(refusal);
  });

  it('is still the last one while another has not accepted the invitation', async () => {
    const { token } = await invite({ role: 'owner' }, tokens.owner);
    expect(await ask(tokens.owner, REMOVE, { id: owner.id })).toMatchObject({ __typename: 'LastOwner' });
    await accept(token);
    expect(await ask(tokens.owner, REMOVE, { id: owner.id })).toMatchObject({ __typename: 'Member' });
  });

  it('remains when two owners demote each other at the same moment', async () => {
    const other = await identity.member(workspaceId, 'owner', 'Otto');
    const otherToken = await identity.accessToken(other);
    const answers = await Promise.all([
      identity.query(CHANGE_ROLE, { token: tokens.owner, variables: { id: other.id, role: 'agent' } }),
      identity.query(CHANGE_ROLE, { token: otherToken, variables: { id: owner.id, role: 'agent' } }),
    ]);
    expect(answers.filter((answer) => answer.errors)).toHaveLength(1);
    const owners = await identity.database.system().count(Member, { workspaceId, role: 'owner' });
    expect(owners).toBe(1);
  });
});

describe('somebody who is removed', () => {
  it('keeps their name in the history and nothing else', async () => {
    const { accessToken, refreshToken } = await signIn(anna.email);
    const removed = await ask(tokens.admin, REMOVE, { id: anna.id });
    expect(removed).toMatchObject({ name: 'Anna', status: 'REMOVED', email: null });
    expect((await signIn(anna.email)).__typename).toBe('InvalidCredentials');
    expect((await ask(undefined, RENEW, { token: refreshToken })).__typename).toBe('SessionEnded');
    const { errors } = await identity.query('{ me { id } }', { token: accessToken });
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    const references = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Member { name status } } }`;
    const r = [{ __typename: 'Member', id: anna.id }];
    expect(await identity.ask(tokens.admin, references, { r })).toEqual([{ name: 'Anna', status: 'REMOVED' }]);
    const names = await identity.ask<{ name: string }[]>(tokens.admin, '{ members { name } }');
    expect(names.map(({ name }) => name)).toEqual(['Adrian', 'Olga']);
    expect(await announced(memberAccessChanged.name)).toEqual([{ memberId: anna.id, reason: 'removed' }]);
    expect(await announced(sessionEnded.name)).toEqual([
      { memberId: anna.id, sessionId: decodeJwt(accessToken)['sid'] },
    ]);
    expect(await ask(tokens.admin, REMOVE, { id: anna.id })).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('can be invited again, as a new member', async () => {
    await ask(tokens.admin, REMOVE, { id: anna.id });
    const again = await invite({ email: anna.email, name: 'Anna' });
    expect(again.member.id).not.toBe(anna.id);
    expect((await accept(again.token)).__typename).toBe('Session');
  });

  it('while they sign in is either refused, or signed out again', async () => {
    const bert = await identity.member(workspaceId, 'agent', 'Bert');
    const [session] = await Promise.all([signIn(bert.email), ask(tokens.admin, REMOVE, { id: bert.id })]);
    const renewed = session.refreshToken && (await ask(undefined, RENEW, { token: session.refreshToken }));
    expect(renewed ? renewed.__typename : session.__typename).toMatch(/^(SessionEnded|InvalidCredentials)$/);
  });
});

describe('one’s own profile', () => {
  it('has another name, if it is one', async () => {
    const token = await identity.accessToken(anna);
    expect(await ask(token, RENAME, { name: ' Anna  Berg ' })).toMatchObject({ id: anna.id, name: 'Anna Berg' });
    expect(await ask(token, RENAME, { name: '\n' })).toMatchObject({ code: 'INVALID_INPUT' });
  });
});

describe('one’s own password', () => {
  it('changes with the old one, and ends all other sessions', async () => {
    const [here, there] = [await signIn(anna.email), await signIn(anna.email)];
    const changed = await ask(here.accessToken, CHANGE_PASSWORD, { old: PASSWORD, new: 'a better horse 2' });
    expect(changed).toMatchObject({ __typename: 'Member', id: anna.id });
    expect((await signIn(anna.email)).__typename).toBe('InvalidCredentials');
    expect((await signIn(anna.email, 'a better horse 2')).__typename).toBe('Session');
    expect((await ask(undefined, RENEW, { token: there.refreshToken })).__typename).toBe('SessionEnded');
    expect((await ask(undefined, RENEW, { token: here.refreshToken })).__typename).toBe('Session');
    expect(await announced(sessionEnded.name)).toEqual([
      { memberId: anna.id, sessionId: decodeJwt(there.accessToken)['sid'] },
    ]);
  });

  it('stays with a wrong old one, or with a weak new one, which says why', async () => {
    const token = await identity.accessToken(anna);
    expect(await ask(token, CHANGE_PASSWORD, { old: 'wrong horse 1', new: 'a better horse 2' })).toMatchObject({
      __typename: 'WrongPassword',
    });
    expect(await ask(token, CHANGE_PASSWORD, { old: PASSWORD, new: 'horse' })).toMatchObject({
      __typename: 'WeakPassword',
      problems: ['TOO_SHORT', 'NO_DIGIT'],
    });
    expect((await signIn(anna.email)).__typename).toBe('Session');
  });
});

describe('the mutations of members', () => {
  it.each([
    ['inviteMember', INVITE, { email: address(), name: 'Nora', role: 'agent', key: newId() }],
    ['changeMemberRole', CHANGE_ROLE, { id: newId(), role: 'agent' }],
    ['removeMember', REMOVE, { id: newId() }],
  ])('%s is nothing for an agent, nor for somebody without a token', async (_, query, variables) => {
    const byAgent = await identity.query(query, { token: await identity.accessToken(anna), variables });
    expect(byAgent.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    const byNobody = await identity.query(query, { variables });
    expect(byNobody.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  });
});
