import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentSocket } from './agent-socket.js';

const SIZES = [1, 200, 70_000];
const server = createServer();
const sockets = new WebSocketServer({ server });
let url: string;
let tokens: unknown[];

beforeAll(async () => {
  tokens = [];
  useServer(
    {
      schema: buildSchema('type Query { a: Int } type Subscription { text: String }'),
      onConnect: ({ connectionParams }) => {
        tokens.push(connectionParams?.['authorization']);
        return connectionParams?.['authorization'] !== 'Bearer wrong';
      },
      roots: {
        subscription: {
          async *text() {
            for (const size of SIZES) yield { text: 'x'.repeat(size) };
          },
        },
      },
    },
    sockets,
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  sockets.clients.forEach((socket) => socket.terminate());
  server.close();
});

describe('AgentSocket', () => {
  it('subscribes at a graphql-transport-ws server and hands over every event', async () => {
    const received = Promise.withResolvers<void>();
    const texts: string[] = [];
    const agent = new AgentSocket(
      7,
      { url, subscription: { query: 'subscription { text }', authorization: 'Bearer right' } },
      (payload, index) => {
        expect(index).toBe(7);
        texts.push((JSON.parse(payload.toString()) as { payload: { data: { text: string } } }).payload.data.text);
        if (texts.length === SIZES.length) received.resolve();
      },
    );
    await agent.open();
    await received.promise;
    expect(texts.map((text) => text.length)).toEqual(SIZES);
    expect(tokens).toContain('Bearer right');
    agent.close();
  });

  it('says that it was refused', async () => {
    const agent = new AgentSocket(
      0,
      { url, subscription: { query: '{ a }', authorization: 'Bearer wrong' } },
      () => {},
    );
    await expect(agent.open()).rejects.toThrow('4403');
  });

  it('says what the server thinks of its document', async () => {
    const agent = new AgentSocket(0, { url, subscription: { query: 'subscription { no }' } }, () => {});
    await agent.open();
    await expect.poll(() => agent.broken?.message).toContain('Cannot query field');
  });
});
