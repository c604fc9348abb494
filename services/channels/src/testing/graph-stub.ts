import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface GraphCall {
  path: string;
  authorization: string | undefined;
  body: {
    to?: string;
    recipient?: string;
    text: { body: string };
    biz_opaque_callback_data: string;
    context?: { message_id: string };
  };
  accept(providerMessageId?: string): void;
  refuse(code: number, status?: number, headers?: Record<string, string>): void;
  /** Breaks the connection without an answer. */
  reset(): void;
}

/** A provider whose answers a test decides. Until `onCall` is set it takes every message. */
export async function startGraphStub() {
  const calls: GraphCall[] = [];
  const sockets = new Set<Socket>();
  let accepted = 0;
  const stub = {
    calls,
    url: '',
    port: 0,
    onCall: (call: GraphCall): void => call.accept(),
    /** The texts of all calls, in order. */
    texts: () => calls.map((call) => call.body.text.body),
    listen: (port = 0) =>
      new Promise<void>((resolve) => {
        server.listen(port, '127.0.0.1', () => {
          stub.port = (server.address() as AddressInfo).port;
          stub.url = `http://127.0.0.1:${stub.port}`;
          resolve();
        });
      }),
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const call: GraphCall = {
      path: request.url ?? '',
      authorization: request.headers.authorization,
      body: JSON.parse(text) as GraphCall['body'],
      accept: (id = `wamid.OUT${(accepted += 1)}`) =>
        json(response, 200, { messaging_product: 'whatsapp', messages: [{ id }] }),
      refuse: (code, status = 400, headers = {}) =>
        json(response, status, { error: { code, message: 'refused' } }, headers),
      reset: () => void request.socket.resetAndDestroy(),
    };
    calls.push(call);
    stub.onCall(call);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await stub.listen();
  return stub;
}
export type GraphStub = Awaited<ReturnType<typeof startGraphStub>>;

function json(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
