import type { Duplex } from 'node:stream';

export interface OutboxOptions {
  /** Bytes that may wait for the other end to read, before the socket counts as full. */
  maxBytes: number;
  /** How long it may stay full, in milliseconds. */
  maxFullMs: number;
  onDrained(): void;
  /** It stayed full for too long. */
  onBlocked(): void;
}

/** Sockets with frames to write at the end of this turn of the event loop: one timer for all of them. */
let corked: Duplex[] = [];

function uncorkAll(): void {
  const sockets = corked;
  corked = [];
  for (const socket of sockets) socket.uncork();
}

/**
 * Writes ready frames to a socket, past `ws`, which would build each frame anew. Frames of one turn of the event loop leave in one
 * system call. Only for sockets without compression, where nothing of `ws` can be half-written.
 */
export class Outbox {
  readonly #socket: Duplex;
  readonly #options: OutboxOptions;
  #blocked: NodeJS.Timeout | undefined;

  constructor(socket: Duplex, options: OutboxOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('drain', () => {
      if (!this.#blocked) return;
      clearTimeout(this.#blocked);
      this.#blocked = undefined;
      options.onDrained();
    });
    socket.once('close', () => clearTimeout(this.#blocked));
  }

  get isFull(): boolean {
    return this.#socket.writableLength > this.#options.maxBytes;
  }

  write(frame: Buffer): void {
    if (this.#socket.destroyed) return;
    if (this.#socket.writableCorked === 0) {
      this.#socket.cork();
      if (corked.push(this.#socket) === 1) setImmediate(uncorkAll);
    }
    this.#socket.write(frame);
    if (this.isFull) this.#blocked ??= setTimeout(this.#options.onBlocked, this.#options.maxFullMs);
  }
}
