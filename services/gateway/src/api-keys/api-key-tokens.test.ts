import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApiKeyTokens, type ApiKeyTokens } from './api-key-tokens.js';

const START = new Date('2026-11-22T10:00:00Z');
const KEY = `Bearer fk_${'0'.repeat(32)}_${'A'.repeat(43)}`;
const ANOTHER = `Bearer fk_${'1'.repeat(32)}_${'A'.repeat(43)}`;

/** As identity answers: a new token each time, good for five minutes. */
let status = 200;
const asked: string[] = [];
const identity = createServer((request, response) => {
  asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
  const token = { accessToken: `token-${asked.length}`, expiresAt: new Date(now.getTime() + 300_000).toISOString() };
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(status === 200 ? token : {}));
});
let now = START;
let tokens: ApiKeyTokens;

beforeAll(() => new Promise<void>((resolve) => identity.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  identity.closeAllConnections();
  return new Promise((resolve) => identity.close(resolve));
});
beforeEach(() => {
  now = START;
  status = 200;
  asked.length = 0;
  const { port } = identity.address() as AddressInfo;
  tokens = createApiKeyTokens({ url: `http://127.0.0.1:${port}/internal/api-key-token`, now: () => now });
});

const after = (seconds: number) => new Date(START.getTime() + seconds * 1_000);

describe('An API key', () => {
  it('is exchanged for a token, which serves until shortly before it ends', async () => {
    expect(await tokens.tokenFor(KEY)).toBe('token-1');
    expect(asked).toEqual([`POST /internal/api-key-token ${KEY}`]);
    now = after(289);
    expect(await tokens.tokenFor(KEY)).toBe('token-1');
    now = after(290);
    expect(await tokens.tokenFor(KEY)).toBe('token-2');
  });

  it('in many requests at once is exchanged once, also when its token has ended', async () => {
    const atOnce = () => Promise.all(Array.from({ length: 10 }, () => tokens.tokenFor(KEY)));
    expect(new Set(await atOnce())).toEqual(new Set(['token-1']));
    now = after(300);
    expect(new Set(await atOnce())).toEqual(new Set(['token-2']));
  });

  it('has a token of its own', async () => {
    expect([await tokens.tokenFor(KEY), await tokens.tokenFor(ANOTHER)]).toEqual(['token-1', 'token-2']);
  });

  it('that is void is refused, and asked for again the next time', async () => {
    status = 401;
    await expect(tokens.tokenFor(KEY)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(tokens.tokenFor(KEY)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(asked).toHaveLength(2);
  });

  it('is no verdict on the key while identity is in trouble', async () => {
    const unavailable = (reason: string) => ({
      code: 'UNAVAILABLE',
      cause: { message: expect.stringContaining(reason) },
    });
    status = 500;
    await expect(tokens.tokenFor(KEY)).rejects.toMatchObject(unavailable('Identity answered 500'));
    const nowhere = createApiKeyTokens({ url: 'http://127.0.0.1:1/', now: () => now });
    await expect(nowhere.tokenFor(KEY)).rejects.toMatchObject(unavailable('ECONNREFUSED'));
    status = 200;
    expect(await tokens.tokenFor(KEY)).toBe('token-2');
  });
});

describe('Anything else', () => {
  it.each([
    undefined,
    '',
    'Bearer a.b.c',
    KEY.slice('Bearer '.length),
    `${KEY}x`,
    'Bearer fk_',
    { authorization: KEY },
  ])('is no API key: %j', async (authorization) => {
    expect(await tokens.tokenFor(authorization)).toBeUndefined();
    expect(asked).toEqual([]);
  });
});
