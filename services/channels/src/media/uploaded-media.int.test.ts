import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import type { Permission } from '@fenster/auth';
import { messageRevoked, subjectOf, type Envelope, type MessageRevoked } from '@fenster/contracts';
import { sql, transact, type Ctx } from '@fenster/database';
import { createPublisher, connectNats, ensureStream } from '@fenster/messaging';
import { createLogger, newId } from '@fenster/runtime';
import { Agent, request } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDiskObjectStore } from '@fenster/object-store';
import { createProviders } from '../providers/providers.js';
import { providerOptions } from '../testing/provider-options.js';
import { EICAR_LIKE, startClamdStub, type ClamdStub } from '../../../../libs/object-store/src/testing/clamd-stub.js';
import { count, eventsOf, NUMBER, SECRET_KEY, startChannels, until, type Channels } from '../testing/channels.js';
import { startGraphStub, type GraphStub } from '../testing/graph-stub.js';
import { createProviderMedia, type ProviderMedia } from './provider-media.js';
import { removeAtProvider } from './provider-removal.js';
import { deleteMedia } from './remove-media.js';

let channels: Channels;
let graph: GraphStub;
let clamd: ClamdStub;
/** How far the service's clock is ahead. */
let ahead = 0;
const now = () => new Date(Date.now() + ahead);
const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
const log = createLogger('test', 'silent');

beforeAll(async () => {
  [graph, clamd] = await Promise.all([startGraphStub(), startClamdStub()]);
  channels = await startChannels({
    now,
    channel: { apiBaseUrl: graph.url },
    env: { MEDIA_SCANNER_URL: `clamd://127.0.0.1:${clamd.port}` },
  });
});
afterAll(async () => {
  await channels?.stop();
  await Promise.all([graph?.stop(), clamd?.stop()]);
});
beforeEach(() => {
  graph.media.calls.length = 0;
  graph.media.onCall = () => false;
  clamd.answer = undefined;
});
afterEach(async () => {
  ahead = 0;
  await sql`delete from media`.execute(kysely());
});

const testCtx = (): Ctx => ({
  database: channels.database,
  now,
  log,
  wakeRelay: () => {},
  origin: { actor: { kind: 'system' }, correlationId: 'test' },
});
const kysely = () => channels.database.system().getKysely();

const PDF = Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(200_000)]);
const document = { mimeType: 'application/pdf', sizeBytes: PDF.length, fileName: 'Rechnung.pdf' };
const SENDER: readonly Permission[] = ['message:send', 'message:read', 'channel:read'];

interface Announced {
  __typename: string;
  media: { id: string; state: string; downloadUrl: string | null };
  url: string;
  expiresAt: string;
  code?: string;
  field?: string;
  maxBytes?: number;
  allowedTypes?: string[];
}

async function announce(input: object = {}, permissions = SENDER, workspace?: string): Promise<Announced> {
  const answer = await channels.graphql(
    `mutation ($input: CreateMediaUploadInput!) {
      createMediaUpload(input: $input) {
        __typename
        ... on MediaUpload { url expiresAt media { id state mimeType sizeBytes fileName downloadUrl } }
        ... on UserError { code message }
        ... on InvalidInput { field }
        ... on MediaTooLarge { maxBytes }
        ... on MediaTypeNotAllowed { allowedTypes }
      }
    }`,
    permissions,
    { input: { channelId: channels.channelId, idempotencyKey: newId(), ...document, ...input } },
    workspace,
  );
  return answer.data!['createMediaUpload'] as Announced;
}

async function put(url: string, body: Buffer, headers: Record<string, string> = {}) {
  const response = await request(url, { method: 'PUT', body, headers });
  const json = (await response.body.json()) as Record<string, unknown>;
  return { status: response.statusCode, headers: response.headers, ...json } as { status: number } & Record<
    string,
    unknown
  >;
}

async function uploaded(bytes = PDF, input: object = {}): Promise<string> {
  const { media, url } = await announce({ ...input, sizeBytes: bytes.length });
  expect(await put(url, bytes)).toMatchObject({ status: 201, id: media.id, state: 'READY' });
  return media.id;
}

async function stateOf(id: string): Promise<string | undefined> {
  const { rows } = await sql<{ state: string }>`select state from media where id = ${id}`.execute(kysely());
  return rows[0]?.state;
}

async function urlOf(id: string): Promise<string> {
  const answer = await channels.graphql(
    'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Media { downloadUrl } } }',
    ['message:read'],
    { r: [{ __typename: 'Media', id }] },
  );
  return (answer.data!['_entities'] as { downloadUrl: string }[])[0]!.downloadUrl;
}

const storedObjects = () =>
  readdirSync(channels.mediaDirectory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .length;

describe('announcing a file', () => {
  it('answers where its bytes go, once for each key', async () => {
    const idempotencyKey = newId();
    const first = await announce({ idempotencyKey });
    expect(first).toMatchObject({
      __typename: 'MediaUpload',
      media: { state: 'PENDING', mimeType: 'application/pdf', sizeBytes: PDF.length, downloadUrl: null },
    });
    expect(Date.parse(first.expiresAt) - now().getTime()).toBeGreaterThan(29 * MINUTE);
    expect(await announce({ idempotencyKey })).toEqual(first);
    expect(await announce({ idempotencyKey, fileName: 'other.pdf' })).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it.each([
    ['a type that WhatsApp does not take', { mimeType: 'text/html' }, { __typename: 'MediaTypeNotAllowed' }],
    [
      'more than WhatsApp takes of the type',
      { mimeType: 'image/png', sizeBytes: 5 * 1024 * 1024 + 1 },
      { __typename: 'MediaTooLarge', maxBytes: 5 * 1024 * 1024 },
    ],
    ['nothing', { sizeBytes: 0 }, { __typename: 'InvalidInput', field: 'sizeBytes' }],
    ['a name with a line break', { fileName: 'a\r\nb' }, { __typename: 'InvalidInput', field: 'fileName' }],
    ['a path', { fileName: '../a.pdf' }, { __typename: 'InvalidInput', field: 'fileName' }],
    ['a channel that is not there', { channelId: newId() }, { __typename: 'NotFound' }],
    ['what is no channel', { channelId: '42' }, { __typename: 'NotFound' }],
  ])('refuses %s', async (_what, input, refusal) => {
    const before = await count(channels.database, 'media');
    expect(await announce(input)).toMatchObject(refusal);
    expect(await count(channels.database, 'media')).toBe(before);
  });

  it('is for those who may send, over channels that they see', async () => {
    const refused = await channels.graphql(
      'mutation ($i: CreateMediaUploadInput!) { createMediaUpload(input: $i) { __typename } }',
      ['message:read', 'channel:read'],
      { i: { ...document, channelId: channels.channelId, idempotencyKey: newId() } },
    );
    expect(refused.errors).toHaveLength(1);
    expect(await announce({}, ['message:send'])).toMatchObject({ __typename: 'NotFound' });
    expect(await announce({}, SENDER, newId())).toMatchObject({ __typename: 'NotFound' });
  });
});

describe('bringing the bytes', () => {
  it('makes it READY, tells of it, and works once', async () => {
    const { media, url } = await announce();
    expect(await put(url, PDF)).toEqual({
      status: 201,
      headers: expect.objectContaining({ 'access-control-allow-origin': '*' }) as unknown,
      id: media.id,
      state: 'READY',
      mimeType: 'application/pdf',
      sizeBytes: PDF.length,
    });
    const events = (await eventsOf(channels.database, channels.workspaceId)).filter(
      ({ data }) => data.mediaId === media.id,
    );
    expect(events).toMatchObject([
      {
        name: 'channels.media.uploaded',
        actor: { kind: 'member' },
        data: { kind: 'DOCUMENT', mimeType: 'application/pdf', sizeBytes: PDF.length, fileName: 'Rechnung.pdf' },
      },
    ]);
    expect(await put(url, PDF)).toMatchObject({ status: 409, code: 'ALREADY_UPLOADED' });
    const answer = await request(await urlOf(media.id));
    expect(Buffer.from(await answer.body.arrayBuffer()).equals(PDF)).toBe(true);
  });

  it.each([
    ['is larger than announced', Buffer.concat([PDF, PDF]), 'WRONG_SIZE', 422],
    ['is smaller than announced', PDF.subarray(0, -1), 'WRONG_SIZE', 422],
    ['is of another type', Buffer.concat([Buffer.from('<html>'), PDF.subarray(6)]), 'WRONG_TYPE', 422],
  ])('is refused if it %s, and may be tried again', async (_what, bytes, code, status) => {
    const before = storedObjects();
    const { media, url } = await announce();
    expect(await put(url, bytes)).toMatchObject({ status, code });
    // Without its length before it, the bytes themselves have to be counted.
    const chunked = await request(url, { method: 'PUT', body: Readable.from([bytes]) });
    expect([chunked.statusCode, await chunked.body.json()]).toEqual([status, expect.objectContaining({ code })]);
    expect(await stateOf(media.id)).toBe('PENDING');
    expect(storedObjects()).toBe(before);
    expect(await put(url, PDF)).toMatchObject({ status: 201 });
  });

  it('is refused if a sticker that does not move has more than such may have', async () => {
    const webp = (flags: number) =>
      Buffer.concat([Buffer.from('RIFF\0\0\0\0WEBPVP8X\0\0\0\0'), Buffer.of(flags), randomBytes(110_000)]);
    const input = { mimeType: 'image/webp', sizeBytes: 110_021 };
    const still = await announce(input);
    expect(await put(still.url, webp(0))).toMatchObject({ status: 413, code: 'TOO_LARGE', maxBytes: 102_400 });
    const moving = await announce(input);
    expect(await put(moving.url, webp(2))).toMatchObject({ status: 201 });
  });

  it('is refused for good if it is infected, and what is infected is not kept', async () => {
    const before = storedObjects();
    const bytes = Buffer.concat([PDF, Buffer.from(EICAR_LIKE)]);
    const { media, url } = await announce({ sizeBytes: bytes.length });
    expect(await put(url, bytes)).toMatchObject({ status: 422, code: 'INFECTED' });
    expect(await stateOf(media.id)).toBe('INFECTED');
    expect(await put(url, bytes)).toMatchObject({ status: 409 });
    expect(storedObjects()).toBe(before);
  });

  it('is put off while the scanner has no verdict', async () => {
    clamd.answer = 'Out of memory ERROR';
    const { media, url } = await announce();
    expect(await put(url, PDF)).toMatchObject({ status: 503, code: 'UNAVAILABLE' });
    expect(await stateOf(media.id)).toBe('PENDING');
    clamd.answer = undefined;
    expect(await put(url, PDF)).toMatchObject({ status: 201 });
  });

  it('may begin again where the connection broke, and comes from one at a time', async () => {
    const { media, url } = await announce();
    const { hostname, port, pathname, search } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write(`PUT ${pathname}${search} HTTP/1.1\r\nhost: x\r\ncontent-length: ${PDF.length}\r\n\r\n`);
    socket.write(PDF.subarray(0, 100_000));
    await until(async () => (await stateOf(media.id)) === 'FETCHING');
    expect(await put(url, PDF)).toMatchObject({ status: 409, code: 'UNDER_WAY' });
    socket.destroy();
    await until(async () => (await stateOf(media.id)) === 'PENDING');
    expect(await put(url, PDF)).toMatchObject({ status: 201 });
  });

  it('needs the URL for uploads, of this file, in time', async () => {
    const { media, url } = await announce();
    const id = await uploaded();
    const download = await urlOf(id);
    for (const wrong of [download, url.replace(/token=../, 'token=AA'), url.replace(/\?.*/, '')]) {
      expect(await put(wrong, PDF)).toMatchObject({ status: 404 });
    }
    expect((await request(url)).statusCode).toBe(404);
    ahead += 31 * MINUTE;
    expect(await put(url, PDF)).toMatchObject({ status: 404 });
    await until(async () => (await stateOf(media.id)) === undefined);
    expect(await stateOf(id)).toBe('READY');
  });

  it('may be asked of by pages of any origin', async () => {
    const { statusCode, headers } = await request(`${channels.url}/media`, { method: 'OPTIONS' });
    expect(statusCode).toBe(204);
    expect(headers['access-control-allow-methods']).toContain('PUT');
    expect(headers['access-control-allow-origin']).toBe('*');
  });
});

describe('downloading', () => {
  it('shows pictures in place, saves the rest, and lets nothing run', async () => {
    const png = Buffer.concat([Buffer.from([0x89]), Buffer.from('PNG\r\n\x1a\n'), randomBytes(10)]);
    const picture = await request(await urlOf(await uploaded(png, { mimeType: 'image/png', fileName: null })));
    expect(picture.headers).toMatchObject({
      'content-type': 'image/png',
      'content-disposition': 'inline',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining('sandbox') as unknown,
      'referrer-policy': 'no-referrer',
      'cache-control': expect.stringMatching(/^private, max-age=\d+/) as unknown,
    });
    await picture.body.dump();
    const text = Buffer.from('<script>alert(1)</script>');
    const id = await uploaded(text, { mimeType: 'text/plain', fileName: 'Größe "1".txt' });
    const saved = await request(await urlOf(id));
    expect(saved.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': "attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%221%22.txt",
    });
    await saved.body.dump();
  });

  it('hands out parts, and says nothing new to who has it', async () => {
    const url = await urlOf(await uploaded());
    const get = async (headers: Record<string, string>, method: 'GET' | 'HEAD' = 'GET') => {
      const answer = await request(url, { headers, method });
      return { ...answer, bytes: Buffer.from(await answer.body.arrayBuffer()) };
    };
    const part = await get({ range: 'bytes=100000-100009' });
    expect(part.statusCode).toBe(206);
    expect(part.headers).toMatchObject({
      'content-range': `bytes 100000-100009/${PDF.length}`,
      'content-length': '10',
    });
    expect(part.bytes.equals(PDF.subarray(100_000, 100_010))).toBe(true);
    expect((await get({ range: 'bytes=-5' })).bytes.equals(PDF.subarray(-5))).toBe(true);
    const beyond = await get({ range: `bytes=${PDF.length}-` });
    expect([beyond.statusCode, beyond.headers['content-range']]).toEqual([416, `bytes */${PDF.length}`]);
    const etag = String(part.headers['etag']);
    expect((await get({ 'if-none-match': etag })).statusCode).toBe(304);
    expect((await get({ range: 'bytes=0-0', 'if-range': etag })).statusCode).toBe(206);
    expect((await get({ range: 'bytes=0-0', 'if-range': '"older"' })).statusCode).toBe(200);
    const head = await get({}, 'HEAD');
    expect([head.headers['content-length'], head.bytes.length]).toEqual([String(PDF.length), 0]);
  });

  it('ends with the URL', async () => {
    const url = await urlOf(await uploaded());
    ahead += 31 * MINUTE;
    const { statusCode, body } = await request(url);
    expect([statusCode, await body.json()]).toEqual([404, expect.objectContaining({ code: 'NOT_FOUND' })]);
  });

  it('of what was changed in the store is an error, and no file', async () => {
    const id = await uploaded();
    const other = await uploaded();
    await sql`update media set object_key = (select object_key from media where id = ${other}) where id = ${id}`.execute(
      kysely(),
    );
    const { statusCode, body } = await request(await urlOf(id));
    expect([statusCode, await body.json()]).toEqual([500, expect.objectContaining({ code: 'UNREADABLE' })]);
  });
});

describe('giving it to the provider', () => {
  let media: ProviderMedia;
  const dispatcher = new Agent();
  beforeAll(async () => {
    media = createProviderMedia({
      database: channels.database,
      store: await createDiskObjectStore(channels.mediaDirectory),
      providers: createProviders(providerOptions({ dispatcher })),
      secretKey: SECRET_KEY,
      timeoutMs: 5_000,
      now,
      log,
    });
  });
  afterAll(() => dispatcher.close());

  const resolve = (mediaIds: string[], channelId = channels.channelId, workspaceId = channels.workspaceId) =>
    media.resolve({
      workspaceId,
      channelId,
      channelKind: 'WHATSAPP_CLOUD',
      mediaIds,
      credentials: {
        apiBaseUrl: graph.url,
        apiVersion: 'v26.0',
        phoneNumberId: NUMBER,
        wabaId: '1',
        accessToken: 'access-token',
      },
    });

  it('uploads it once for each channel, and again before the provider forgets it', async () => {
    const id = await uploaded();
    const [first, again] = await Promise.all([resolve([id]), resolve([id])]);
    expect(first).toEqual({ kind: 'resolved', providerIds: new Map([[id, graph.media.calls[0]!.id]]) });
    expect(again).toEqual(first);
    expect(graph.media.calls).toHaveLength(1);
    expect(graph.media.files.get(graph.media.calls[0]!.id)).toEqual({
      bytes: PDF,
      mimeType: 'application/pdf',
      fileName: 'Rechnung.pdf',
    });
    ahead += 28 * DAY;
    expect(await resolve([id])).toEqual(first);
    ahead += DAY + MINUTE;
    expect(await resolve([id])).not.toEqual(first);
    await resolve([id], newId());
    expect(graph.media.calls.map(({ kind }) => kind)).toEqual(['upload', 'upload', 'upload']);
  });

  it('says so if it is not there, or is not one that may be sent', async () => {
    const id = await uploaded();
    const gone = { kind: 'rejected', class: 'never', reason: 'file_gone' };
    expect(await resolve([id, newId()])).toMatchObject(gone);
    expect(await resolve([id], undefined, newId())).toMatchObject(gone);
    await sql`update media set origin = 'RECEIVED' where id = ${id}`.execute(kysely());
    expect(await resolve([id])).toMatchObject(gone);
    const { media: announced } = await announce();
    expect(await resolve([announced.id])).toMatchObject(gone);
  });

  it('tells a refusal, and what may be repeated, apart', async () => {
    const id = await uploaded();
    const answers: [number, object, Record<string, string>?][] = [
      [400, { error: { code: 131053, message: 'Media upload error' } }],
      [401, { error: { code: 190, message: 'expired' } }],
      [503, {}],
      [200, {}],
      [429, {}, { 'retry-after': '7' }],
    ];
    graph.media.onCall = (_call, response) => {
      const [status, body, headers = {}] = answers.shift()!;
      response.writeHead(status, headers).end(JSON.stringify(body));
      return true;
    };
    expect(await resolve([id])).toMatchObject({ kind: 'rejected', class: 'never', code: 131053 });
    expect(await resolve([id])).toMatchObject({ kind: 'rejected', class: 'channel_broken', code: 190 });
    expect(await resolve([id])).toEqual({ kind: 'not_sent', reason: 'HTTP 503 for the file' });
    expect(await resolve([id])).toMatchObject({ kind: 'not_sent' });
    expect(await resolve([id])).toMatchObject({ kind: 'rejected', class: 'wait', retryAfterMs: 7_000 });
    graph.media.onCall = (_call, response) => (response.destroy(), true);
    expect(await resolve([id])).toMatchObject({ kind: 'not_sent' });
    graph.media.onCall = () => false;
    expect(await resolve([id])).toMatchObject({ kind: 'resolved' });
  });

  const remove = (id: string) =>
    transact(testCtx(), (tx) => deleteMedia(tx, [{ workspaceId: channels.workspaceId, id }]));
  const uploadId = () => graph.media.calls.find(({ kind }) => kind === 'upload')!.id;

  it('is deleted there, too, when it is deleted here, however often that has to be asked', async () => {
    const id = await uploaded();
    await resolve([id]);
    let refusals = 0;
    graph.media.onCall = ({ kind }, response) => {
      if (kind !== 'delete' || (refusals += 1) > 2) return false;
      response.writeHead(503).end('{}');
      return true;
    };
    const other = await uploaded();
    await resolve([other]);
    await remove(id);
    await until(() => {
      ahead += 10 * MINUTE;
      return !graph.media.files.has(uploadId());
    });
    expect(refusals).toBe(3);
    await until(async () => (await count(channels.database, 'provider_media_removal')) === 0);
    const deleted = graph.media.calls.filter(({ kind }) => kind === 'delete');
    expect(new Set(deleted.map((call) => call.id))).toEqual(new Set([uploadId()]));
    expect(deleted[0]!.authorization).toBe('Bearer access-token');
  });

  it('is deleted there when it was deleted here while it was on its way', async () => {
    const id = await uploaded();
    const arrived = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    graph.media.onCall = ({ kind, id: providerMediaId }, response) => {
      if (kind !== 'upload') return false;
      arrived.resolve();
      void goOn.promise.then(() => response.end(JSON.stringify({ id: providerMediaId })));
      return true;
    };
    const resolved = resolve([id]);
    await arrived.promise;
    await remove(id);
    goOn.resolve();
    await resolved;
    const deletions = await until(() => {
      const found = graph.media.calls.filter(({ kind }) => kind === 'delete');
      return found.length > 0 && found;
    });
    expect(deletions).toMatchObject([{ id: uploadId() }]);
  });

  it('is not asked for for ever where the provider does not delete it', async () => {
    const id = await uploaded();
    await resolve([id]);
    graph.media.onCall = ({ kind }, response) => {
      if (kind !== 'delete') return false;
      response.writeHead(503).end('{}');
      return true;
    };
    await remove(id);
    const providers = createProviders(providerOptions({ dispatcher }));
    for (let left = 1; left > 0; left = await count(channels.database, 'provider_media_removal')) {
      ahead += 30 * DAY;
      await removeAtProvider(testCtx(), { providers, secretKey: SECRET_KEY });
    }
    expect(graph.media.calls.filter(({ kind }) => kind === 'delete')).toHaveLength(10);
  });
});

describe('keeping house', () => {
  it('removes what was uploaded and never sent, and keeps what was asked for by a message', async () => {
    const [unused, used] = [await uploaded(), await uploaded()];
    const providers = createProviders(providerOptions());
    const store = await createDiskObjectStore(channels.mediaDirectory);
    const media = createProviderMedia({
      database: channels.database,
      store,
      providers,
      secretKey: SECRET_KEY,
      timeoutMs: 5_000,
      now,
      log,
    });
    await media.resolve({
      workspaceId: channels.workspaceId,
      channelId: channels.channelId,
      channelKind: 'WHATSAPP_CLOUD',
      mediaIds: [used],
      credentials: {
        apiBaseUrl: graph.url,
        apiVersion: 'v26.0',
        phoneNumberId: NUMBER,
        wabaId: '1',
        accessToken: 'access-token',
      },
    });
    ahead += 31 * DAY;
    await until(async () => (await stateOf(unused)) === undefined);
    await until(async () => (await count(channels.database, 'object_removal')) === 0);
    expect(await stateOf(used)).toBe('READY');
  });

  it('lets an upload begin again whose process is gone', async () => {
    const { media, url } = await announce();
    await sql`update media set state = 'FETCHING', object_key = ${newId()}, due_at = ${now()} where id = ${media.id}`.execute(
      kysely(),
    );
    await until(async () => (await stateOf(media.id)) === 'PENDING');
    expect(await put(url, PDF)).toMatchObject({ status: 201 });
  });
});

describe('a message that is taken back', () => {
  it('takes along the files that came with it, and none that we uploaded', async () => {
    const [received, ours, other] = [await uploaded(), await uploaded(), await uploaded()];
    await sql`update media set origin = 'RECEIVED', due_at = null where id = any(array[${received}, ${other}]::uuid[])`.execute(
      kysely(),
    );
    await revoke([received, ours]);
    await until(async () => (await stateOf(received)) === undefined);
    expect([await stateOf(ours), await stateOf(other)]).toEqual(['READY', 'READY']);
  });
});

async function revoke(mediaIds: string[]): Promise<void> {
  const connection = await connectNats({ url: channels.natsUrl, name: 'test', log });
  try {
    await ensureStream(connection, 'conversation');
    const at = new Date().toISOString();
    const envelope: Envelope<MessageRevoked> = {
      id: newId(),
      name: messageRevoked.name,
      version: 1,
      workspaceId: channels.workspaceId,
      seq: 1,
      entityId: newId(),
      occurredAt: at,
      recordedAt: at,
      actor: { kind: 'contact' },
      correlationId: 'test',
      dataClass: messageRevoked.dataClass,
      data: { messageId: newId(), threadId: newId(), conversationId: newId(), seq: 1, mediaIds },
    };
    const subject = subjectOf(messageRevoked, channels.workspaceId);
    const data = Buffer.from(JSON.stringify([envelope]));
    await createPublisher(connection).publish([{ id: newId(), subject, data }]);
  } finally {
    await connection.close();
  }
}
