import {
  MEDIA_GONE,
  MEDIA_READ,
  MEDIA_READ_BYTES,
  MEDIA_READ_SUBJECT,
  MEDIA_UNREADABLE,
  mediaRead,
} from '@fenster/contracts';
import { sql, type Database } from '@fenster/database';
import { ObjectNotFoundError, readObjectToken, type ObjectStore } from '@fenster/object-store';
import { newHeaders, type NatsConnection } from '@fenster/messaging';
import { tryParseJson, type Clock, type Logger } from '@fenster/runtime';
import { readContent, type StoredMedia } from '../media/stored-content.js';

export interface MediaServer {
  /** Resolves when what is asked from now on is answered. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Of the service's processes one answers. */
const QUEUE = 'channels-media';

/** Answers contacts, which writes a person's copy: the part of a file from an offset on. */
export function createMediaServer(options: {
  database: Database;
  connection: NatsConnection;
  store: ObjectStore;
  secretKey: Buffer;
  now: Clock;
  log: Logger;
}): MediaServer {
  const { database, connection, store, secretKey, now, log } = options;
  const inFlight = new Set<Promise<void>>();
  let end = () => {};

  /** Undefined if there is no such file. */
  async function read(text: string): Promise<Buffer | undefined> {
    const asked = mediaRead.safeParse(tryParseJson(text));
    const grant = asked.success && readObjectToken(secretKey, MEDIA_READ, asked.data.token, now());
    if (!grant) return undefined;
    const { rows } = await sql<StoredMedia>`
      select id, object_key, content_key, size_bytes from media
      where workspace_id = ${grant.workspaceId} and id = ${grant.id} and state = 'READY'
    `.execute(database.system().getKysely());
    const [media] = rows;
    if (!media) return undefined;
    const start = Math.min(asked.data.offset, Number(media.size_bytes));
    const range = { start, end: Math.min(start + MEDIA_READ_BYTES, Number(media.size_bytes)) };
    if (range.start === range.end) return Buffer.alloc(0);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of readContent(store, secretKey, media, range)) chunks.push(chunk);
      return Buffer.concat(chunks);
    } catch (error) {
      if (error instanceof ObjectNotFoundError) return undefined;
      throw error;
    }
  }

  return {
    async start() {
      const subscription = connection.subscribe(MEDIA_READ_SUBJECT, {
        queue: QUEUE,
        callback(failure, message) {
          if (failure) return log.warn({ err: failure }, 'nobody hears who wants to read files');
          const answering = read(message.string())
            .then((bytes) => {
              if (bytes) message.respond(bytes);
              else message.respond('', { headers: headerOf(MEDIA_GONE) });
            })
            // Whoever asked asks again, later.
            .catch((error: unknown) => {
              log.warn({ err: error }, 'cannot read a file');
              message.respond('', { headers: headerOf(MEDIA_UNREADABLE) });
            })
            .finally(() => inFlight.delete(answering));
          inFlight.add(answering);
        },
      });
      end = () => subscription.unsubscribe();
      await connection.flush();
    },
    async stop() {
      end();
      await Promise.all(inFlight);
    },
  };
}

function headerOf(name: string) {
  const headers = newHeaders();
  headers.set(name, 'true');
  return headers;
}
