import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { newId } from './id.js';
import type { Logger } from './logger.js';
import { traced } from './telemetry.js';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** In requests of the gateway to services: the IP address of its client, and what program it says it is. */
export const CLIENT_ADDRESS_HEADER = 'x-client-address';
export const USER_AGENT_HEADER = 'x-client-user-agent';
/** In requests that complete an event for its subscribers, whoever they are. */
export const EVENT_HEADER = 'x-for-event';

export interface HttpServerOptions {
  host: string;
  port: number;
  log: Logger;
  /** `"POST /graphql"` → handler; a path without a method takes every method. */
  routes: Record<string, Handler>;
  /** WebSocket upgrades by path. */
  upgrades?: Record<string, UpgradeHandler>;
  /** Resolves when the service can work; a rejection makes `/health/ready` answer 503. */
  ready?: () => Promise<void>;
}

export interface HttpServer {
  readonly url: string;
  start(): Promise<void>;
  /** Refuses new connections, then ends those that are left after `graceMs` milliseconds. */
  stop(graceMs?: number): Promise<void>;
}

/** One `node:http` server per service: exact paths only, health included, unexpected errors hidden behind a correlation id. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { host, log } = options;
  const routes: Record<string, Handler> = {
    'GET /health/live': (_request, response) => sendJson(response, 200, { status: 'live' }),
    'GET /health/ready': async (_request, response) => {
      try {
        await options.ready?.();
        sendJson(response, 200, { status: 'ready' });
      } catch (error) {
        log.warn({ err: error }, 'not ready');
        sendJson(response, 503, { status: 'not ready' });
      }
    },
    ...options.routes,
  };
  const server: Server = createServer((request, response) => {
    const path = pathOf(request);
    const handler = routes[`${request.method} ${path}`] ?? routes[path];
    if (!handler) {
      const known = Object.keys(routes).some((route) => route.endsWith(` ${path}`));
      sendJson(response, known ? 405 : 404, { error: known ? 'method not allowed' : 'not found' });
      return;
    }
    void run(handler, request, response);
  });
  // Keep-alive must outlive that of proxies and clients in front, or they meet resets.
  server.keepAliveTimeout = 75_000;
  server.on('upgrade', (request, socket, head) => {
    const handler = options.upgrades?.[pathOf(request)];
    if (handler) handler(request, socket, head);
    else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });

  async function run(handler: Handler, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { traceparent } = request.headers;
    const parent = typeof traceparent === 'string' ? traceparent : undefined;
    try {
      await traced(`${request.method} ${pathOf(request)}`, { kind: 'server', parent }, () =>
        handler(request, response),
      );
    } catch (error) {
      const correlationId = newId();
      log.error({ err: error, correlationId }, 'request failed');
      if (!response.headersSent) sendJson(response, 500, { error: 'internal error', correlationId });
      else response.destroy();
    }
  }

  return {
    get url() {
      const address = server.address() as AddressInfo | null;
      if (!address) throw new Error('The HTTP server has not been started.');
      return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
    },
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', (error: NodeJS.ErrnoException) => {
          const taken = error.code === 'EADDRINUSE';
          reject(
            taken ? new Error(`Port ${options.port} on ${host} is taken; set another PORT.`, { cause: error }) : error,
          );
        });
        server.listen(options.port, host, resolve);
      }),
    stop: (graceMs = 1_000) =>
      new Promise((resolve) => {
        if (!server.listening) return resolve();
        const kill = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(kill);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

function pathOf(request: IncomingMessage): string {
  const target = request.url ?? '/';
  const end = target.indexOf('?');
  return end === -1 ? target : target.slice(0, end);
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': bytes.length });
  response.end(bytes);
}

/** Thrown by {@link readBody}; answer it with 413. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError';
}

/** The raw bytes of a request. @throws BodyTooLargeError beyond `maxBytes`, before the rest is read. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const gone = () => reject(new Error('The client ended the request early.'));
    if (request.destroyed) return gone();
    const chunks: Buffer[] = [];
    let length = 0;
    const tooLarge = () => reject(new BodyTooLargeError(`The body exceeds ${maxBytes} bytes.`));
    if (Number(request.headers['content-length']) > maxBytes) return tooLarge();
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBytes) {
        request.pause();
        tooLarge();
      } else chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length)));
    request.on('error', reject);
    request.on('aborted', gone);
  });
}
