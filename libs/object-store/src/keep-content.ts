import { createHash, timingSafeEqual } from 'node:crypto';
import { HEAD_BYTES } from './file-types.js';
import type { ObjectStore } from './object-store.js';
import type { Scanner } from './scanner.js';
import { newObjectKey, sealContent } from './sealed-object.js';

/** Why content is not kept. */
export type Refusal = 'TOO_LARGE' | 'WRONG_SIZE' | 'WRONG_CHECKSUM' | 'WRONG_TYPE' | 'INFECTED';

/** The content is at fault. */
export class ContentRefusedError extends Error {
  override readonly name = 'ContentRefusedError';

  constructor(
    readonly refusal: Refusal,
    /** Of TOO_LARGE. */
    readonly maxBytes?: number,
  ) {
    super(`The content was refused: ${refusal}.`);
  }
}

/** The way here is at fault. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
}

export interface Keeping {
  store: ObjectStore;
  scanner: Scanner | undefined;
  /** Under which it is kept. */
  objectKey: string;
  maxBytes: number;
  /** What is known before. */
  sizeBytes?: number | undefined;
  sha256?: Buffer | undefined;
  /** Sees the first bytes; a smaller limit than the first one may depend on them. */
  checkHead?(head: Buffer): { isAsCalled: boolean; maxBytes: number };
}

export interface Kept {
  sizeBytes: number;
  sha256: Buffer;
  /** Opens it. Whoever forgets this key has deleted the content, wherever there are copies of it. */
  contentKey: Buffer;
}

/**
 * Streams content into the store, sealed; checks it on its way, and the whole of it before the store has the whole, so that
 * nothing refused is ever kept. Holds no more of it than the store does.
 * @throws ContentRefusedError; SourceError if `content` breaks off; ScannerError; else it is the store's error.
 */
export async function keepContent(content: AsyncIterable<Buffer>, keeping: Keeping): Promise<Kept> {
  const { store, scanner, objectKey, sizeBytes: announced, sha256: wanted } = keeping;
  if (announced !== undefined && announced > keeping.maxBytes)
    throw new ContentRefusedError('TOO_LARGE', keeping.maxBytes);
  const scan = await scanner?.open();
  const contentKey = newObjectKey();
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let sha256 = Buffer.alloc(0);
  let { maxBytes } = keeping;
  let head: Buffer | undefined = keeping.checkHead ? Buffer.alloc(0) : undefined;

  function lookAt(): void {
    const { isAsCalled, maxBytes: lower } = keeping.checkHead!(head!);
    head = undefined;
    if (!isAsCalled) throw new ContentRefusedError('WRONG_TYPE');
    maxBytes = Math.min(maxBytes, lower);
  }

  async function* checked(): AsyncGenerator<Buffer, void> {
    for await (const bytes of fromSource(content)) {
      sizeBytes += bytes.length;
      if (head) {
        head = Buffer.concat([head, bytes.subarray(0, HEAD_BYTES - head.length)]);
        if (head.length === HEAD_BYTES) lookAt();
      }
      if (sizeBytes > maxBytes) throw new ContentRefusedError('TOO_LARGE', maxBytes);
      if (announced !== undefined && sizeBytes > announced) throw new ContentRefusedError('WRONG_SIZE');
      hash.update(bytes);
      await scan?.write(bytes);
      yield bytes;
    }
    if (head) lookAt();
    if (sizeBytes > maxBytes) throw new ContentRefusedError('TOO_LARGE', maxBytes);
    if (announced !== undefined && sizeBytes !== announced) throw new ContentRefusedError('WRONG_SIZE');
    sha256 = hash.digest();
    if (wanted && !isSame(wanted, sha256)) throw new ContentRefusedError('WRONG_CHECKSUM');
    if ((await scan?.end()) === 'infected') throw new ContentRefusedError('INFECTED');
  }

  try {
    await store.put(objectKey, sealContent(contentKey, checked()));
    return { sizeBytes, sha256, contentKey };
  } finally {
    scan?.close();
  }
}

async function* fromSource(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  const bytes = content[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await bytes.next().catch((error: unknown) => {
        throw new SourceError('The content broke off.', { cause: error });
      });
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await bytes.return?.().catch(() => undefined);
  }
}

function isSame(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
