import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { inParts } from './in-parts.js';
import type { ByteRange } from './object-store.js';

/** Of content. A range is opened from the chunk in which it begins, so chunks are what a reader of one byte pays for. */
export const CHUNK_BYTES = 64 * 1024;
const TAG_BYTES = 16;
const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;
const CIPHER = 'aes-256-gcm';

/** A key seals one object and no second one: the numbers of its chunks are the nonces. */
export function newObjectKey(): Buffer {
  return randomBytes(32);
}

/**
 * Seals content of any length, chunk by chunk. The number of each chunk, and whether it is the last, are part of what is
 * sealed: chunks left out, exchanged or cut off do not open.
 */
export async function* sealContent(key: Buffer, content: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  let index = 0;
  let waiting: Buffer[] = [];
  let length = 0;
  for await (let bytes of content) {
    // More than a chunk has to be there before one is known not to be the last.
    while (length + bytes.length > CHUNK_BYTES) {
      const missing = CHUNK_BYTES - length;
      yield sealChunk(key, index, false, [...waiting, bytes.subarray(0, missing)]);
      bytes = bytes.subarray(missing);
      index += 1;
      waiting = [];
      length = 0;
    }
    if (bytes.length === 0) continue;
    waiting.push(bytes);
    length += bytes.length;
  }
  yield sealChunk(key, index, true, waiting);
}

/** Which bytes of the sealed object hold these bytes of its content. */
export function sealedRange({ start, end }: ByteRange, contentBytes: number): ByteRange {
  const first = Math.floor(start / CHUNK_BYTES);
  const last = Math.max(first, Math.ceil(end / CHUNK_BYTES) - 1);
  const sealedBytes = contentBytes + chunksOf(contentBytes) * TAG_BYTES;
  return { start: first * SEALED_CHUNK_BYTES, end: Math.min((last + 1) * SEALED_CHUNK_BYTES, sealedBytes) };
}

/**
 * Opens what `sealedRange` of the same range says, and yields that range of the content.
 * @throws Error if the key is another one, or anything was changed, left out or cut off.
 */
export async function* openContent(
  key: Buffer,
  sealed: AsyncIterable<Buffer>,
  { start, end }: ByteRange,
  contentBytes: number,
): AsyncGenerator<Buffer, void> {
  const lastOfAll = chunksOf(contentBytes) - 1;
  let index = Math.floor(start / CHUNK_BYTES);
  const last = Math.max(index, Math.ceil(end / CHUNK_BYTES) - 1);
  for await (const chunk of inParts(sealed, SEALED_CHUNK_BYTES)) {
    if (index > last) throw new Error('The object is longer than it was.');
    const content = openChunk(key, index, index === lastOfAll, chunk);
    const offset = index * CHUNK_BYTES;
    const wanted = content.subarray(Math.max(0, start - offset), end - offset);
    index += 1;
    if (wanted.length > 0) yield wanted;
  }
  if (index <= last) throw new Error('The object was cut off.');
}

function chunksOf(contentBytes: number): number {
  return Math.max(1, Math.ceil(contentBytes / CHUNK_BYTES));
}

function sealChunk(key: Buffer, index: number, isLast: boolean, content: readonly Buffer[]): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonceOf(index, isLast));
  const sealed = content.map((bytes) => cipher.update(bytes));
  cipher.final();
  return Buffer.concat([...sealed, cipher.getAuthTag()]);
}

function openChunk(key: Buffer, index: number, isLast: boolean, chunk: Buffer): Buffer {
  if (chunk.length < TAG_BYTES) throw new Error('The object was cut off.');
  const end = chunk.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, nonceOf(index, isLast)).setAuthTag(chunk.subarray(end));
  const content = decipher.update(chunk.subarray(0, end));
  decipher.final();
  return content;
}

function nonceOf(index: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt8(isLast ? 1 : 0, 0);
  nonce.writeUInt32BE(index, 8);
  return nonce;
}
