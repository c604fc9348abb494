import { once } from 'node:events';
import { WebSocket, type ClientOptions } from 'ws';
import type { InboxEventData } from './documents.js';

export interface Message {
  type: string;
  id?: string;
  payload?: unknown;
}

/** The event that a message carries, if it carries one. */
export function eventOf({ type, payload }: Message): InboxEventData | undefined {
  return type === 'next' ? (payload as { data?: { inboxEvents?: InboxEventData } }).data?.inboxEvents : undefined;
}

/** A client that says exactly what a test wants, protocol or not. */
export class RawSocket {
  readonly socket: WebSocket;
  readonly messages: Message[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;

  constructor(url: string, protocol: string | string[] = 'graphql-transport-ws', options: ClientOptions = {}) {
    this.socket = new WebSocket(url, protocol, options);
    this.socket.on('message', (data) => this.messages.push(JSON.parse((data as Buffer).toString()) as Message));
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) =>
      this.socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
  }

  async opened(): Promise<this> {
    if (this.socket.readyState === WebSocket.CONNECTING) await once(this.socket, 'open');
    return this;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  }

  /** Opens and initialises. */
  async begin(authorization: string): Promise<this> {
    await this.opened();
    this.send({ type: 'connection_init', payload: { authorization } });
    await this.receive(({ type }) => type === 'connection_ack');
    return this;
  }

  async receive(wanted: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.messages.find(wanted);
      if (found) return found;
      if (this.socket.readyState === WebSocket.CLOSED)
        throw new Error(`It closed, after ${this.messages.map(({ type }) => type).join(', ')}`);
      await Promise.race([once(this.socket, 'message', { signal: AbortSignal.timeout(10_000) }), this.closed]);
    }
  }
}
