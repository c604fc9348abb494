import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';

/** Frames wait for the end of the event loop's turn, but not for more than this. */
const CHUNK_BYTES = 16 * 1024;
/** A sender that waits for its frames goes on at once while no more than this is waiting. */
const HIGH_WATER_BYTES = 128 * 1024;

/**
 * The frames of events that are there together leave in few writes: a system call for each would cost more than
 * executing it. Give it the stream of its connection before the first frame.
 */
export class BatchingSocket extends WebSocket {
  #stream: Duplex | undefined;
  #isCorked = false;

  writeTo(stream: Duplex): void {
    this.#stream = stream;
  }

  override send(data: string | Buffer, ...rest: unknown[]): void {
    const onSent = rest.at(-1) as ((error?: Error) => void) | undefined;
    this.#cork();
    if (this.bufferedAmount >= HIGH_WATER_BYTES) super.send(data, onSent);
    else {
      super.send(data);
      onSent?.();
    }
    if (this.#stream!.writableLength >= CHUNK_BYTES) this.#uncork();
  }

  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#stream!.cork();
    setImmediate(() => this.#uncork());
  }

  #uncork(): void {
    if (!this.#isCorked) return;
    this.#isCorked = false;
    this.#stream!.uncork();
  }
}
