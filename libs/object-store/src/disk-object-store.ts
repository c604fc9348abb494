import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkKey, ObjectNotFoundError, type ObjectStore } from './object-store.js';

const PARTIAL = 'partial';
/** No write takes that long: what is older was left behind by a process that died. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;

/** Files in a folder that all processes of the service share. A file is there whole or not at all, also after a power cut. */
export async function createDiskObjectStore(directory: string): Promise<ObjectStore> {
  const partial = join(directory, PARTIAL);
  await mkdir(partial, { recursive: true, mode: 0o700 });
  await removeAbandoned(partial);
  const pathOf = (key: string) => {
    checkKey(key);
    return join(directory, key.slice(0, 2), key);
  };

  return {
    async put(key, content) {
      const path = pathOf(key);
      const draft = join(partial, `${key}.${randomUUID()}`);
      try {
        const file = await open(draft, 'wx', 0o600);
        try {
          for await (const bytes of content) await writeAll(file, bytes);
          await file.sync();
        } finally {
          await file.close();
        }
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
      const folder = dirname(path);
      if ((await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined) await syncDirectory(directory);
      await rename(draft, path);
      await syncDirectory(folder);
    },
    async get(key, range) {
      const file = await open(pathOf(key), constants.O_RDONLY).catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'ENOENT' ? new ObjectNotFoundError({ cause: error }) : error;
      });
      return file.createReadStream(range && { start: range.start, end: range.end - 1 });
    },
    async delete(key) {
      await rm(pathOf(key), { force: true });
    },
    async close() {},
  };
}

/** `FileHandle.write` may write a part, as on a full disk, where the next write says what is wrong. */
async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done)).bytesWritten;
}

/** A new or renamed file is there for good once its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function removeAbandoned(partial: string): Promise<void> {
  for (const name of await readdir(partial)) {
    const path = join(partial, name);
    const written = await stat(path).catch(() => undefined);
    if (written && Date.now() - written.mtimeMs > ABANDONED_AFTER_MS) await rm(path, { force: true });
  }
}
