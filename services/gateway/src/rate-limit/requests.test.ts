import { newId } from '@fenster/runtime';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TEXTS } from '../testing/documents.js';
import { GatewayUnderTest } from '../testing/gateway-under-test.js';
import { eventOf, RawSocket } from '../testing/raw-socket.js';

const PROXIED = { 'x-forwarded-for': '192.0.2.1' };

let gateway: GatewayUnderTest;
beforeEach(async () => {
  gateway = await GatewayUnderTest.start({
    REQUESTS_PER_MEMBER: '3',
    REQUESTS_PER_WORKSPACE: '5',
    REQUESTS_PER_ADDRESS: '2',
    // Nothing comes back while a test lasts.
    REQUESTS_WINDOW_SECONDS: '36000',
    TRUSTED_PROXIES: '1',
    CONNECTION_INIT_TIMEOUT_MS: '1000',
  });
});
afterEach(() => gateway.stop());

const member = async (workspaceId?: string) => gateway.identity.authorization({ ...(workspaceId && { workspaceId }) });

async function ask(headers: Record<string, string>, body: object | string = { query: '{ contactCount }' }) {
  const answer = await request(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...PROXIED, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const { errors } = (await answer.body.json()) as { errors?: { extensions: Record<string, unknown> }[] };
  return { status: answer.statusCode, headers: answer.headers, error: errors?.[0]?.extensions };
}

const statuses = async (times: number, headers: Record<string, string>, body?: string) => {
  const found: number[] = [];
  for (let each = 0; each < times; each++) found.push((await ask(headers, body)).status);
  return found;
};

describe('Requests over HTTP', () => {
  it('are told what is left', async () => {
    const { headers } = await ask({ authorization: await member() });
    expect([headers['ratelimit-policy'], headers.ratelimit]).toEqual([
      '"member";q=3;w=36000, "workspace";q=5;w=36000',
      '"member";r=2;t=12000, "workspace";r=4;t=7200',
    ]);
  });

  it('are refused beyond their number, before anything runs, and told when to come again', async () => {
    const authorization = await member();
    expect(await statuses(3, { authorization })).toEqual([200, 200, 200]);
    const before = gateway.contacts.requests;
    const refused = await ask({ authorization });
    expect(refused).toMatchObject({
      status: 429,
      error: { code: 'RATE_LIMITED', policy: 'member', retryAfterSeconds: expect.any(Number) },
    });
    expect(refused.headers['retry-after']).toBe(String(refused.error!.retryAfterSeconds));
    expect(refused.headers.ratelimit).toMatch(/^"member";r=0;t=36000, "workspace";r=2;/);
    expect(gateway.contacts.requests).toBe(before);
  });

  it('of one member leave the others theirs, as far as the workspace goes, and other workspaces all', async () => {
    await statuses(10, { authorization: await member() });
    expect(await statuses(3, { authorization: await member() })).toEqual([200, 200, 429]);
    expect((await ask({ authorization: await member() })).error).toMatchObject({ policy: 'workspace' });
    expect((await ask({ authorization: await member(newId()) })).status).toBe(200);
  });

  it('count though nothing comes of them', async () => {
    expect(await statuses(3, {}, '{"query":')).toEqual([400, 400, 429]);
  });

  it('without a valid token count for their address, and members of that address are not hindered', async () => {
    expect(await statuses(3, { authorization: 'Bearer no.token.this' })).toEqual([401, 401, 429]);
    expect((await ask({})).error).toMatchObject({ code: 'RATE_LIMITED', policy: 'address' });
    expect((await ask({ authorization: await member() })).status).toBe(200);
    expect((await ask({ 'x-forwarded-for': '192.0.2.1, 192.0.2.2' })).status).toBe(200);
  });

  it('of pages let them read the headers', async () => {
    const { headers } = await ask({ origin: gateway.service.url });
    expect(headers['access-control-expose-headers']).toBe('ratelimit, ratelimit-policy, retry-after');
  });
});

describe('Sockets', () => {
  const open = () => new RawSocket(gateway.socketUrl, undefined, { headers: PROXIED });
  const refusal = (socket: RawSocket) =>
    new Promise<unknown>((resolve) =>
      socket.socket.once('unexpected-response', (_request, { statusCode, headers }) =>
        resolve([statusCode, headers['retry-after']]),
      ),
    );

  it('and their operations count as requests, each refused by itself', async () => {
    const socket = await open().begin(await member());
    for (const id of ['1', '2', '3']) socket.send({ id, type: 'subscribe', payload: { query: TEXTS } });
    expect(await socket.receive(({ type }) => type === 'error')).toMatchObject({
      id: '3',
      payload: [{ extensions: { code: 'RATE_LIMITED', policy: 'member', retryAfterSeconds: expect.any(Number) } }],
    });
    for (const id of ['1', '2'])
      await socket.receive((message) => message.id === id && eventOf(message)?.__typename === 'LiveStarted');
    socket.socket.close();
  });

  it('that are signed in are those of their member, whatever their address', async () => {
    const workspaceId = newId();
    const authorizations = [await member(workspaceId), await member(workspaceId), await member(workspaceId)];
    const sockets: RawSocket[] = [];
    for (const authorization of authorizations) sockets.push(await open().begin(authorization));
    expect(sockets.map(({ messages }) => messages)).toEqual(Array(3).fill([{ type: 'connection_ack' }]));
    for (const { socket } of sockets) socket.close();
    await Promise.all(sockets.map(({ closed }) => closed));
  });

  it('are closed with 1013 when the member has no requests left', async () => {
    const authorization = await member();
    await statuses(3, { authorization });
    const socket = await open().opened();
    socket.send({ type: 'connection_init', payload: { authorization } });
    expect(await socket.closed).toEqual({
      code: 1013,
      reason: expect.stringMatching(/^Too many requests: try again in \d+ s\.$/),
    });
  });

  it('that are not signed in are limited by address', async () => {
    const idle = [open(), open()];
    for (const socket of idle) await socket.opened();
    expect(await refusal(open())).toEqual([429, expect.stringMatching(/^\d+$/)]);
    expect(await Promise.all(idle.map(({ closed }) => closed))).toMatchObject([{ code: 4408 }, { code: 4408 }]);
    expect(await refusal(open())).toEqual([429, expect.any(String)]);
    const elsewhere = new RawSocket(gateway.socketUrl, undefined, { headers: { 'x-forwarded-for': '192.0.2.2' } });
    await elsewhere.opened();
    elsewhere.socket.terminate();
  });
});

describe('An API key', () => {
  it('does not count for its address while nobody can tell whether it is good', async () => {
    gateway.identity.isInTrouble = true;
    const authorization = `Bearer fk_${'1'.repeat(32)}_${'A'.repeat(43)}`;
    expect(await statuses(3, { authorization })).toEqual([503, 503, 503]);
    expect(await statuses(3, {})).toEqual([200, 200, 429]);
  });

  it('that is in use is not hindered by others at its address, of whatever kind', async () => {
    const [known, unknown] = [1, 2].map((digit) => `Bearer fk_${String(digit).repeat(32)}_${'A'.repeat(43)}`);
    for (const key of [known!, unknown!]) gateway.identity.apiKeys.set(key, {});
    expect(await statuses(1, { authorization: known! })).toEqual([200]);
    expect(await statuses(3, {})).toEqual([200, 200, 429]);
    expect(await statuses(2, { authorization: known! })).toEqual([200, 200]);
    const { status, error, headers } = await ask({ authorization: unknown! });
    expect([status, error?.policy]).toEqual([429, 'address']);
    expect(headers).toMatchObject({
      'retry-after': String(error!.retryAfterSeconds),
      ratelimit: expect.stringMatching(/^"address";r=0;/),
    });
  });

  it('is not asked about any more when an address has given too many that are none', async () => {
    const key = (digit: number) => `Bearer fk_${String(digit).repeat(32)}_${'A'.repeat(43)}`;
    gateway.identity.apiKeys.set(key(9), {});
    for (const digit of [1, 2]) expect(await statuses(1, { authorization: key(digit) })).toEqual([401]);
    const asked = gateway.identity.exchanges;
    expect(await statuses(2, { authorization: key(3) })).toEqual([429, 429]);
    expect(gateway.identity.exchanges).toBe(asked);
    const elsewhere = { authorization: key(9), 'x-forwarded-for': '192.0.2.2' };
    expect(await statuses(3, elsewhere)).toEqual([200, 200, 200]);
  });
});
