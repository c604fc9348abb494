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

/** Sockets with frames to write: one timer for all of them. */
let corked: Duplex[] = [];
let restsUntil = 0;

/** The longest that a frame waits for others to leave with, in milliseconds. */
const MAX_REST_MS = 20;

/**
 * A system call per socket is what an audience of a thousand costs, whether one frame leaves with it or ten. So writing takes
 * at most half of the time: after a round, the next one begins no sooner than that round took, and frames that come meanwhile
 * leave together. A small audience is written to in a fraction of a millisecond and notices nothing.
 */
function uncorkAll(): void {
  const sockets = corked;
  corked = [];
  const start = performance.now();
  for (const socket of sockets) socket.uncork();
  const end = performance.now();
  restsUntil = end + Math.min(end - start, MAX_REST_MS);
}

function uncorkSoon(): void {
  const rest = restsUntil - performance.now();
  if (rest < 1) setImmediate(uncorkAll);
  else setTimeout(uncorkAll, rest);
}

/**
 * Writes ready frames to a socket, past `ws`, which would build each frame anew. Frames that wait together leave in one
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
      if (corked.push(this.#socket) === 1) uncorkSoon();
    }
    this.#socket.write(frame);
    if (this.isFull) this.#blocked ??= setTimeout(this.#options.onBlocked, this.#options.maxFullMs);
  }
}
