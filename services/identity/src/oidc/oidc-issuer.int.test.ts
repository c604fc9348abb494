import { createPublicKey } from 'node:crypto';
import { readLog } from '@fenster/database';
import { decodeJwt, SignJWT, type JWTPayload } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { IdentityService } from '../service.js';
import { Session } from '../sessions/session.entity.js';
import { IdentityUnderTest, type SignInMember } from '../testing/identity-under-test.js';
import { LocalIssuer } from '../testing/local-issuer.js';

const START = new Date('2026-11-21T10:00:00Z');
const AUDIENCE = 'our-inbox';
const SET = /* GraphQL */ `
  mutation ($input: SetOidcIssuerInput!) {
    setOidcIssuer(input: $input) {
      __typename
      ... on OidcIssuer {
        issuer
        audience
        jwksUri
        updatedAt
      }
      ... on InvalidInput {
        code
        message
        field
      }
    }
  }
`;
const SIGN_IN = /* GraphQL */ `
  mutation ($idToken: String!) {
    signInWithOidc(idToken: $idToken) {
      __typename
      ... on Session {
        accessToken
        refreshToken
        member {
          id
          email
        }
      }
      ... on UserError {
        code
        message
      }
      ... on TooManyAttempts {
        retryAfterSeconds
      }
    }
  }
`;
const REFUSED = {
  __typename: 'InvalidCredentials',
  code: 'INVALID_CREDENTIALS',
  message: 'This identity token does not sign anybody in.',
};

const identity = new IdentityUnderTest();
const issuer = new LocalIssuer();
/** As in the local deployment: issuers may be on this machine. */
let local: IdentityService;
let owner: SignInMember;
let anna: SignInMember;

beforeAll(async () => {
  await Promise.all([identity.start(), issuer.start()]);
  local = await identity.anotherInstance({}, { OIDC_ALLOW_LOOPBACK: 'true' });
  const workspaceId = await identity.workspace();
  owner = await identity.member(workspaceId, 'owner');
  anna = await identity.member(workspaceId, 'agent');
});
afterAll(async () => {
  await local.stop();
  await Promise.all([identity.stop(), issuer.stop()]);
});
beforeEach(() => {
  identity.now = START;
});
afterEach(() => issuer.answers.clear());

async function setIssuer(
  input: { issuer?: string; audience?: string; jwksUri?: string } = {},
  { by = owner, url = local.url }: { by?: SignInMember; url?: string } = {},
): Promise<unknown> {
  const { data } = await identity.query(SET, {
    variables: { input: { issuer: issuer.url, audience: AUDIENCE, ...input } },
    token: await identity.accessToken(by),
    url,
  });
  return data!.setOidcIssuer;
}

async function signIn(idToken: string, clientAddress?: string) {
  const { data } = await identity.query(SIGN_IN, {
    variables: { idToken },
    url: local.url,
    ...(clientAddress && { clientAddress }),
  });
  return data!.signInWithOidc as Record<string, unknown>;
}

const tokenFor = (claims: JWTPayload = {}, options: Partial<Parameters<LocalIssuer['token']>[1]> = {}) =>
  issuer.token({ aud: AUDIENCE, email: anna.email, ...claims }, { at: identity.now, ...options });

describe('naming an issuer', () => {
  it('finds its keys by its own configuration', async () => {
    expect(await setIssuer()).toEqual({
      __typename: 'OidcIssuer',
      issuer: issuer.url,
      audience: AUDIENCE,
      jwksUri: `${issuer.url}/keys`,
      updatedAt: '2026-11-21T10:00:00.000Z',
    });
  });

  it('takes the address of the keys as well, and keeps one issuer per workspace', async () => {
    issuer.answers.set('/other', { body: JSON.stringify({ keys: issuer.keys }) });
    await setIssuer({ jwksUri: `${issuer.url}/other`, audience: 'another' });
    const token = await identity.accessToken(owner);
    const { data } = await identity.query('{ oidcIssuer { audience jwksUri } }', { token });
    expect(data).toEqual({ oidcIssuer: { audience: 'another', jwksUri: `${issuer.url}/other` } });
  });

  it('is audited, with what was trusted before', async () => {
    const manager = await identity.member(await identity.workspace(), 'owner');
    await setIssuer({}, { by: manager });
    await setIssuer({ audience: 'another inbox' }, { by: manager });
    await identity.ask(await identity.accessToken(manager), 'mutation { removeOidcIssuer }');
    const log = await readLog(identity.database.forTenant(manager.workspaceId), 0, 1_000);
    const changes = log
      .map((event) => event.data as { action?: string; changes?: Record<string, unknown> })
      .filter(({ action }) => action === 'workspace.update')
      .map((entry) => entry.changes);
    const issuerIs = (before: string | null, after: string | null) => ({
      oidcIssuer: { before, after },
      oidcKeySet: { before: before && `${before}/keys`, after: after && `${after}/keys` },
    });
    expect(changes).toEqual([
      { ...issuerIs(null, issuer.url), oidcAudience: { before: null, after: AUDIENCE } },
      { oidcAudience: { before: AUDIENCE, after: 'another_inbox' } },
      { ...issuerIs(issuer.url, null), oidcAudience: { before: 'another_inbox', after: null } },
    ]);
  });

  const unreadable = (field: string) => ({
    __typename: 'InvalidInput',
    code: 'INVALID_INPUT',
    message: 'is not the address of an issuer whose configuration and keys can be read.',
    field,
  });

  it('answers alike whatever is wrong behind an address', async () => {
    for (const answer of [
      { status: 404 },
      { body: 'not json' },
      { body: '{}' },
      { body: JSON.stringify({ issuer: 'https://another.example.com', jwks_uri: `${issuer.url}/keys` }) },
      { body: JSON.stringify({ issuer: issuer.url, jwks_uri: `${issuer.url}/nothing` }) },
      { status: 302, headers: { location: `${issuer.url}/keys` } },
    ]) {
      issuer.answers.set('/.well-known/openid-configuration', answer);
      expect(await setIssuer()).toEqual(unreadable('issuer'));
    }
    expect(await setIssuer({ jwksUri: 'http://127.0.0.1:1/keys' })).toEqual(unreadable('jwksUri'));
    // A public address, as far as the name tells; there is no network here to ask.
    expect(await setIssuer({ issuer: 'https://169.254.169.254' })).toEqual(unreadable('issuer'));
  });

  it('takes no address but HTTPS, also if the configuration says so', async () => {
    const refusal = (field: string) => ({
      __typename: 'InvalidInput',
      code: 'INVALID_INPUT',
      message: 'must be an https:// address of at most 500 characters, without a query.',
      field,
    });
    const inProduction = { url: identity.service.url };
    expect(await setIssuer({}, inProduction)).toEqual(refusal('issuer'));
    expect(await setIssuer({ issuer: 'https://x.example', jwksUri: `${issuer.url}/keys` }, inProduction)).toEqual(
      refusal('jwksUri'),
    );
    issuer.answers.set('/.well-known/openid-configuration', {
      body: JSON.stringify({ issuer: issuer.url, jwks_uri: 'http://10.0.0.1/keys' }),
    });
    expect(await setIssuer()).toEqual(refusal('issuer'));
    expect(await setIssuer({ audience: ' ' })).toMatchObject({ code: 'INVALID_INPUT', field: 'audience' });
  });

  it('is for those who manage the workspace', async () => {
    const { data, errors } = await identity.query(SET, {
      variables: { input: { issuer: issuer.url, audience: AUDIENCE } },
      token: await identity.accessToken(anna),
      url: local.url,
    });
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ message: 'Your role does not allow this.', extensions: { code: 'FORBIDDEN' } }]);
  });
});

describe('signing in by an identity token', () => {
  beforeEach(async () => {
    await setIssuer();
  });

  it.each(['RS256', 'ES256', 'EdDSA'] as const)('opens a session for the member with its address (%s)', async (alg) => {
    const session = await signIn(await tokenFor({ email: anna.email.toUpperCase() }, { alg, typ: 'JWT' }));
    expect(session).toMatchObject({ __typename: 'Session', member: { id: anna.id, email: anna.email } });
    const token = session['accessToken'] as string;
    expect(decodeJwt(token)).toMatchObject({ sub: anna.id, kind: 'member', role: 'agent' });
    expect((await identity.query('{ me { id } }', { token })).data).toEqual({ me: { id: anna.id } });
  });

  it('takes one for several audiences if it was issued to ours', async () => {
    const several = { aud: [AUDIENCE, 'another'] };
    expect(await signIn(await tokenFor({ ...several, azp: AUDIENCE }))).toMatchObject({ __typename: 'Session' });
    expect(await signIn(await tokenFor(several))).toEqual(REFUSED);
    expect(await signIn(await tokenFor({ ...several, azp: 'another' }))).toEqual(REFUSED);
  });

  it('learns of a key that the issuer has added', async () => {
    const before = await tokenFor();
    expect(await signIn(before)).toMatchObject({ __typename: 'Session' });
    await issuer.addKey('added', 'ES256');
    // The key set is not fetched for every unknown key, but half a minute after the last time.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 });
    try {
      expect(await signIn(await tokenFor({}, { alg: 'ES256', kid: 'added' }))).toMatchObject({ __typename: 'Session' });
    } finally {
      vi.useRealTimers();
    }
  });

  it('refuses everything else alike, and opens no session', async () => {
    const stranger = new LocalIssuer();
    await stranger.start();
    const elsewhere = await identity.member(await identity.workspace());
    const sessions = await identity.database.system().count(Session);
    const jwk = issuer.keys.find((key) => key.kid === 'RS256')!;
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const claims = { iss: issuer.url, sub: 'user-1', aud: AUDIENCE, email: anna.email, email_verified: true };
    const valid = await tokenFor();
    const [header, payload, signature] = valid.split('.') as [string, string, string];
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const at = identity.now;
    try {
      const refused: Record<string, string> = {
        'of another issuer': await stranger.token({ aud: AUDIENCE, email: anna.email }, { at }),
        'of another issuer under the name of ours': await stranger.token(
          { iss: issuer.url, aud: AUDIENCE, email: anna.email },
          { at },
        ),
        'for another audience': await tokenFor({ aud: 'another' }),
        'for no audience': await tokenFor({ aud: [] }),
        'that has expired': await tokenFor({ exp: at.getTime() / 1_000 - 31 }),
        'without an end': await tokenFor({ exp: undefined }),
        'that is too old': await tokenFor({ iat: at.getTime() / 1_000 - 631, exp: at.getTime() / 1_000 + 3_600 }),
        'of the future': await tokenFor({ iat: at.getTime() / 1_000 + 60 }),
        'not valid yet': await tokenFor({ nbf: at.getTime() / 1_000 + 60 }),
        'signed with our public key as a secret': await new SignJWT(claims)
          .setProtectedHeader({ alg: 'HS256', kid: 'RS256' })
          .setIssuedAt(at)
          .setExpirationTime(new Date(at.getTime() + 60_000))
          .sign(Buffer.from(publicKey)),
        'without a signature': `${encode({ alg: 'none' })}.${payload}.`,
        'with a signature and no algorithm': `${encode({ alg: 'none', kid: 'RS256' })}.${payload}.${signature}`,
        'with changed claims': `${header}.${encode({ ...claims, email: owner.email })}.${signature}`,
        'of an unknown key': await tokenFor({}, { kid: 'nobody', key: 'RS256' }),
        'signed by another of its keys than it says': await tokenFor({}, { kid: 'ES256', key: 'RS256' }),
        'with an unverified address': await tokenFor({ email_verified: false }),
        'with an address that is verified in words': await tokenFor({ email_verified: 'true' }),
        'that does not say whether it is verified': await tokenFor({ email_verified: undefined }),
        'without an address': await tokenFor({ email: undefined }),
        'of somebody who is no member': await tokenFor({ email: 'nobody@example.test' }),
        'of a member of another workspace': await tokenFor({ email: elsewhere.email }),
        'that is an access token': await tokenFor({}, { typ: 'at+jwt' }),
        'that is too long': await tokenFor({ filler: 'x'.repeat(20_000) }),
        'that is none': 'abc',
        'that is empty': '',
      };
      for (const [what, token] of Object.entries(refused))
        expect({ [what]: await signIn(token) }).toEqual({ [what]: REFUSED });
      expect(await identity.database.system().count(Session)).toBe(sessions);
      expect(await signIn(valid)).toMatchObject({ __typename: 'Session' });
    } finally {
      await stranger.stop();
    }
  });

  it('given two workspaces that name the same issuer, then the keys of each speak for its own members only', async () => {
    const ownWorkspace = await identity.workspace();
    const attacker = await identity.member(ownWorkspace, 'owner');
    const forger = await new LocalIssuer().start();
    try {
      // Names the other's issuer and audience, with keys of their own.
      await setIssuer({ jwksUri: `${forger.url}/keys` }, { by: attacker });
      const forge = (email: string) => forger.token({ iss: issuer.url, aud: AUDIENCE, email }, { at: identity.now });
      expect(await signIn(await forge(attacker.email))).toMatchObject({ member: { id: attacker.id } });
      expect(await signIn(await forge(anna.email))).toEqual(REFUSED);
      expect(await signIn(await tokenFor())).toMatchObject({ member: { id: anna.id } });
    } finally {
      await forger.stop();
    }
  });

  it('is refused while the keys of the issuer cannot be read', async () => {
    const gone = await new LocalIssuer().start();
    await setIssuer({ issuer: gone.url });
    const token = await gone.token({ aud: AUDIENCE, email: anna.email }, { at: identity.now });
    await gone.stop();
    expect(await signIn(token)).toEqual(REFUSED);
  });

  it('is over once the workspace has removed the issuer', async () => {
    const token = await identity.accessToken(owner);
    const remove = () => identity.query('mutation { removeOidcIssuer }', { token, url: local.url });
    expect((await remove()).data).toEqual({ removeOidcIssuer: true });
    expect(await signIn(await tokenFor())).toEqual(REFUSED);
    expect((await remove()).data).toEqual({ removeOidcIssuer: false });
  });

  it('too often in vain from one address is refused for a while', async () => {
    const from = '198.51.100.9';
    for (let each = 0; each < 31; each += 1) expect(await signIn('abc', from)).toEqual(REFUSED);
    expect(await signIn(await tokenFor(), from)).toEqual({
      __typename: 'TooManyAttempts',
      code: 'TOO_MANY_ATTEMPTS',
      message: 'Too many attempts. Try again in 2 seconds.',
      retryAfterSeconds: 2,
    });
  });
});
