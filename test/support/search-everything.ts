import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { storedFileContext } from '@fenster/jobs';
import { connectNats, readStored } from '@fenster/messaging';
import { createDiskObjectStore, openContent, sealedRange } from '@fenster/object-store';
import { DATABASES } from '@fenster/local';
import { createLogger, unsealBytes } from '@fenster/runtime';
import pg from 'pg';
import { contentKeyContext, sourceContext } from '../../services/channels/src/media/media.row.js';
import { bodyContext } from '../../services/channels/src/webhooks/received-webhook.js';
import type { TestStack } from './test-stack.js';

/** Columns whose bytes are sealed, and what they are tied to: nothing is hidden from the search by that. */
const SEALED: Record<string, (row: Record<string, unknown>) => string> = {
  'channels.webhook_event.body': (row) => bodyContext((row['body_hash'] as string).slice(2)),
  'channels.outbound_message.request': (row) => `outbound_message:${row['id'] as string}`,
  'channels.media.source': (row) => sourceContext(row['id'] as string),
  'channels.media.content_key': (row) => contentKeyContext(row['id'] as string),
};

/**
 * Where any of these words stands, in capitals or not: in a cell of a table of any service, sealed ones opened; in a stored file, opened; in a message of a stream; in a file
 * of the broker or of the object stores, their names included. `channels.webhook_event.body`, `stream channels`, `file …`.
 */
export async function searchEverything(stack: TestStack, words: readonly string[]): Promise<string[]> {
  const places = new Set<string>();
  const wanted = words.map((word) => word.toLowerCase());
  const note = (place: string, text: string) => {
    const written = text.toLowerCase();
    if (wanted.some((word) => written.includes(word))) places.add(place);
  };
  const secretKey = Buffer.from(stack.deployment.secrets.secretKey, 'base64');
  for (const service of DATABASES) {
    const client = new pg.Client({ connectionString: stack.deployment.databaseUrls[service] });
    await client.connect();
    try {
      const { rows: tables } = await client.query<{ name: string }>(
        `select table_name as name from information_schema.tables
         where table_schema = 'public' and table_type = 'BASE TABLE'`,
      );
      for (const { name } of tables) {
        const { rows } = await client.query<{ row: Record<string, unknown> }>(
          `select to_jsonb(t) as row from "${name}" t`,
        );
        for (const { row } of rows) {
          if (name === 'stored_file' && row['state'] === 'READY' && row['content_key'] !== null) {
            note(
              `object ${service}`,
              await contentOf(join(stack.deployment.objectsDirectory, service), row, secretKey),
            );
          }
          for (const [column, value] of Object.entries(row)) {
            const place = `${service}.${name}.${column}`;
            note(place, plain(value));
            const context = SEALED[place];
            if (context && typeof value === 'string') {
              note(place, unsealBytes(secretKey, Buffer.from(value.slice(2), 'hex'), context(row)).toString());
            }
          }
        }
      }
    } finally {
      await client.end();
    }
  }
  const connection = await connectNats({ url: stack.natsUrl, name: 'search', log: createLogger('search', 'silent') });
  try {
    for (const service of DATABASES) {
      for await (const { subject, data } of readStored(connection, { stream: service, filter: `${service}.>` })) {
        note(`stream ${service}`, `${subject} ${Buffer.from(data).toString()}`);
      }
    }
  } finally {
    await connection.close();
  }
  for (const folder of [stack.natsDirectory, stack.deployment.objectsDirectory]) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const content = await readFile(path).catch(() => Buffer.alloc(0));
      note(
        `file ${path.slice(folder.length + 1)}`,
        `${entry.name} ${content.toString()} ${content.toString('latin1')}`,
      );
    }
  }
  return [...places].toSorted();
}

/** Of a stored file, opened. */
async function contentOf(directory: string, row: Record<string, unknown>, secretKey: Buffer): Promise<string> {
  const store = await createDiskObjectStore(directory);
  const size = Number(row['size_bytes']);
  const whole = { start: 0, end: size };
  const sealedKey = Buffer.from((row['content_key'] as string).slice(2), 'hex');
  const key = unsealBytes(secretKey, sealedKey, storedFileContext(row['id'] as string));
  const parts: Buffer[] = [];
  const sealed = await store.get(row['object_key'] as string, sealedRange(whole, size));
  for await (const bytes of openContent(key, sealed, whole, size)) parts.push(bytes);
  return Buffer.concat(parts).toString();
}

/** As text; bytes also as the text that they may be. */
function plain(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return value.startsWith('\\x') ? `${value} ${Buffer.from(value.slice(2), 'hex').toString()}` : value;
}
