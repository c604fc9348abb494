import { isEvent, sessionEnded, type Envelope } from '@fenster/contracts';
import { readLog } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { IdentityUnderTest, PASSWORD, type SignInMember } from '../testing/identity-under-test.js';

const START = new Date('2026-11-21T10:00:00Z');
const SIGN_IN = `mutation ($email: String!, $password: String!, $device: String) {
  signIn(email: $email, password: $password, device: $device) { ... on Session { accessToken refreshToken } }
}`;
const RENEW = `mutation ($token: String!) {
  renewSession(refreshToken: $token) { __typename ... on Session { accessToken refreshToken } }
}`;
const LIST = '{ sessions { id device createdAt lastUsedAt expiresAt isCurrent } }';
const END = `mutation ($id: ID!) {
  endSession(id: $id) { __typename ... on DeviceSession { id device } ... on UserError { code message } }
}`;
const SIGN_OUT = `mutation { signOut { __typename ... on DeviceSession { id } ... on UserError { code } } }`;
const END_ALL = `mutation ($id: ID!) {
  endAllSessions(memberId: $id) { __typename ... on Member { id } ... on UserError { code } }
}`;

interface SignedIn {
  __typename: string;
  accessToken: string;
  refreshToken: string;
}

const identity = new IdentityUnderTest();
let workspaceId: string;
let anna: SignInMember;

beforeAll(() => identity.start());
afterAll(() => identity.stop());
beforeEach(async () => {
  identity.now = START;
  workspaceId = await identity.workspace();
  anna = await identity.member(workspaceId, 'agent', 'Anna');
});

const signIn = (member = anna, device?: string | null) =>
  identity.ask<SignedIn>(undefined, SIGN_IN, { email: member.email, password: PASSWORD, device });
const renew = (token: string) => identity.ask<SignedIn>(undefined, RENEW, { token });
const sessionOf = ({ accessToken }: SignedIn) => decodeJwt(accessToken)['sid'] as string;
const minutes = (count: number) => new Date(START.getTime() + count * 60_000);
const ended = async () =>
  (await identity.announced(workspaceId))
    .filter(({ name }) => name === sessionEnded.name)
    .map(({ data }) => (data as { sessionId: string }).sessionId);

describe('one’s sessions', () => {
  it('are listed with device and last use, the last used first, and without those that are over', async () => {
    const [laptop, phone, gone] = [await signIn(anna, ' Firefox\u0000 '), await signIn(anna), await signIn(anna)];
    await identity.ask(gone.accessToken, SIGN_OUT);
    await signIn(await identity.member(workspaceId));
    identity.now = minutes(5);
    const renewed = await renew(laptop.refreshToken);
    expect(await identity.ask(renewed.accessToken, LIST)).toEqual([
      {
        id: sessionOf(laptop),
        device: 'Firefox',
        createdAt: START.toISOString(),
        lastUsedAt: minutes(5).toISOString(),
        expiresAt: '2026-12-21T10:00:00.000Z',
        isCurrent: true,
      },
      expect.objectContaining({ id: sessionOf(phone), device: null, isCurrent: false }),
    ]);
    identity.now = new Date('2026-12-21T10:00:00Z');
    const later = await signIn();
    expect(await identity.ask(later.accessToken, LIST)).toMatchObject([{ id: sessionOf(later) }]);
  });

  it('end one by one, once, with an event', async () => {
    const [here, there] = [await signIn(), await signIn(anna, 'Phone')];
    const id = sessionOf(there);
    expect(await identity.ask(here.accessToken, END, { id })).toEqual({
      __typename: 'DeviceSession',
      id,
      device: 'Phone',
    });
    expect((await renew(there.refreshToken)).__typename).toBe('SessionEnded');
    expect(await identity.ask(here.accessToken, END, { id })).toMatchObject({ code: 'NOT_FOUND' });
    expect((await renew(here.refreshToken)).__typename).toBe('Session');
    expect(await ended()).toEqual([id]);
  });

  it('end by signing out', async () => {
    const session = await signIn();
    expect(await identity.ask(session.accessToken, SIGN_OUT)).toEqual({
      __typename: 'DeviceSession',
      id: sessionOf(session),
    });
    expect((await renew(session.refreshToken)).__typename).toBe('SessionEnded');
  });

  it('end, and are announced, when a refresh token is used twice', async () => {
    const session = await signIn();
    await renew(session.refreshToken);
    await renew(session.refreshToken);
    await renew(session.refreshToken);
    expect(await ended()).toEqual([sessionOf(session)]);
  });

  it('are nobody else’s: ending one of a colleague, of a stranger and none reads the same', async () => {
    const { accessToken } = await signIn();
    const colleague = sessionOf(await signIn(await identity.member(workspaceId)));
    const stranger = sessionOf(await signIn(await identity.member(await identity.workspace())));
    for (const id of [colleague, stranger, newId(), 'nothing']) {
      expect(await identity.ask(accessToken, END, { id })).toEqual({
        __typename: 'NotFound',
        code: 'NOT_FOUND',
        message: 'Session not found.',
      });
    }
    expect(await ended()).toEqual([]);
  });
});

describe('a session that ends while it is renewed', () => {
  const ROUNDS = 20;
  it('leaves no access token that is younger than its end', async () => {
    // A millisecond passes whenever somebody looks at the clock, so that dates tell the order.
    let ticks = START.getTime();
    const clock = vi.spyOn(identity, 'now', 'get').mockImplementation(() => new Date((ticks += 1)));
    for (let round = 0; round < ROUNDS; round += 1) {
      const session = await signIn();
      const [renewed] = await Promise.all([
        renew(session.refreshToken),
        identity.ask(session.accessToken, END, { id: sessionOf(session) }),
      ]);
      const log = await readLog(identity.database.forTenant(workspaceId), 0, 100);
      const isItsEnd = (each: Envelope) => isEvent(each, sessionEnded) && each.data.sessionId === sessionOf(session);
      const { occurredAt } = log.find(isItsEnd)!;
      const issuedAt = renewed.accessToken ? Math.round(decodeJwt(renewed.accessToken).iat! * 1_000) : 0;
      expect(issuedAt).toBeLessThanOrEqual(Date.parse(occurredAt));
    }
    clock.mockRestore();
  });
});

describe('all sessions of a member', () => {
  it('are ended by themselves', async () => {
    const sessions = [await signIn(), await signIn()];
    expect(await identity.ask(sessions[0]!.accessToken, END_ALL, { id: anna.id })).toMatchObject({ id: anna.id });
    expect(await ended()).toEqual(sessions.map(sessionOf).toSorted());
  });

  it('are ended by somebody who manages members, and has all of their rights', async () => {
    const admin = await signIn(await identity.member(workspaceId, 'admin'));
    const owner = await identity.member(workspaceId, 'owner');
    const session = await signIn();
    await signIn(owner);
    expect(await identity.ask(admin.accessToken, END_ALL, { id: anna.id })).toMatchObject({ __typename: 'Member' });
    expect(await identity.ask(admin.accessToken, END_ALL, { id: owner.id })).toMatchObject({
      code: 'BEYOND_YOUR_RIGHTS',
    });
    expect(await identity.ask(admin.accessToken, END_ALL, { id: newId() })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await ended()).toEqual([sessionOf(session)]);
  });

  it('are not ended by a colleague', async () => {
    const { accessToken } = await signIn();
    const colleague = await identity.member(workspaceId);
    await signIn(colleague);
    const { errors } = await identity.query(END_ALL, { token: accessToken, variables: { id: colleague.id } });
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    expect(await ended()).toEqual([]);
  });
});
