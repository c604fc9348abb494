import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { BatchingSocket } from './batching-socket.js';

let http: Server;
const sockets = new WebSocketServer<typeof BatchingSocket>({ noServer: true, WebSocket: BatchingSocket });

beforeAll(async () => {
  http = createServer();
  http.on('upgrade', (request, stream, head) =>
    sockets.handleUpgrade(request, stream, head, (socket) => {
      socket.writeTo(stream);
      sockets.emit('connection', socket, request);
    }),
  );
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  sockets.clients.forEach((socket) => socket.terminate());
  http.close();
});

async function connect() {
  const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
  const [[server, request]] = (await Promise.all([once(sockets, 'connection'), once(client, 'open')])) as never as [
    [BatchingSocket, { socket: { _writev: () => void; _write: () => void } }],
  ];
  return { client, server, stream: request.socket };
}

describe('BatchingSocket', () => {
  it('writes what is sent in one turn at once, in order', async () => {
    const { client, server, stream } = await connect();
    const writes = [vi.spyOn(stream, '_writev'), vi.spyOn(stream, '_write')];
    const received: string[] = [];
    const all = new Promise<void>((resolve) =>
      client.on('message', (data) => received.push((data as Buffer).toString()) === 21 && resolve()),
    );
    const texts = Array.from({ length: 20 }, (_, index) => `${index}`);
    for (const text of texts) await new Promise<unknown>((sent) => server.send(text, sent));
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(writes.map((write) => write.mock.calls.length)).toEqual([1, 0]);
    server.send('later');
    await all;
    expect(received).toEqual([...texts, 'later']);
  });

  it('lets a sender wait whose reader does not read, until the reader does', async () => {
    const { client, server } = await connect();
    client.pause();
    let received = 0;
    client.on('message', () => (received += 1));
    const frame = 'x'.repeat(64 * 1024);
    let sent = 0;
    let isWaiting = false;
    while (!isWaiting) {
      const done = new Promise<unknown>((resolve) => server.send(frame, resolve)).then(() => (sent += 1));
      const turn = new Promise((resolve) => setImmediate(resolve, 'turn'));
      isWaiting = (await Promise.race([done, turn])) === 'turn' && server.bufferedAmount > frame.length;
      expect(server.bufferedAmount).toBeLessThan(4 * 128 * 1024);
      if (!isWaiting) await done;
    }
    const before = sent;
    client.resume();
    await vi.waitFor(() => expect([sent, received]).toEqual([before + 1, before + 1]));
  });
});
