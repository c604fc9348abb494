export interface FrameSink {
  text(payload: Buffer): void;
  ping(payload: Buffer): void;
  close(code: number): void;
}

const TEXT = 0x1;
const CLOSE = 0x8;
const PING = 0x9;

/**
 * Takes unmasked WebSocket frames (RFC 6455 §5.2) out of a byte stream. Payloads are views into the chunk as long as
 * a frame lies within one, which is the usual case and the reason why this is not a general client.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  #rest: Buffer | undefined;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** @throws on fragmented, masked or binary frames: no server here sends them. */
  push(chunk: Buffer): void {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    let at = 0;
    while (bytes.length - at >= 2) {
      const first = bytes[at]!;
      const second = bytes[at + 1]!;
      if ((first & 0xf0) !== 0x80 || second & 0x80) throw new Error('Frames must be whole and unmasked.');
      let length = second;
      let start = at + 2;
      if (second === 126) {
        if (bytes.length < at + 4) break;
        length = bytes.readUInt16BE(at + 2);
        start = at + 4;
      } else if (second === 127) {
        if (bytes.length < at + 10) break;
        length = Number(bytes.readBigUInt64BE(at + 2));
        start = at + 10;
      }
      if (bytes.length < start + length) break;
      this.#deliver(first & 0x0f, bytes.subarray(start, start + length));
      at = start + length;
    }
    this.#rest = at === bytes.length ? undefined : bytes.subarray(at);
  }

  #deliver(opcode: number, payload: Buffer): void {
    switch (opcode) {
      case TEXT:
        return this.#sink.text(payload);
      case PING:
        return this.#sink.ping(payload);
      case CLOSE:
        return this.#sink.close(payload.length >= 2 ? payload.readUInt16BE(0) : 1005);
      default:
        if (opcode !== 0xa) throw new Error(`Unexpected frame of type ${opcode}.`);
    }
  }
}

/** A masked frame, as clients must send it. */
export function maskedFrame(opcode: number, payload: Buffer): Buffer {
  const headerLength = payload.length < 126 ? 2 : 4;
  if (payload.length >= 65_536) throw new RangeError('Too long for a client of this benchmark.');
  // A mask of zeros is a mask.
  const frame = Buffer.alloc(headerLength + 4 + payload.length);
  frame[0] = 0x80 | opcode;
  if (headerLength === 2) frame[1] = 0x80 | payload.length;
  else {
    frame[1] = 0x80 | 126;
    frame.writeUInt16BE(payload.length, 2);
  }
  payload.copy(frame, headerLength + 4);
  return frame;
}
