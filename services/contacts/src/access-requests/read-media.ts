import { MEDIA_GONE, MEDIA_READ, MEDIA_READ_BYTES, MEDIA_READ_SUBJECT, MEDIA_UNREADABLE } from '@fenster/contracts';
import type { NatsConnection } from '@fenster/messaging';
import { objectToken } from '@fenster/object-store';
import type { Clock } from '@fenster/runtime';

const TIMEOUT_MS = 10_000;
const TOKEN_MS = 60_000;

export interface MediaReader {
  connection: NatsConnection;
  secretKey: Buffer;
  now: Clock;
}

/** The archive has begun by then, so it is begun anew, in the end without this file. */
export class UnreadableFileError extends Error {
  override readonly name = 'UnreadableFileError';
  constructor(
    readonly fileId: string,
    options?: ErrorOptions,
  ) {
    super('A file, or the rest of it, cannot be read.', options);
  }
}

/**
 * A file of channels, some bytes at a time; undefined if it is gone by now, UNREADABLE if channels has it and cannot read it.
 * @throws Error if nobody answers, and UnreadableFileError, also while it is read: then it is to be read again.
 */
export async function readMedia(
  reader: MediaReader,
  media: { workspaceId: string; id: string },
): Promise<AsyncIterable<Buffer> | 'UNREADABLE' | undefined> {
  const first = await ask(reader, media, 0);
  return Buffer.isBuffer(first) ? follow(reader, media, first) : first;
}

async function* follow(
  reader: MediaReader,
  media: { workspaceId: string; id: string },
  first: Buffer,
): AsyncGenerator<Buffer, void> {
  let bytes = first;
  for (let offset = 0; ;) {
    if (bytes.length > 0) yield bytes;
    if (bytes.length < MEDIA_READ_BYTES) return;
    offset += bytes.length;
    const next = await ask(reader, media, offset);
    if (!next) throw new Error('A file was removed while it was read.');
    if (next === 'UNREADABLE') throw new UnreadableFileError(media.id);
    bytes = next;
  }
}

async function ask(
  { connection, secretKey, now }: MediaReader,
  media: { workspaceId: string; id: string },
  offset: number,
): Promise<Buffer | 'UNREADABLE' | undefined> {
  const expiresAt = new Date(now().getTime() + TOKEN_MS);
  const token = objectToken(secretKey, { ...media, purpose: MEDIA_READ, expiresAt });
  const reply = await connection.request(MEDIA_READ_SUBJECT, JSON.stringify({ token, offset }), {
    timeout: TIMEOUT_MS,
  });
  if (reply.headers?.has(MEDIA_UNREADABLE)) return 'UNREADABLE';
  return reply.headers?.has(MEDIA_GONE) ? undefined : Buffer.from(reply.data);
}
