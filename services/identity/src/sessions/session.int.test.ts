import { generateKeyPairSync } from 'node:crypto';
import { createTokenVerifier, signToken, tokenEnd, TOKEN_AUDIENCE, TOKEN_ISSUER } from '@fenster/auth';
import { newId } from '@fenster/runtime';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Member } from '../members/member.entity.js';
import { permissionsOf } from '../roles/built-in-role.js';
import { actorWith } from '../../../../test/support/actor.js';
import { IdentityUnderTest, PASSWORD, type Answer, type SignInMember } from '../testing/identity-under-test.js';
import { Session } from './session.entity.js';

const START = new Date('2026-11-21T10:00:00.250Z');
const SIGN_IN = /* GraphQL */ `
  mutation ($email: String!, $password: String!) {
    signIn(email: $email, password: $password) {
      __typename
      ... on Session {
        accessToken
        expiresAt
        refreshToken
        refreshExpiresAt
        member {
          id
          name
          role
          email
        }
      }
      ... on UserError {
        code
        message
      }
    }
  }
`;
const RENEW = /* GraphQL */ `
  mutation ($refreshToken: String!) {
    renewSession(refreshToken: $refreshToken) {
      __typename
      ... on Session {
        accessToken
        refreshToken
        expiresAt
      }
      ... on UserError {
        code
        message
      }
    }
  }
`;
const UNAUTHENTICATED = {
  status: 401,
  errors: [
    { message: 'Sign in: the access token is missing, invalid or expired.', extensions: { code: 'UNAUTHENTICATED' } },
  ],
};

interface SignedInAnswer {
  __typename: string;
  accessToken: string;
  refreshToken: string;
  expiresAt: string;
}

const identity = new IdentityUnderTest();
let workspaceId: string;
let anna: SignInMember;

beforeAll(async () => {
  await identity.start();
  workspaceId = await identity.workspace();
  anna = await identity.member(workspaceId, 'agent');
});
afterAll(() => identity.stop());
beforeEach(() => {
  identity.now = START;
});

const after = (seconds: number) => new Date(START.getTime() + seconds * 1_000);
const me = (token: string): Promise<Answer> => identity.query('{ me { id } }', { token });

async function signIn(email = anna.email, password = PASSWORD): Promise<SignedInAnswer> {
  const { data } = await identity.query(SIGN_IN, { variables: { email, password } });
  return data!.signIn as SignedInAnswer;
}

async function renew(refreshToken: string): Promise<SignedInAnswer> {
  const { data } = await identity.query(RENEW, { variables: { refreshToken } });
  return data!.renewSession as SignedInAnswer;
}

describe('signing in', () => {
  it('gives a token that names member, workspace, role, rights and session, for 15 minutes', async () => {
    const session = await signIn();
    expect(session).toEqual({
      __typename: 'Session',
      accessToken: expect.any(String),
      expiresAt: '2026-11-21T10:15:00.000Z',
      refreshToken: expect.any(String),
      refreshExpiresAt: '2026-12-21T10:00:00.000Z',
      member: { id: anna.id, name: anna.name, role: 'agent', email: anna.email },
    });
    expect(decodeJwt(session.accessToken)).toEqual({
      iss: 'fenster',
      aud: 'fenster-api',
      sub: anna.id,
      ws: workspaceId,
      kind: 'member',
      role: 'agent',
      perms: permissionsOf('agent'),
      teams: [],
      channels: [],
      sid: expect.any(String),
      iat: START.getTime() / 1_000,
      exp: Date.parse('2026-11-21T10:15:00Z') / 1_000,
    });
    expect((await me(session.accessToken)).data).toEqual({ me: { id: anna.id } });
  });

  it('takes the address in any case and with spaces around it', async () => {
    expect((await signIn(`  ${anna.email.toUpperCase()} `)).__typename).toBe('Session');
  });

  it('keeps of the refresh token only hashes', async () => {
    const { accessToken, refreshToken } = await signIn();
    const session = await identity.database
      .system()
      .findOneOrFail(Session, { id: decodeJwt(accessToken).sid as string });
    const stored = [session.familyHash, session.refreshHash].map((bytes) => bytes.toString('base64url'));
    for (const half of refreshToken.split('.')) expect(stored).not.toContain(half);
    expect(session).toMatchObject({ workspaceId, memberId: anna.id, endedAt: null });
  });

  it('answers a wrong password, an unknown and an impossible address alike, and opens no session', async () => {
    const sessions = await identity.database.system().count(Session);
    const refusals = await Promise.all([
      signIn(anna.email, 'wrong horse 1'),
      signIn('nobody@example.test'),
      signIn('nobody'),
      signIn("' or 1=1 --@example.test"),
      signIn('nul\u0000@example.test'),
      signIn(anna.email, ''),
      signIn(anna.email, 'a1'.repeat(10_000)),
    ]);
    for (const refusal of refusals) {
      expect(refusal).toEqual({
        __typename: 'InvalidCredentials',
        code: 'INVALID_CREDENTIALS',
        message: 'The e-mail address or the password is wrong.',
      });
    }
    expect(await identity.database.system().count(Session)).toBe(sessions);
  });

  it('grants nothing to a role that this version does not know', async () => {
    const stranger = await identity.member(workspaceId, 'wizard');
    const { accessToken } = await signIn(stranger.email);
    expect(decodeJwt(accessToken).perms).toEqual([]);
    const { errors } = await identity.query('{ workspace { id } }', { token: accessToken });
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });
});

describe('an access token', () => {
  const claims = () =>
    actorWith({ id: anna.id, workspaceId, role: 'owner', permissions: permissionsOf('owner'), sessionId: newId() });

  it('ends with its last second, whether it was seen before or not', async () => {
    const seen = await signIn();
    const unseen = await signIn();
    identity.now = new Date('2026-11-21T10:14:59.999Z');
    expect((await me(seen.accessToken)).status).toBe(200);
    identity.now = new Date('2026-11-21T10:15:00Z');
    expect(await me(seen.accessToken)).toEqual(UNAUTHENTICATED);
    expect(await me(unseen.accessToken)).toEqual(UNAUTHENTICATED);
  });

  it('is refused when its claims were changed', async () => {
    const [header, payload, signature] = (await signIn()).accessToken.split('.') as [string, string, string];
    const changed = {
      ...JSON.parse(Buffer.from(payload, 'base64url').toString()),
      role: 'owner',
      perms: permissionsOf('owner'),
    };
    const forged = [header, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.');
    expect(await me(forged)).toEqual(UNAUTHENTICATED);
  });

  it('is refused when another key signed it, under the name of ours', async () => {
    const { kid } = decodeProtectedHeader((await signIn()).accessToken) as { kid: string };
    const { privateKey } = generateKeyPairSync('ed25519');
    const forged = await signToken(
      { kid, privateKey: privateKey.toCryptoKey('Ed25519', false, ['sign']) },
      claims(),
      START,
      tokenEnd(START, 900),
    );
    expect(await me(forged)).toEqual(UNAUTHENTICATED);
  });

  it('is refused when its algorithm was swapped for one that takes our public key as a secret', async () => {
    const { keys } = (await (await fetch(`${identity.service.url}/.well-known/jwks.json`)).json()) as {
      keys: { kid: string; x: string }[];
    };
    const forged = await new SignJWT({ ws: workspaceId, role: 'owner', perms: permissionsOf('owner') })
      .setProtectedHeader({ alg: 'HS256', kid: keys[0]!.kid })
      .setSubject(anna.id)
      .setIssuer(TOKEN_ISSUER)
      .setAudience(TOKEN_AUDIENCE)
      .setExpirationTime('5m')
      .sign(Buffer.from(keys[0]!.x, 'base64url'));
    expect(await me(forged)).toEqual(UNAUTHENTICATED);
  });

  it('is refused without a signature', async () => {
    const [, payload] = (await signIn()).accessToken.split('.') as [string, string];
    const header = Buffer.from('{"alg":"none"}').toString('base64url');
    expect(await me(`${header}.${payload}.`)).toEqual(UNAUTHENTICATED);
    expect(await me(`${header}.${payload}.AAAA`)).toEqual(UNAUTHENTICATED);
  });

  it('is asked for where one is needed', async () => {
    const { data, errors } = await identity.query('{ me { id } }');
    expect(data).toBeNull();
    expect(errors).toMatchObject([
      { message: UNAUTHENTICATED.errors[0]!.message, extensions: { code: 'UNAUTHENTICATED' }, path: ['me'] },
    ]);
  });
});

describe('renewing a session', () => {
  it('gives a new pair of tokens of the same session, with the rights that the member has now', async () => {
    const member = await identity.member(workspaceId, 'agent');
    const first = await signIn(member.email);
    await identity.database.system().nativeUpdate(Member, { id: member.id }, { role: 'supervisor' });
    identity.now = after(600);
    const second = await renew(first.refreshToken);
    expect(second).toMatchObject({ __typename: 'Session', expiresAt: '2026-11-21T10:25:00.000Z' });
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(decodeJwt(second.accessToken)).toMatchObject({
      sid: decodeJwt(first.accessToken).sid,
      role: 'supervisor',
      perms: permissionsOf('supervisor'),
    });
    expect((await renew(second.refreshToken)).__typename).toBe('Session');
  });

  it('with a token that was used before ends the session for both who hold one', async () => {
    const first = await signIn();
    const second = await renew(first.refreshToken);
    const ended = {
      __typename: 'SessionEnded',
      code: 'SESSION_ENDED',
      message: 'The session has ended. Sign in again.',
    };
    expect(await renew(first.refreshToken)).toEqual(ended);
    expect(await renew(second.refreshToken)).toEqual(ended);
    const session = await identity.database
      .system()
      .findOneOrFail(Session, { id: decodeJwt(first.accessToken).sid as string });
    expect(session.endedAt).toEqual(START);
  });

  it('twice at once with the same token lets one through and ends the session', async () => {
    const { refreshToken } = await signIn();
    const answers = await Promise.all([renew(refreshToken), renew(refreshToken)]);
    expect(answers.map((answer) => answer.__typename).toSorted()).toEqual(['Session', 'SessionEnded']);
    const winner = answers.find((answer) => answer.__typename === 'Session')!;
    expect((await renew(winner.refreshToken)).__typename).toBe('SessionEnded');
  });

  it('with a guessed token harms nobody', async () => {
    const session = await signIn();
    const [family] = session.refreshToken.split('.') as [string];
    const guess = 'A'.repeat(43);
    for (const token of ['', 'x', `${guess}.${guess}`, `${guess}.${family}`, session.accessToken]) {
      expect((await renew(token)).__typename).toBe('SessionEnded');
    }
    expect((await renew(session.refreshToken)).__typename).toBe('Session');
  });

  it('stops at the end of the session, and no access token outlives it', async () => {
    const { refreshToken } = await signIn();
    identity.now = after(30 * 86_400 - 60);
    const last = await renew(refreshToken);
    expect(last).toMatchObject({ __typename: 'Session', expiresAt: '2026-12-21T10:00:00.000Z' });
    identity.now = after(30 * 86_400);
    expect((await renew(last.refreshToken)).__typename).toBe('SessionEnded');
  });
});

describe('the key set', () => {
  const keySet = async (url = identity.service.url) => {
    const response = await fetch(`${url}/.well-known/jwks.json`);
    expect(response.headers.get('content-type')).toContain('application/json');
    return ((await response.json()) as { keys: Record<string, string>[] }).keys;
  };

  it('is what any other service verifies tokens with, and holds no private half', async () => {
    const { accessToken } = await signIn();
    const verifier = createTokenVerifier({
      jwks: `${identity.service.url}/.well-known/jwks.json`,
      now: () => identity.now,
    });
    expect(await verifier.verify(accessToken)).toMatchObject({ id: anna.id, workspaceId });
    for (const key of await keySet()) {
      expect(Object.keys(key).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
    }
  });

  it('grows by rotation: the newest key signs, tokens of the older ones stay good, here and in other processes', async () => {
    const other = await identity.anotherInstance();
    try {
      const before = await signIn();
      const known = await keySet(other.url);
      await identity.service.rotateSigningKey();
      const later = await signIn();
      const kid = decodeProtectedHeader(later.accessToken).kid;
      expect(known.map((key) => key.kid)).not.toContain(kid);
      expect(await keySet()).toHaveLength(known.length + 1);
      expect((await me(before.accessToken)).status).toBe(200);
      expect((await me(later.accessToken)).status).toBe(200);

      identity.now = after(5);
      expect((await identity.query('{ me { id } }', { token: later.accessToken, url: other.url })).status).toBe(200);
      expect(decodeProtectedHeader(await identity.accessToken(anna, other.url)).kid).toBe(kid);
    } finally {
      await other.stop();
    }
  });

  it('keeps private keys sealed', async () => {
    const rows = await identity.database
      .system()
      .execute<{ private_key: Buffer }[]>('select private_key from signing_key');
    expect(rows.length).toBeGreaterThan(0);
    for (const { private_key: sealed } of rows) expect(sealed.toString('latin1')).not.toContain('PRIVATE KEY');
  });
});
