import { newId } from '@fenster/runtime';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearerToken, createTokenVerifier, signToken, tokenEnd, TOKEN_AUDIENCE, TOKEN_ISSUER } from './token.js';

const keys = await generateKeyPair('EdDSA');
const foreign = await generateKeyPair('EdDSA');
const jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'EdDSA' }] };
const member = {
  kind: 'member' as const,
  id: newId(),
  workspaceId: newId(),
  role: 'agent',
  permissions: ['message:read'] as const,
  teamIds: [newId()],
  channelIds: [newId(), newId()],
  sessionId: newId(),
};

let now = new Date('2026-11-21T12:00:00Z');
const verifier = createTokenVerifier({ jwks: async () => jwks, now: () => now });
const token = (lifetime = 900, privateKey = keys.privateKey) =>
  signToken({ kid: 'k1', privateKey }, member, now, tokenEnd(now, lifetime));
const expectRejected = (value: string) =>
  expect(verifier.verify(value)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });

describe('an access token', () => {
  it('says who its bearer is and what they may do', async () => {
    expect(await verifier.verify(await token())).toEqual({
      ...member,
      issuedAt: new Date('2026-11-21T12:00:00Z'),
      expiresAt: new Date('2026-11-21T12:15:00Z'),
    });
  });

  it('says to the millisecond when its rights were read, and ends at a whole second', async () => {
    const issuedAt = new Date('2026-11-21T12:00:00.457Z');
    const signed = await signToken(
      { kid: 'k1', privateKey: keys.privateKey },
      member,
      issuedAt,
      tokenEnd(issuedAt, 900),
    );
    expect(await verifier.verify(signed)).toMatchObject({ issuedAt, expiresAt: new Date('2026-11-21T12:15:00Z') });
  });

  it.each([
    ['its seconds after the second in which it was made', undefined, '2026-11-21T12:15:00Z'],
    ['with what it is for, if that ends before', '2026-11-21T12:03:00.900Z', '2026-11-21T12:03:00Z'],
    ['not with what it is for, if that ends later', '2026-11-22T12:00:00Z', '2026-11-21T12:15:00Z'],
  ])('ends %s', (_, latest, end) => {
    const issuedAt = new Date('2026-11-21T12:00:00.457Z');
    expect(tokenEnd(issuedAt, 900, latest ? new Date(latest) : undefined)).toEqual(new Date(end));
  });

  it('says whether a member or a program has it', async () => {
    const program = { ...member, kind: 'api_key' as const };
    const signed = await signToken({ kid: 'k1', privateKey: keys.privateKey }, program, now, tokenEnd(now, 900));
    expect(await verifier.verify(signed)).toMatchObject({ kind: 'api_key', id: member.id });
  });

  it('says what a program may do alone, as far as this version knows', async () => {
    const grants = [{ action: 'message:send', quota: { count: 3, per: 'DAY' } }] as const;
    const program = { ...member, kind: 'api_key' as const, grants: [...grants, { action: 'message:burn' } as never] };
    const signed = await signToken({ kid: 'k1', privateKey: keys.privateKey }, program, now, tokenEnd(now, 900));
    expect((await verifier.verify(signed)).grants).toEqual(grants);
  });

  it('is neither good nor bad while nobody can say', async () => {
    const blind = createTokenVerifier({
      jwks: async () => {
        throw new Error('identity is away');
      },
    });
    await expect(blind.verify(await token())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('grants no permission that this version does not know', async () => {
    const signed = await signToken(
      { kid: 'k1', privateKey: keys.privateKey },
      { ...member, permissions: ['message:read', 'all:all'] as never },
      now,
      tokenEnd(now, 900),
    );
    expect((await verifier.verify(signed)).permissions).toEqual(['message:read']);
  });

  it('ends, also when it was verified before', async () => {
    const signed = await token(60);
    await verifier.verify(signed);
    now = new Date('2026-11-21T12:01:00Z');
    await expectRejected(signed);
    now = new Date('2026-11-21T12:00:00Z');
  });

  it('is refused when another key signed it, when it is changed, unsigned, or of another kind', async () => {
    await expectRejected(await token(900, foreign.privateKey));
    const [header, payload, signature] = (await token()).split('.') as [string, string, string];
    const changed = Buffer.from(
      JSON.stringify({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), ws: newId() }),
    );
    await expectRejected(`${header}.${changed.toString('base64url')}.${signature}`);
    const claims = {
      ws: member.workspaceId,
      kind: 'member',
      perms: [],
      teams: [],
      channels: [],
      sub: member.id,
      iat: 0,
    };
    await expectRejected(
      new UnsecuredJWT(claims).setIssuer(TOKEN_ISSUER).setAudience(TOKEN_AUDIENCE).setExpirationTime('1h').encode(),
    );
    const symmetric = new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
      .setIssuer(TOKEN_ISSUER)
      .setAudience(TOKEN_AUDIENCE)
      .setExpirationTime('1h');
    await expectRejected(await symmetric.sign(Buffer.from(jwks.keys[0]!.x!, 'base64url')));
    for (const missing of ['ws', 'sub', 'kind', 'perms', 'teams', 'channels', 'iat']) {
      const { [missing as 'ws']: _, ...rest } = claims;
      const signed = new SignJWT(rest)
        .setProtectedHeader({ alg: 'EdDSA', kid: 'k1' })
        .setIssuer(TOKEN_ISSUER)
        .setAudience(TOKEN_AUDIENCE)
        .setExpirationTime('1h');
      await expectRejected(await signed.sign(keys.privateKey));
    }
    for (const other of [
      { iss: 'somebody', aud: TOKEN_AUDIENCE },
      { iss: TOKEN_ISSUER, aud: 'elsewhere' },
    ]) {
      const signed = new SignJWT(claims)
        .setProtectedHeader({ alg: 'EdDSA', kid: 'k1' })
        .setIssuer(other.iss)
        .setAudience(other.aud)
        .setExpirationTime('1h');
      await expectRejected(await signed.sign(keys.privateKey));
    }
    await expectRejected('');
  });
});

describe('the key set', () => {
  let server: Server;
  let answer: 'keys' | 'fault' = 'fault';
  beforeAll(
    () =>
      new Promise<void>((resolve) => {
        server = createServer((_request, response) => {
          response.statusCode = answer === 'keys' ? 200 : 500;
          response.end(JSON.stringify(jwks));
        }).listen(0, '127.0.0.1', resolve);
      }),
  );
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('that cannot be fetched is a fault and no verdict on the token', async () => {
    const { port } = server.address() as AddressInfo;
    const remote = createTokenVerifier({ jwks: `http://127.0.0.1:${port}/`, now: () => now });
    const failure = await remote.verify(await token()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(failure).not.toMatchObject({ code: 'UNAUTHENTICATED' });
    answer = 'keys';
    expect(await remote.verify(await token())).toMatchObject({ id: member.id });
  });
});

describe('a bearer token', () => {
  it.each([
    ['Bearer a.b.c', 'a.b.c'],
    ['bearer a.b.c ', 'a.b.c'],
    ['Basic a.b.c', undefined],
    ['Bearer', undefined],
    ['Bearer a.b', undefined],
    ['Bearer a.b.c.d', undefined],
    [undefined, undefined],
    [{ authorization: 'Bearer a.b.c' }, undefined],
  ])('of %j is %j', (header, expected) => {
    expect(bearerToken(header)).toBe(expected);
  });
});
