import { describe, expect, it } from 'vitest';
import { FrameReader } from './frame-reader.js';

/** RFC 6455 §5.2. */
function frame(first: number, payload: Buffer): Buffer {
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = first;
  header[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (header.length === 4) header.writeUInt16BE(length, 2);
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, payload]);
}

const TEXT = 0x81;

function readInChunks(texts: readonly string[], size: number): string[] {
  const seen: string[] = [];
  const reader = new FrameReader({ text: (payload) => seen.push(payload.toString()), ping: () => {}, close: () => {} });
  const bytes = Buffer.concat(texts.map((text) => frame(TEXT, Buffer.from(text))));
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  return seen;
}

describe('FrameReader', () => {
  const short = ['', 'a', 'x'.repeat(125), 'y'.repeat(126), 'ä'.repeat(300), 'last'];

  it.each([1, 2, 3, 7, 1 << 20])('finds every frame in chunks of %d bytes', (size) => {
    expect(readInChunks(short, size)).toEqual(short);
  });

  it('reads lengths of eight bytes', () => {
    const texts = ['first', 'z'.repeat(65_536), 'last'];
    expect(readInChunks(texts, 10_000)).toEqual(texts);
  });

  it('tells pings and closes', () => {
    const seen: unknown[] = [];
    const reader = new FrameReader({
      text: () => {},
      ping: (payload) => seen.push(payload.toString()),
      close: (code) => seen.push(code),
    });
    reader.push(Buffer.concat([frame(0x89, Buffer.from('hi')), frame(0x88, Buffer.from([0x11, 0x30]))]));
    expect(seen).toEqual(['hi', 4400]);
  });

  it.each([
    ['the first part of a fragmented message', frame(0x01, Buffer.from('a'))],
    ['a masked frame', Buffer.from([TEXT, 0x81, 0, 0, 0, 0, 0x61])],
    ['a binary frame', frame(0x82, Buffer.from('a'))],
  ])('refuses what it cannot count: %s', (_, bytes) => {
    const reader = new FrameReader({ text: () => {}, ping: () => {}, close: () => {} });
    expect(() => reader.push(bytes)).toThrow(/whole and unmasked|Unexpected frame/);
  });
});
