import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { INBOX, TEXTS } from '../testing/documents.js';
import { GatewayUnderTest } from '../testing/gateway-under-test.js';
import { RawSocket } from '../testing/raw-socket.js';

const LIMITS = {
  MAX_OPERATIONS_PER_SOCKET: '2',
  MAX_FRAME_BYTES: '10000',
  ALLOWED_ORIGINS: 'https://inbox.example',
};
/** On a loaded machine it would close any socket: for those who wait for just that. */
const IMPATIENT = { CONNECTION_INIT_TIMEOUT_MS: '500', KEEP_ALIVE_MS: '500' };

let gateway: GatewayUnderTest;
beforeEach(async () => {
  gateway = await GatewayUnderTest.start(LIMITS);
});
afterEach(() => gateway.stop());

const open = (protocol?: string) => new RawSocket(gateway.socketUrl, protocol).opened();
const begin = async () => new RawSocket(gateway.socketUrl).begin(await gateway.identity.authorization());
/** The first frame after the handshake, as it comes. */
async function firstFrame(url: string, protocol: string): Promise<Buffer> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16).toString('base64'),
    'sec-websocket-protocol': protocol,
  };
  const [, socket, head] = (await once(httpRequest(url, { headers }).end(), 'upgrade')) as [unknown, Socket, Buffer];
  const frame = head.length > 0 ? head : ((await once(socket, 'data')) as [Buffer])[0];
  socket.destroy();
  return frame;
}

const subscribe = (id: string, query: string) => ({ id, type: 'subscribe', payload: { query } });

describe('The opening of a socket', () => {
  it('is closed with 4429 at a second connection_init, even while the first is being checked', async () => {
    const socket = await open();
    const init = { type: 'connection_init', payload: { authorization: await gateway.identity.authorization() } };
    socket.send(init);
    socket.send(init);
    expect(await socket.closed).toEqual({ code: 4429, reason: 'Too many initialisation requests' });
  });

  it('is closed with 4401 at an operation before the acknowledgement', async () => {
    const socket = await open();
    socket.send(subscribe('1', INBOX));
    expect(await socket.closed).toEqual({ code: 4401, reason: 'Unauthorized' });
  });

  it.each([
    ['no token', undefined],
    ['no payload', null],
    ['a token that is none', { authorization: 'Bearer nonsense' }],
    ['a token of another signer', { authorization: 'Bearer eyJhbGciOiJFZERTQSJ9.e30.AAAA' }],
    ['a token that is not a string', { authorization: { token: 1 } }],
  ])('is closed with 4403 for %s', async (_, payload) => {
    const socket = await open();
    socket.send(payload === null ? { type: 'connection_init' } : { type: 'connection_init', payload: payload ?? {} });
    expect(await socket.closed).toEqual({ code: 4403, reason: 'Forbidden' });
  });

  it.each(['graphql-ws', 'soap'])('is closed with 4406 for the subprotocol %s', async (protocol) => {
    // Clients by the book end such a handshake themselves, before they read why.
    const frame = await firstFrame(gateway.url, protocol);
    expect([frame[0], frame.readUInt16BE(2), frame.toString('utf8', 4)]).toEqual([
      0x88,
      4406,
      'Subprotocol not acceptable',
    ]);
  });

  it('is closed with 4406 without a subprotocol', async () => {
    expect(await new RawSocket(gateway.socketUrl, []).closed).toEqual({
      code: 4406,
      reason: 'Subprotocol not acceptable',
    });
  });

  it.each([
    ['no origin', undefined, true],
    ['the same host', 'SELF', true],
    ['a listed origin', 'https://inbox.example', true],
    ['a foreign origin', 'https://evil.example', false],
    ['a listed host under another scheme', 'http://inbox.example', false],
  ])('from %s', async (_, origin, isAllowed) => {
    const socket = new RawSocket(gateway.socketUrl, undefined, {
      origin: origin === 'SELF' ? gateway.service.url : origin,
    });
    const refused = new Promise((resolve) =>
      socket.socket.once('unexpected-response', (_request, response) => resolve(response.statusCode)),
    );
    expect(await Promise.race([socket.opened().then(() => 'opened'), refused])).toBe(isAllowed ? 'opened' : 403);
    socket.socket.terminate();
  });

  it('takes no cookie for a token', async () => {
    const token = (await gateway.identity.authorization()).slice('Bearer '.length);
    const socket = new RawSocket(gateway.socketUrl, undefined, { headers: { cookie: `authorization=${token}` } });
    await socket.opened();
    socket.send({ type: 'connection_init' });
    expect((await socket.closed).code).toBe(4403);
  });
});

describe('A socket', () => {
  it.each([
    ['text that is not JSON', '{"type":', 'Message is not JSON'],
    ['JSON that is not a message', '[]', 'Message is expected to be an object, but got array'],
    ['an unknown type', { type: 'start', id: '1' }, 'Invalid message \'type\' property "start"'],
    ['a message for clients', { type: 'next', id: '1', payload: {} }, 'Unexpected message of type next received'],
    [
      'a subscribe without a query',
      { type: 'subscribe', id: '1', payload: {} },
      '"subscribe" message payload expects the \'query\' property to be a string, but got undefined',
    ],
    ['a binary message', Buffer.from('{"type":"ping"}'), 'Messages are text'],
  ])('is closed with 4400 for %s', async (_, message, reason) => {
    const socket = await begin();
    socket.send(message);
    expect(await socket.closed).toEqual({ code: 4400, reason });
  });

  it('is closed with 4409 when an id is used twice', async () => {
    const socket = await begin();
    socket.send(subscribe('same', INBOX));
    socket.send(subscribe('same', TEXTS));
    expect(await socket.closed).toEqual({ code: 4409, reason: 'Subscriber for same already exists' });
  });

  it('may use an id again after complete', async () => {
    const socket = await begin();
    socket.send(subscribe('same', INBOX));
    socket.send({ id: 'same', type: 'complete' });
    socket.send(subscribe('same', '{ whoami }'));
    await socket.receive(({ type, id }) => type === 'complete' && id === 'same');
    expect(socket.messages).toContainEqual({
      id: 'same',
      type: 'next',
      payload: { data: { whoami: expect.any(String) } },
    });
  });

  it('is closed with 1009 for a frame that is too large', async () => {
    const socket = await begin();
    socket.send({ type: 'ping', payload: { padding: 'x'.repeat(20_000) } });
    expect((await socket.closed).code).toBe(1009);
  });

  it('refuses operations beyond its number, one by one', async () => {
    const socket = await begin();
    for (const id of ['1', '2', '3']) socket.send(subscribe(id, INBOX));
    expect(await socket.receive(({ type }) => type === 'error')).toMatchObject({
      id: '3',
      payload: [{ extensions: { code: 'TOO_MANY_OPERATIONS' } }],
    });
    await socket.receive(({ type, id }) => type === 'next' && id === '2');
  });

  it('is closed with 1009 for a message in many frames that is too large', async () => {
    const socket = await begin();
    for (let part = 1; part <= 20; part++) socket.socket.send('x'.repeat(1_000), { fin: false });
    expect((await socket.closed).code).toBe(1009);
  });

  it('is answered its pings, with their payload', async () => {
    const socket = await begin();
    socket.send({ type: 'ping', payload: { at: 1 } });
    expect(await socket.receive(({ type }) => type === 'pong')).toEqual({ type: 'pong', payload: { at: 1 } });
  });

  it('is told to connect again when the gateway stops', async () => {
    const socket = await begin();
    await Promise.all([
      gateway.service.stop(),
      expect(socket.closed).resolves.toEqual({ code: 1012, reason: 'Service restart' }),
    ]);
  });

  it('is answered by limits as over HTTP', async () => {
    const socket = await begin();
    socket.send(subscribe('1', `{ ${Array.from({ length: 16 }, (_, index) => `a${index}: whoami`).join(' ')} }`));
    expect(await socket.receive(({ type }) => type === 'error')).toMatchObject({
      payload: [{ extensions: { code: 'TOO_MANY_ALIASES' } }],
    });
  });
});

describe('An impatient gateway', () => {
  let impatient: GatewayUnderTest;
  beforeEach(async () => {
    impatient = await GatewayUnderTest.start(IMPATIENT);
  });
  afterEach(() => impatient.stop());

  it('closes with 4408 without connection_init, and pings do not put it off', async () => {
    const socket = await new RawSocket(impatient.socketUrl).opened();
    const pings = setInterval(() => socket.send({ type: 'ping' }), 10);
    expect(await socket.closed).toEqual({ code: 4408, reason: 'Connection initialisation timeout' });
    clearInterval(pings);
  });

  it('ends a socket when the other side has gone without a word', async () => {
    const socket = new RawSocket(impatient.socketUrl, undefined, { autoPong: false });
    await socket.begin(await impatient.identity.authorization());
    expect((await socket.closed).code).toBe(1006);
  });
});

describe('A socket that sends 10,000 subscribes', () => {
  it('begins as many as it may have, is answered for each of the others, and goes on', async () => {
    const usual = await GatewayUnderTest.start();
    const socket = await new RawSocket(usual.socketUrl).begin(await usual.identity.authorization());
    for (let id = 1; id <= 10_000; id++) socket.send(subscribe(String(id), INBOX));
    await socket.receive(({ id }) => id === '10000');
    const errors = socket.messages.filter(({ type }) => type === 'error');
    expect(errors.map(({ id }) => Number(id))).toEqual(Array.from({ length: 9_950 }, (_, index) => index + 51));
    const refusal = {
      message: 'A socket may have 50 operations at a time.',
      extensions: { code: 'TOO_MANY_OPERATIONS' },
    };
    expect(new Set(errors.map(({ payload }) => JSON.stringify(payload)))).toEqual(new Set([JSON.stringify([refusal])]));
    socket.send({ id: '1', type: 'complete' });
    socket.send(subscribe('again', '{ whoami }'));
    await socket.receive(({ type, id }) => type === 'complete' && id === 'again');
    socket.socket.close();
    await usual.stop();
  });
});
