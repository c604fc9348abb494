import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Agent } from 'undici';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { OutgoingMessage, SendOutcome } from '../provider.js';
import { buildSendRequest, interpretResponse, sendMessage } from './send.js';
import { classifyError } from './send-errors.js';
import { cloudAccess, createWhatsAppCloudProvider, type CloudCredentials } from './whatsapp-cloud.provider.js';

const message: OutgoingMessage & { to: { phone: string } } = {
  messageId: '019aa5e0-7c1e-7cc3-98c4-dc0c0c07398f',
  to: { phone: '+4915112345678' },
  content: { kind: 'text', body: 'Ihr Fahrrad ist fertig 🚲' },
};
const credentials = (apiBaseUrl: string): CloudCredentials => ({
  apiBaseUrl,
  apiVersion: 'v26.0',
  phoneNumberId: '106540352242922',
  wabaId: '419561257915477',
  accessToken: 'token-1',
});
const access = (apiBaseUrl: string) => cloudAccess(credentials(apiBaseUrl));
const answer = (body: unknown) => Buffer.from(JSON.stringify(body));

describe('buildSendRequest', () => {
  it('writes the call that Meta documents', () => {
    const { body, ...rest } = buildSendRequest(
      { ...message, replyToProviderMessageId: 'wamid.IN' },
      access('https://graph.facebook.com'),
    );
    expect(rest).toEqual({
      origin: 'https://graph.facebook.com',
      path: '/v26.0/106540352242922/messages',
      headers: { authorization: 'Bearer token-1', 'content-type': 'application/json' },
    });
    expect(JSON.parse(body)).toEqual({
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      to: '+4915112345678',
      type: 'text',
      text: { body: 'Ihr Fahrrad ist fertig 🚲' },
      context: { message_id: 'wamid.IN' },
      biz_opaque_callback_data: '019aa5e0-7c1e-7cc3-98c4-dc0c0c07398f',
    });
  });

  it('addresses a person without a known phone by BSUID', () => {
    const body = JSON.parse(buildSendRequest({ ...message, to: { bsuid: 'DE.1' } }, access('http://127.0.0.1:1')).body);
    expect(body).toMatchObject({ recipient: 'DE.1' });
    expect(body).not.toHaveProperty('to');
  });

  it('adds the plus without which Meta would prefix its own country code', () => {
    const body = JSON.parse(
      buildSendRequest({ ...message, to: { phone: '4915112345678' } }, access('http://127.0.0.1:1')).body,
    );
    expect(body).toMatchObject({ to: '+4915112345678' });
  });

  it('keeps a path in the base URL and lets no id leave its segment', () => {
    const strange = { ...credentials('http://127.0.0.1:4100/graph/'), phoneNumberId: '../1?x=#' };
    expect(buildSendRequest(message, cloudAccess(strange)).path).toBe('/graph/v26.0/..%2F1%3Fx%3D%23/messages');
  });
});

describe('interpretResponse', () => {
  it('takes the id of an accepted message', () => {
    const body = answer({
      messaging_product: 'whatsapp',
      contacts: [{ input: '+49', wa_id: '49' }],
      messages: [{ id: 'wamid.X' }],
    });
    expect(interpretResponse(200, body)).toEqual({ kind: 'accepted', providerMessageId: 'wamid.X' });
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '<html>'],
    ['no messages', '{}'],
    ['an empty list', '{"messages":[]}'],
    ['an id that is no string', '{"messages":[{"id":1}]}'],
    ['a strange list', '{"messages":"x"}'],
  ])('does not call a 200 with %s accepted or failed', (_name, body) => {
    expect(interpretResponse(200, Buffer.from(body)).kind).toBe('unconfirmed');
  });

  it.each([
    [400, 131047, 'window_closed'],
    [400, 131050, 'opt_out'],
    [400, 131026, 'never'],
    [400, 131049, 'never'],
    [400, 100, 'never'],
    [401, 190, 'channel_broken'],
    [403, 10, 'channel_broken'],
    [403, 250, 'channel_broken'],
    [400, 131042, 'channel_broken'],
    [429, 130429, 'wait'],
    [400, 131056, 'wait'],
    [400, 4, 'wait'],
    [500, 131000, 'retry'],
    [503, 131016, 'retry'],
    [500, 2, 'retry'],
    [400, 131057, 'retry'],
    [400, 132001, 'never'],
    [400, 132015, 'wait'],
    [400, 999_999, 'never'],
    // An error object counts, whatever the status says.
    [200, 131047, 'window_closed'],
  ])('maps HTTP %i with code %i to %s', (status, code, expected) => {
    const outcome = interpretResponse(
      status,
      answer({ error: { code, message: 'secret detail', type: 'OAuthException' } }),
    );
    expect(outcome).toMatchObject({ kind: 'rejected', code, class: expected });
    expect(JSON.stringify(outcome)).not.toContain('secret detail');
  });

  it('tries an unknown code again only if Meta calls it transient', () => {
    expect(interpretResponse(500, answer({ error: { code: 424_242, is_transient: true } }))).toMatchObject({
      class: 'retry',
    });
    expect(interpretResponse(500, answer({ error: { code: 424_242 } }))).toMatchObject({ class: 'never' });
  });

  it.each([
    [400, 'rejected', 'never'],
    [401, 'rejected', 'channel_broken'],
    [404, 'rejected', 'channel_broken'],
    [302, 'rejected', 'channel_broken'],
    [429, 'rejected', 'wait'],
    [408, 'unconfirmed', undefined],
    [500, 'unconfirmed', undefined],
    [502, 'unconfirmed', undefined],
    [504, 'unconfirmed', undefined],
  ])('reads HTTP %i without an error object as %s %s', (status, kind, expected) => {
    const outcome = interpretResponse(status, Buffer.from('<html>proxy</html>'));
    expect(outcome.kind).toBe(kind);
    expect(outcome.kind === 'rejected' ? outcome.class : undefined).toBe(expected);
  });

  it('follows Retry-After within an hour, and only where waiting helps', () => {
    const busy = answer({ error: { code: 130429 } });
    expect(interpretResponse(429, busy, '7')).toMatchObject({ retryAfterMs: 7_000 });
    expect(interpretResponse(429, busy, '999999')).toMatchObject({ retryAfterMs: 3_600_000 });
    expect(interpretResponse(429, busy, 'Fri, 31 Dec 1999 23:59:59 GMT')).toMatchObject({ retryAfterMs: 1_000 });
    expect(interpretResponse(429, Buffer.alloc(0), '9')).toMatchObject({ retryAfterMs: 9_000 });
    expect(interpretResponse(400, answer({ error: { code: 131047 } }), '7')).not.toHaveProperty('retryAfterMs');
  });

  it('has a sentence for agents in every answer', () => {
    for (const code of [0, 1, 33, 100, 131042, 131047, 132015, 133016, 555]) {
      expect(classifyError(code).agentText).toMatch(/^[A-Z].*\.$/);
    }
  });
});

describe('sendMessage', () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function listen(server: Server): Promise<string> {
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(
      () =>
        new Promise((resolve) => {
          server.close(resolve);
          for (const socket of sockets) socket.destroy();
        }),
    );
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const graph = (handler: (request: IncomingMessage, response: ServerResponse) => void) =>
    listen(createHttpServer(handler));

  function agent(options: Agent.Options = {}): Agent {
    const dispatcher = new Agent({ connections: 1, connect: { timeout: 2_000 }, ...options });
    cleanups.push(() => dispatcher.destroy());
    return dispatcher;
  }
  const send = (
    url: string,
    options: { dispatcher?: Agent; timeoutMs?: number; maxResponseBytes?: number } = {},
    to: OutgoingMessage['to'] = message.to,
  ) =>
    sendMessage({ ...message, to }, access(url), {
      dispatcher: agent(),
      timeoutMs: 20_000,
      maxResponseBytes: 65_536,
      ...options,
    });

  const accepted = JSON.stringify({ messaging_product: 'whatsapp', messages: [{ id: 'wamid.X' }] });
  const accept = (_request: IncomingMessage, response: ServerResponse) => void response.end(accepted);

  it.each<[string, OutgoingMessage['to'], unknown, string | undefined]>([
    ['the number that was written to', { phone: '+5531987654321' }, [{ wa_id: '5531987654321' }], undefined],
    ['a number of one digit less', { phone: '+5531987654321' }, [{ wa_id: '553187654321' }], '+553187654321'],
    ['no number', { phone: '+5531987654321' }, [{ user_id: 'BR.1' }], undefined],
    ['something that is no number', { phone: '+5531987654321' }, [{ wa_id: '+55 31' }], undefined],
    ['nobody', { phone: '+5531987654321' }, 'x', undefined],
    ['the number of somebody who was written to by user id', { bsuid: 'BR.1' }, [{ wa_id: '553187654321' }], undefined],
  ])('tells who got it where the answer names %s', async (_name, to, contacts, phone) => {
    const body = JSON.stringify({ messaging_product: 'whatsapp', contacts, messages: [{ id: 'wamid.X' }] });
    const url = await graph((_request, response) => void response.end(body));
    const recipient = phone === undefined ? {} : { recipient: { phone } };
    expect(await send(url, {}, to)).toEqual({ kind: 'accepted', providerMessageId: 'wamid.X', ...recipient });
  });

  it('sends one request over a kept connection and returns the id', async () => {
    const seen: { method?: string; url?: string; authorization?: string; body: string; port?: number }[] = [];
    const url = await graph(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const { method, url: target, headers, socket } = request;
      seen.push({ method, url: target, authorization: headers.authorization, body, port: socket.remotePort });
      response.end(accepted);
    });
    const provider = createWhatsAppCloudProvider({ dispatcher: agent(), timeoutMs: 20_000, maxResponseBytes: 65_536 });
    expect(await provider.send(message, credentials(url))).toEqual({ kind: 'accepted', providerMessageId: 'wamid.X' });
    expect(await provider.send(message, credentials(url))).toEqual({ kind: 'accepted', providerMessageId: 'wamid.X' });
    expect(seen).toHaveLength(2);
    expect(seen[0]).toMatchObject({
      method: 'POST',
      url: '/v26.0/106540352242922/messages',
      authorization: 'Bearer token-1',
    });
    expect(seen[0]?.body).toBe(buildSendRequest(message, access(url)).body);
    expect(seen[1]?.port).toBe(seen[0]?.port);
  });

  it('reads a refusal with its Retry-After', async () => {
    const url = await graph((_request, response) => {
      response.writeHead(429, { 'retry-after': '12' }).end(JSON.stringify({ error: { code: 130429 } }));
    });
    expect(await send(url)).toMatchObject({ kind: 'rejected', class: 'wait', code: 130429, retryAfterMs: 12_000 });
  });

  it('knows that nothing was sent when nobody listens', async () => {
    const server = createTcpServer();
    const url = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    expect(await send(url)).toEqual({ kind: 'not_sent', reason: 'ECONNREFUSED' });
  });

  it('knows that nothing was sent when the name does not resolve', async () => {
    const dispatcher = agent({
      connect: {
        lookup: (_host, _options, callback) => callback(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), []),
      },
    });
    expect(await send('http://graph.invalid', { dispatcher })).toEqual({ kind: 'not_sent', reason: 'ENOTFOUND' });
  });

  it('does not know after a connection that broke once the request was written', async () => {
    const url = await listen(createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    expect((await send(url)).kind).toBe('unconfirmed');
  });

  it('does not know after a connection that was closed without an answer', async () => {
    const url = await listen(createTcpServer((socket) => socket.once('data', () => socket.end())));
    expect((await send(url)).kind).toBe('unconfirmed');
  });

  it.each([
    ['silence', ''],
    ['half an acceptance', 'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"messages":['],
  ])('does not know after %s', async (_name, answered) => {
    let wasWritten = false;
    const url = await listen(
      createTcpServer((socket) =>
        socket.once('data', () => {
          socket.write(answered);
          wasWritten = true;
        }),
      ),
    );
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    cleanups.push(async () => vi.useRealTimers());
    const outcome = send(url, { timeoutMs: 10_000 });
    await vi.waitUntil(() => wasWritten);
    vi.advanceTimersByTime(10_000);
    expect(await outcome).toEqual({ kind: 'unconfirmed', reason: 'timeout' });
  });

  it('does not know after an acceptance that was cut off', async () => {
    const half = 'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"messages":[';
    const url = await listen(createTcpServer((socket) => socket.once('data', () => socket.end(half))));
    expect((await send(url)).kind).toBe('unconfirmed');
  });

  it('may repeat after half a refusal', async () => {
    const half = 'HTTP/1.1 400 Bad Request\r\ncontent-length: 500\r\n\r\n{"error":';
    const url = await listen(createTcpServer((socket) => socket.once('data', () => socket.end(half))));
    expect(await send(url)).toMatchObject({ kind: 'rejected', class: 'retry' });
  });

  it('does not know after an answer that is no HTTP', async () => {
    const url = await listen(createTcpServer((socket) => socket.once('data', () => socket.end('SSH-2.0-x\r\n'))));
    expect((await send(url)).kind).toBe('unconfirmed');
  });

  it('stops reading an endless answer', async () => {
    const url = await graph((_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
      };
      response.on('drain', more);
      more();
    });
    expect(await send(url)).toEqual({ kind: 'unconfirmed', reason: 'answer too large' });
  });

  it('never writes a request that gave up while it waited for a connection', async () => {
    const held: ServerResponse[] = [];
    let requests = 0;
    let firstArrived = () => {};
    const arrived = new Promise<void>((resolve) => (firstArrived = resolve));
    const url = await graph((_request, response) => {
      requests++;
      held.push(response);
      firstArrived();
    });
    const dispatcher = agent();
    const first = send(url, { dispatcher });
    await arrived;
    expect(await send(url, { dispatcher, timeoutMs: 30 })).toEqual({ kind: 'not_sent', reason: 'timeout' });
    held[0]?.end(accepted);
    expect((await first).kind).toBe('accepted');
    const third = send(url, { dispatcher });
    await expect.poll(() => held.length).toBe(2);
    held[1]?.end(accepted);
    expect((await third).kind).toBe('accepted');
    expect(requests).toBe(2);
  });

  it.each<[string, Partial<CloudCredentials>]>([
    ['an address that is none', { apiBaseUrl: 'graph' }],
    ['an address of another protocol', { apiBaseUrl: 'ftp://127.0.0.1/' }],
    ['a token that no header can carry', { accessToken: 'a\r\nx-admin: 1' }],
  ])('calls the channel broken with %s, and touches no network', async (_name, wrong) => {
    const url = await graph(accept);
    const options = { dispatcher: agent(), timeoutMs: 20_000, maxResponseBytes: 65_536 };
    const outcome: SendOutcome = await sendMessage(message, cloudAccess({ ...credentials(url), ...wrong }), options);
    expect(outcome).toMatchObject({ kind: 'rejected', class: 'channel_broken' });
  });

  it('knows that nothing was sent when the service is stopping', async () => {
    const dispatcher = agent();
    await dispatcher.close();
    expect(await send(await graph(accept), { dispatcher })).toMatchObject({ kind: 'not_sent' });
  });
});
