import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import { clientAddressOf } from '../http/client-address.js';
import type { OriginPolicy } from '../http/origin.js';
import { CloseCode } from './close-codes.js';
import { Connection, type FrontContext } from './connection.js';

export interface FrontOptions extends FrontContext {
  origins: OriginPolicy;
  maxFrameBytes: number;
  trustedProxies: number;
}

/** The WebSocket end of the public endpoint. */
export interface Front {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Closes the sockets whose tokens have become void. */
  recheck(): void;
  /** Tells every client to connect again, and waits until they are gone, at most `graceMs` milliseconds. */
  stop(graceMs?: number): Promise<void>;
}

export function createFront(options: FrontOptions): Front {
  const connections = new Set<Connection>();
  let isStopping = false;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: true,
    maxPayload: options.maxFrameBytes,
    perMessageDeflate: false,
    handleProtocols: (protocols) =>
      protocols.has(GRAPHQL_TRANSPORT_WS_PROTOCOL) ? GRAPHQL_TRANSPORT_WS_PROTOCOL : false,
  });

  return {
    upgrade(request, raw, head) {
      if (isStopping) return refuse(raw, '503 Service Unavailable');
      if (!options.origins.allows(request)) return refuse(raw, '403 Forbidden');
      const clientAddress = clientAddressOf(request, options.trustedProxies);
      const limited = options.rateLimits.ofAddress(clientAddress).take();
      if (limited) return refuse(raw, '429 Too Many Requests', `Retry-After: ${limited.retryAfterSeconds}\r\n`);
      server.handleUpgrade(request, raw, head, (socket) => {
        if (socket.protocol !== GRAPHQL_TRANSPORT_WS_PROTOCOL) {
          return socket.close(CloseCode.subprotocolNotAcceptable, 'Subprotocol not acceptable');
        }
        const connection = new Connection(options, socket, raw, {
          address: clientAddress,
          userAgent: request.headers['user-agent'],
        });
        connections.add(connection);
        socket.once('close', () => connections.delete(connection));
      });
    },
    recheck() {
      for (const connection of connections) connection.recheck();
    },
    async stop(graceMs = 1_000) {
      isStopping = true;
      for (const connection of connections) connection.close(CloseCode.serviceRestart, 'Service restart');
      const closed = [...server.clients].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      const kill = setTimeout(() => server.clients.forEach((socket) => socket.terminate()), graceMs);
      await Promise.all(closed);
      clearTimeout(kill);
    },
  };
}

function refuse(socket: Duplex, status: string, headers = ''): void {
  socket.end(`HTTP/1.1 ${status}\r\n${headers}Connection: close\r\nContent-Length: 0\r\n\r\n`);
}
