import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ContentRefusedError, keepContent, SourceError, type Keeping } from './keep-content.js';
import type { ObjectStore } from './object-store.js';
import { ScannerError, type Scanner } from './scanner.js';

const KIBIBYTE = 1024;

/** Keeps what it was given whole, and only that. */
function memoryStore() {
  const objects = new Map<string, Buffer>();
  const store: ObjectStore = {
    async put(key, content) {
      const parts: Buffer[] = [];
      for await (const bytes of content) parts.push(bytes);
      objects.set(key, Buffer.concat(parts));
    },
    get: () => Promise.reject(new Error('not in this test')),
    delete: () => Promise.reject(new Error('not in this test')),
    close: async () => {},
  };
  return { store, objects };
}

/** A source that never ends by itself, and counts what was taken from it. */
function endless() {
  const source = { taken: 0, isClosed: false };
  async function* content(): AsyncGenerator<Buffer, void> {
    try {
      for (;;) {
        source.taken += KIBIBYTE;
        yield Buffer.alloc(KIBIBYTE, 1);
      }
    } finally {
      source.isClosed = true;
    }
  }
  return { source, content: content() };
}

async function* pieces(...parts: Buffer[]): AsyncGenerator<Buffer, void> {
  yield* parts;
}

function keep(content: AsyncIterable<Buffer>, limits: Partial<Keeping> = {}) {
  const { store, objects } = memoryStore();
  const objectKey = randomUUID();
  const keeping = { store, scanner: undefined, objectKey, maxBytes: 100 * KIBIBYTE, ...limits };
  return { objects, kept: keepContent(content, keeping) };
}

describe('content that is kept', () => {
  it('is measured and hashed, and sealed', async () => {
    const bytes = randomBytes(5_000);
    const { kept, objects } = keep(pieces(bytes.subarray(0, 10), bytes.subarray(10)));
    const sha256 = createHash('sha256').update(bytes).digest();
    expect(await kept).toMatchObject({ sizeBytes: 5_000, sha256 });
    const [stored] = objects.values();
    expect(stored!.includes(bytes.subarray(0, 32))).toBe(false);
  });

  it('is read no further than it may be large, and let go', async () => {
    const { source, content } = endless();
    const { kept, objects } = keep(content);
    await expect(kept).rejects.toMatchObject({ refusal: 'TOO_LARGE', maxBytes: 100 * KIBIBYTE });
    expect(source).toEqual({ taken: 101 * KIBIBYTE, isClosed: true });
    expect(objects.size).toBe(0);
  });

  it('is read no further than was announced', async () => {
    const { source, content } = endless();
    const { kept } = keep(content, { sizeBytes: 3 * KIBIBYTE });
    await expect(kept).rejects.toMatchObject({ refusal: 'WRONG_SIZE' });
    expect(source).toEqual({ taken: 4 * KIBIBYTE, isClosed: true });
  });

  it('is not read at all if what was announced is too large', async () => {
    const { source, content } = endless();
    const { kept } = keep(content, { sizeBytes: 101 * KIBIBYTE });
    await expect(kept).rejects.toMatchObject({ refusal: 'TOO_LARGE' });
    expect(source.taken).toBe(0);
  });

  it('is read no further than it takes to see that it is something else', async () => {
    const { source, content } = endless();
    const { kept } = keep(content, { checkHead: () => ({ isAsCalled: false, maxBytes: 0 }) });
    await expect(kept).rejects.toMatchObject({ refusal: 'WRONG_TYPE' });
    expect(source.taken).toBe(KIBIBYTE);
  });

  it('is looked at also where it is shorter than a head, and where its head comes in pieces', async () => {
    const heads: Buffer[] = [];
    const checkHead = (head: Buffer) => (heads.push(head), { isAsCalled: true, maxBytes: 1_000 });
    await keep(pieces(Buffer.from('ab'), Buffer.from('c')), { checkHead }).kept;
    await keep(pieces(Buffer.alloc(40, 1), Buffer.alloc(40, 2)), { checkHead }).kept;
    expect(heads.map(({ length }) => length)).toEqual([3, 64]);
  });

  it('tells a source that breaks off from content that is at fault', async () => {
    async function* broken(): AsyncGenerator<Buffer, void> {
      yield Buffer.alloc(10);
      throw new Error('reset');
    }
    await expect(keep(broken()).kept).rejects.toThrow(SourceError);
  });

  it('is nowhere if the scanner has no verdict, and the scan is closed whatever happens', async () => {
    let closed = 0;
    const scanner = (end: () => Promise<'clean' | 'infected'>): Scanner => ({
      open: async () => ({ write: async () => {}, end, close: () => void (closed += 1) }),
    });
    const silent = keep(pieces(Buffer.alloc(1)), {
      scanner: scanner(() => Promise.reject(new ScannerError('silent'))),
    });
    await expect(silent.kept).rejects.toThrow(ScannerError);
    const infected = keep(pieces(Buffer.alloc(1)), { scanner: scanner(async () => 'infected') });
    await expect(infected.kept).rejects.toThrow(ContentRefusedError);
    expect([silent.objects.size, infected.objects.size, closed]).toEqual([0, 0, 2]);
  });
});
