import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { collect, piecesOf as pieces } from './testing/bytes.js';
import { S3_CREDENTIALS, S3_REGION, startS3Server } from './testing/s3-server.js';
import { createDiskObjectStore } from './disk-object-store.js';
import { ObjectNotFoundError, type ObjectStore } from './object-store.js';
import { createS3ObjectStore } from './s3-object-store.js';

const MEBIBYTE = 1024 * 1024;

let directory: string;
let s3: Awaited<ReturnType<typeof startS3Server>>;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fenster-objects-'));
  s3 = await startS3Server(join(directory, 's3'));
});
afterAll(async () => {
  await s3.stop();
  rmSync(directory, { recursive: true, force: true });
});

const ours = (overrides = {}) => ({
  bucketUrl: s3.bucketUrl,
  region: S3_REGION,
  ...S3_CREDENTIALS,
  retryMs: 1,
  ...overrides,
});

async function* broken(bytes: Buffer): AsyncGenerator<Buffer> {
  yield* pieces(bytes);
  throw new Error('the source broke off');
}
async function read(store: ObjectStore, key: string, range?: { start: number; end: number }): Promise<Buffer> {
  return collect(await store.get(key, range));
}

describe.each([
  ['on disk', () => createDiskObjectStore(join(directory, 'disk'))],
  ['in S3', async () => createS3ObjectStore(ours({ partBytes: 5 * MEBIBYTE }))],
])('objects %s', (_where, open) => {
  let store: ObjectStore;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store.close());

  it.each([0, 1, 5 * MEBIBYTE - 1, 5 * MEBIBYTE, 11 * MEBIBYTE + 3])('come back as they went: %i bytes', async (n) => {
    const [key, bytes] = [randomUUID(), randomBytes(n)];
    await store.put(key, pieces(bytes));
    expect((await read(store, key)).equals(bytes)).toBe(true);
  });

  it('come back in part', async () => {
    const [key, bytes] = [randomUUID(), randomBytes(200_000)];
    await store.put(key, pieces(bytes));
    expect((await read(store, key, { start: 70_000, end: 70_001 })).equals(bytes.subarray(70_000, 70_001))).toBe(true);
    expect((await read(store, key, { start: 1, end: 200_000 })).equals(bytes.subarray(1))).toBe(true);
  });

  it('are gone once deleted, and deleting what is gone is no error', async () => {
    const key = randomUUID();
    await store.put(key, pieces(randomBytes(10)));
    await store.delete(key);
    await expect(store.get(key)).rejects.toThrow(ObjectNotFoundError);
    await expect(store.delete(key)).resolves.toBeUndefined();
  });

  it.each([10, 6 * MEBIBYTE])('are not there at all if their content broke off after %i bytes', async (n) => {
    const key = randomUUID();
    await expect(store.put(key, broken(randomBytes(n)))).rejects.toThrow('the source broke off');
    await expect(store.get(key)).rejects.toThrow(ObjectNotFoundError);
  });

  it.each(['../../../etc/passwd', 'ab/../../cd-0123456789abcdef', '', '.', 'partial'])(
    'have keys of our own only: %s',
    async (key) => {
      await expect(store.put(key, pieces(Buffer.of(1)))).rejects.toThrow(TypeError);
      await expect(store.get(key)).rejects.toThrow(TypeError);
      await expect(store.delete(key)).rejects.toThrow(TypeError);
    },
  );
});

describe('the disk', () => {
  it('holds nothing of what broke off, and loses what a dead process left', async () => {
    const folder = join(directory, 'left-behind');
    const store = await createDiskObjectStore(folder);
    await expect(store.put(randomUUID(), broken(randomBytes(10)))).rejects.toThrow();
    expect(readdirSync(join(folder, 'partial'))).toEqual([]);
    const [old, recent] = [join(folder, 'partial', 'old'), join(folder, 'partial', 'recent')];
    for (const file of [old, recent]) writeFileSync(file, 'half');
    utimesSync(old, new Date(0), new Date(0));
    await createDiskObjectStore(folder);
    expect(readdirSync(join(folder, 'partial'))).toEqual(['recent']);
  });
});

describe('S3', () => {
  it('refuses a wrong secret, which is told without the key of the object', async () => {
    const store = createS3ObjectStore(ours({ secretAccessKey: 'another' }));
    const key = randomUUID();
    const refusal = store.put(key, pieces(randomBytes(10)));
    await expect(refusal).rejects.toThrow('answered PUT with 403 (SignatureDoesNotMatch)');
    await expect(refusal).rejects.not.toThrow(key);
    await store.close();
  });

  it('is asked again after an error of its own, and not after a refusal', async () => {
    const asked: string[] = [];
    const answers = [503, 500, 200, 403];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${String(request.headers['x-amz-content-sha256']).slice(0, 8)}`);
      request.resume().on('end', () => response.writeHead(answers.shift()!).end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const store = createS3ObjectStore(
      ours({ bucketUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
    );
    await store.put(randomUUID(), pieces(Buffer.from('abc')));
    // SHA-256 of "abc".
    expect(asked).toEqual(Array.from({ length: 3 }, () => 'PUT ba7816bf'));
    await expect(store.delete(randomUUID())).rejects.toThrow('403');
    expect(asked).toHaveLength(4);
    await store.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it('ends an upload in parts that cannot be finished, so that nobody pays for its parts', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url!.replace(/^[^?]*/, '')}`);
      request.resume().on('end', () => {
        if (request.method === 'POST') response.end('<R><UploadId>u&amp;1</UploadId></R>');
        else response.writeHead(request.method === 'PUT' ? 403 : 204).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const store = createS3ObjectStore(
      ours({ bucketUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
    );
    await expect(store.put(randomUUID(), pieces(Buffer.alloc(9 * MEBIBYTE), MEBIBYTE))).rejects.toThrow('403');
    expect(asked).toEqual(['POST ?uploads=', 'PUT ?partNumber=1&uploadId=u%261', 'DELETE ?uploadId=u%261']);
    await store.close();
    await new Promise((resolve) => server.close(resolve));
  });
});
