import type { Readable } from 'node:stream';
import { unsealBytes } from '@fenster/runtime';
import { openContent, sealedRange, type ByteRange, type ObjectStore } from '@fenster/object-store';
import { contentKeyContext } from './media.row.js';

/** What opens a file that is here. */
export interface StoredMedia {
  id: string;
  object_key: string;
  content_key: Buffer;
  /** A bigint, as the driver reads it. */
  size_bytes: string;
}

/** The content of a file, or a part of it. @throws ObjectNotFoundError, or Error while it is read if it was changed. */
export async function* readContent(
  store: ObjectStore,
  secretKey: Buffer,
  { id, object_key: objectKey, content_key: contentKey, size_bytes: size }: StoredMedia,
  range?: ByteRange,
): AsyncGenerator<Buffer, void> {
  const sizeBytes = Number(size);
  const wanted = range ?? { start: 0, end: sizeBytes };
  const key = unsealBytes(secretKey, contentKey, contentKeyContext(id));
  const sealed: Readable = await store.get(objectKey, sealedRange(wanted, sizeBytes));
  try {
    yield* openContent(key, sealed, wanted, sizeBytes);
  } finally {
    sealed.destroy();
  }
}
