import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collect, piecesOf } from './testing/bytes.js';
import { CHUNK_BYTES, newObjectKey, openContent, sealContent, sealedRange } from './sealed-object.js';

const SEALED_CHUNK = CHUNK_BYTES + 16;

const seal = (key: Buffer, content: Buffer, piece = 10_000) => collect(sealContent(key, piecesOf(content, piece)));
const open = (key: Buffer, sealed: Buffer, contentBytes: number, piece = 7_000) =>
  collect(openContent(key, piecesOf(sealed, piece), { start: 0, end: contentBytes }, contentBytes));

describe('sealed objects', () => {
  it.each([0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])('open again: %i bytes', async (n) => {
    const key = newObjectKey();
    const content = randomBytes(n);
    const sealed = await seal(key, content);
    expect(sealed).toHaveLength(n + 16 * Math.max(1, Math.ceil(n / CHUNK_BYTES)));
    expect((await open(key, sealed, n)).equals(content)).toBe(true);
    if (n >= 16) expect(sealed.includes(content.subarray(0, 16))).toBe(false);
  });

  it('open at any range, from the sealed bytes that hold it and no others', async () => {
    const key = newObjectKey();
    const content = randomBytes(2 * CHUNK_BYTES + 1_000);
    const sealed = await seal(key, content);
    const ranges = fc
      .tuple(fc.nat(content.length - 1), fc.nat(content.length - 1))
      .map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) + 1 }));
    await fc.assert(
      fc.asyncProperty(ranges, fc.integer({ min: 1_000, max: 200_000 }), async (range, piece) => {
        const held = sealedRange(range, content.length);
        const part = piecesOf(sealed.subarray(held.start, held.end), piece);
        const opened = await collect(openContent(key, part, range, content.length));
        expect(opened.equals(content.subarray(range.start, range.end))).toBe(true);
        expect(held.end - held.start).toBeLessThan(range.end - range.start + 2 * SEALED_CHUNK);
      }),
      { numRuns: 60 },
    );
  });

  it('do not open with another key, changed, shortened, lengthened or in another order', async () => {
    const key = newObjectKey();
    const bytes = 2 * CHUNK_BYTES;
    const sealed = await seal(key, randomBytes(bytes));
    const changed = Buffer.from(sealed);
    changed[SEALED_CHUNK + 5]! ^= 1;
    const [first, second] = [sealed.subarray(0, SEALED_CHUNK), sealed.subarray(SEALED_CHUNK)];
    await expect(open(newObjectKey(), sealed, bytes)).rejects.toThrow();
    await expect(open(key, changed, bytes)).rejects.toThrow();
    await expect(open(key, Buffer.concat([second, first]), bytes)).rejects.toThrow();
    await expect(open(key, first, bytes)).rejects.toThrow('cut off');
    await expect(open(key, sealed.subarray(0, -1), bytes)).rejects.toThrow();
    await expect(open(key, Buffer.concat([sealed, first]), bytes)).rejects.toThrow();
    // Somebody who may also say how long it is: the first chunk is not the last one.
    await expect(open(key, first, CHUNK_BYTES)).rejects.toThrow();
  });
});
