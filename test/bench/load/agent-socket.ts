import { randomBytes } from 'node:crypto';
import { createConnection, type Socket } from 'node:net';
import { FrameReader, maskedFrame } from './frame-reader.js';

export interface SocketTarget {
  url: string;
  /** Without a subscription the server sends to whoever is connected. */
  subscription?: { query: string; authorization?: string };
}

const OPERATION = '1';
const SUBPROTOCOL = 'graphql-transport-ws';
const HEADER_END = Buffer.from('\r\n\r\n');
const NEXT = Buffer.from('"type":"next"');
const TEXT_FRAME = 1;
const PONG_FRAME = 10;
const OPEN_TIMEOUT_MS = 15_000;

/** An agent's browser, reduced to what counts: one socket, one subscription, every frame of it handed over. */
export class AgentSocket {
  readonly index: number;
  readonly #target: SocketTarget;
  readonly #onNext: (payload: Buffer, agent: number) => void;
  #socket: Socket | undefined;
  #fail: ((error: Error) => void) | undefined;
  /** What ended it, if that was not us. */
  broken: Error | undefined;

  constructor(index: number, target: SocketTarget, onNext: (payload: Buffer, agent: number) => void) {
    this.index = index;
    this.#target = target;
    this.#onNext = onNext;
  }

  /** Resolves when the subscription has been sent; only an event shows that it is in place. */
  open(): Promise<void> {
    const { url, subscription } = this.#target;
    const { host, hostname, port, pathname, search } = new URL(url);
    const socket = createConnection({ host: hostname, port: Number(port), noDelay: true });
    this.#socket = socket;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${url} does not accept a subscription.`)), OPEN_TIMEOUT_MS);
      this.#fail = (error) => {
        clearTimeout(timer);
        this.broken ??= error;
        reject(error);
      };
      const reader = new FrameReader({
        text: (payload) => this.#receive(payload, resolve, timer),
        ping: (payload) => socket.write(maskedFrame(PONG_FRAME, payload)),
        close: (code) => this.#fail?.(new Error(`The server closed a socket with ${code}.`)),
      });
      let head: Buffer | undefined = Buffer.alloc(0);
      socket.on('data', (chunk) => {
        if (!head) return reader.push(chunk);
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf(HEADER_END);
        if (end === -1) return;
        const [status] = head.toString('latin1', 0, end).split('\r\n');
        const rest = head.subarray(end + 4);
        head = undefined;
        if (!status!.includes(' 101 ')) return this.#fail?.(new Error(`No WebSocket at ${url}: ${status}`));
        if (subscription) {
          const { authorization } = subscription;
          this.#send({ type: 'connection_init', payload: authorization ? { authorization } : {} });
        } else {
          clearTimeout(timer);
          resolve();
        }
        reader.push(rest);
      });
      socket.on('error', (error) => this.#fail?.(error));
      socket.on('close', () => this.#fail?.(new Error('The server ended a socket.')));
      socket.write(
        [
          `GET ${pathname}${search} HTTP/1.1`,
          `host: ${host}`,
          'connection: Upgrade',
          'upgrade: websocket',
          'sec-websocket-version: 13',
          `sec-websocket-key: ${randomBytes(16).toString('base64')}`,
          ...(subscription ? [`sec-websocket-protocol: ${SUBPROTOCOL}`] : []),
          '\r\n',
        ].join('\r\n'),
      );
    });
  }

  close(): void {
    this.#fail = undefined;
    this.#socket?.destroy();
  }

  #receive(payload: Buffer, resolve: () => void, timer: NodeJS.Timeout): void {
    const { subscription } = this.#target;
    if (!subscription || payload.includes(NEXT)) return this.#onNext(payload, this.index);
    const message = JSON.parse(payload.toString()) as { type: string; payload?: unknown };
    switch (message.type) {
      case 'connection_ack':
        this.#send({ id: OPERATION, type: 'subscribe', payload: { query: subscription.query } });
        clearTimeout(timer);
        return resolve();
      case 'ping':
        return this.#send({ type: 'pong' });
      case 'pong':
        return;
      default:
        this.#fail?.(new Error(`The server answered ${payload.toString().slice(0, 500)}`));
    }
  }

  #send(message: object): void {
    this.#socket?.write(maskedFrame(TEXT_FRAME, Buffer.from(JSON.stringify(message))));
  }
}

/** Opens them a few at a time, as a crowd does. @throws what the first failure was. */
export async function openAll(agents: readonly AgentSocket[], atATime = 50): Promise<void> {
  for (let start = 0; start < agents.length; start += atATime) {
    await Promise.all(agents.slice(start, start + atATime).map((agent) => agent.open()));
  }
}
