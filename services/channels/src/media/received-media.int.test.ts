import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql, transact, type Ctx } from '@fenster/database';
import { createLogger, newId, unseal } from '@fenster/runtime';
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  body,
  count,
  eventsOf,
  messagesFor,
  NUMBER,
  SECRET_KEY,
  startChannels,
  statuses,
  until,
  type Channels,
} from '../testing/channels.js';
import { startGraphStub, type GraphStub } from '../testing/graph-stub.js';
import { claimMedia, recordFetch } from './fetch-media.commands.js';
import { deleteMedia } from './remove-media.js';

let channels: Channels;
let graph: GraphStub;
/** How far the service's clock is ahead. */
let ahead = 0;
const now = () => new Date(Date.now() + ahead);
const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

beforeAll(async () => {
  graph = await startGraphStub();
  channels = await startChannels({ now, channel: { apiBaseUrl: graph.url } });
});
afterAll(async () => {
  await channels?.stop();
  await graph?.stop();
});
beforeEach(() => {
  graph.media.calls.length = 0;
  graph.media.onCall = () => false;
  graph.media.says = {};
});
afterEach(async () => {
  ahead = 0;
  // Or it would ask the provider of the next test.
  await until(async () => {
    const busy = await sql`select from media where state = 'FETCHING' or due_at <= ${now()}`.execute(kysely());
    return busy.rows.length === 0;
  });
  // What still waits would come due in the next test, whose clock is ahead again.
  await sql`delete from media`.execute(kysely());
});

const kysely = () => channels.database.system().getKysely();
const testCtx = (): Ctx => ({
  database: channels.database,
  now,
  log: createLogger('test', 'silent'),
  wakeRelay: () => {},
  origin: { actor: { kind: 'system', id: 'test' }, correlationId: 'test' },
});

interface Row {
  id: string;
  state: string;
  failure: string | null;
  attempts: number;
  mime_type: string | null;
  size_bytes: string | null;
  file_name: string | null;
  object_key: string | null;
  content_key: Buffer | null;
  source: Buffer | null;
  due_at: string | null;
}

async function rowOf(id: string): Promise<Row | undefined> {
  const { rows } = await sql<Row>`select * from media where id = ${id}`.execute(kysely());
  return rows[0];
}

async function waitFor(id: string, state: string, attempts?: number): Promise<Row> {
  return (await until(async () => {
    const row = await rowOf(id);
    return row?.state === state && (attempts === undefined || row.attempts >= attempts) && row;
  })) as Row;
}

interface Sent {
  wamid: string;
  /** Ours. */
  mediaId: string;
  bytes: Buffer;
}

/** A customer sends a file. */
async function receive(
  options: { bytes?: Buffer; type?: string; content?: Record<string, unknown>; isThere?: boolean } = {},
): Promise<Sent> {
  const { bytes = randomBytes(300_000), type = 'image', content = {}, isThere = true } = options;
  const id = `media${newId()}`;
  const wamid = `wamid.${newId()}`;
  if (isThere) graph.media.add(id, { bytes, mimeType: 'image/jpeg' });
  const sha256 = createHash('sha256').update(bytes).digest('base64');
  const message = { id: wamid, type, text: undefined, [type]: { id, mime_type: 'image/jpeg', sha256, ...content } };
  expect((await channels.post(body(messagesFor(NUMBER, message)))).status).toBe(200);
  const event = (await eventsOf(channels.database, channels.workspaceId)).find(
    ({ data }) => data.providerMessageId === wamid,
  )!;
  return { wamid, bytes, mediaId: (event.data.payload as { mediaId: string }).mediaId };
}

async function told(name: string, mediaId: string) {
  const events = await eventsOf(channels.database, channels.workspaceId);
  return events.filter((event) => event.name === name && event.data.mediaId === mediaId).map(({ data }) => data);
}

async function download(mediaId: string) {
  const answer = await channels.graphql(
    'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Media { state failure mimeType sizeBytes fileName downloadUrl } } }',
    ['message:read'],
    { r: [{ __typename: 'Media', id: mediaId }] },
  );
  return (answer.data!['_entities'] as Record<string, unknown>[])[0]!;
}

describe('a file of a message', () => {
  it('is fetched, kept sealed, told of after its message, and downloaded by its URL', async () => {
    const { mediaId, bytes, wamid } = await receive({ type: 'document', content: { filename: 'Größe.pdf' } });
    const row = await waitFor(mediaId, 'READY');
    expect(row).toMatchObject({ size_bytes: '300000', file_name: 'Größe.pdf', source: null, due_at: null });
    expect(graph.media.calls.map(({ kind, authorization }) => [kind, authorization])).toEqual([
      ['address', 'Bearer access-token'],
      ['file', 'Bearer access-token'],
    ]);

    const names = (await eventsOf(channels.database, channels.workspaceId))
      .filter(({ data }) => data.providerMessageId === wamid)
      .map(({ name }) => name);
    expect(names).toEqual(['channels.message.received', 'channels.media.stored']);
    expect(await told('channels.media.stored', mediaId)).toEqual([
      { mediaId, channelId: channels.channelId, providerMessageId: wamid, mimeType: 'image/jpeg', sizeBytes: 300_000 },
    ]);

    const [folder] = readdirSync(channels.mediaDirectory).filter((name) => row.object_key!.startsWith(name));
    const stored = readFileSync(join(channels.mediaDirectory, folder!, row.object_key!));
    expect(stored.length).toBe(300_000 + 5 * 16);
    expect(stored.includes(bytes.subarray(1_000, 1_032))).toBe(false);

    const media = await download(mediaId);
    expect(media).toMatchObject({ state: 'READY', failure: null, sizeBytes: 300_000, fileName: 'Größe.pdf' });
    const answer = await request(String(media['downloadUrl']));
    expect(Buffer.from(await answer.body.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it('costs a message without one nothing', async () => {
    const before = await count(channels.database, 'media');
    await channels.post(body(messagesFor(NUMBER, { id: `wamid.${newId()}` }), statuses({ id: `wamid.${newId()}` })));
    expect(await count(channels.database, 'media')).toBe(before);
  });

  it('comes with an edit too, and belongs to the message that was edited', async () => {
    const bytes = randomBytes(1_000);
    const id = `media${newId()}`;
    graph.media.add(id, { bytes, mimeType: 'image/jpeg' });
    const [original, edit] = [`wamid.${newId()}`, `wamid.${newId()}`];
    const image = { id, mime_type: 'image/jpeg', caption: 'besser' };
    const content = { original_message_id: original, message: { type: 'image', image } };
    await channels.post(body(messagesFor(NUMBER, { id: edit, type: 'edit', text: undefined, edit: content })));
    const event = (await eventsOf(channels.database, channels.workspaceId)).find(
      ({ data }) => data.providerMessageId === edit,
    )!;
    const { mediaId } = (event.data.change as { payload: { mediaId: string } }).payload;
    await waitFor(mediaId, 'READY');
    expect(await told('channels.media.stored', mediaId)).toMatchObject([{ providerMessageId: original }]);
  });

  it('has the id that channels gave it, and no other that the content may name', async () => {
    const { mediaId } = await receive({ content: { mediaId: newId() } });
    expect(await rowOf(mediaId)).toBeDefined();
    const wamid = `wamid.${newId()}`;
    const image = { mime_type: 'image/jpeg', mediaId };
    await channels.post(body(messagesFor(NUMBER, { id: wamid, type: 'image', text: undefined, image })));
    const event = (await eventsOf(channels.database, channels.workspaceId)).find(
      ({ data }) => data.providerMessageId === wamid,
    )!;
    expect(event.data.payload).toEqual({ mime_type: 'image/jpeg' });
  });

  it('is fetched once, however often its webhook comes', async () => {
    const bytes = randomBytes(10);
    const id = `media${newId()}`;
    graph.media.add(id, { bytes, mimeType: 'image/jpeg' });
    const wamid = `wamid.${newId()}`;
    const webhook = body(messagesFor(NUMBER, { id: wamid, type: 'sticker', text: undefined, sticker: { id } }));
    const before = await count(channels.database, 'media');
    for (let i = 0; i < 3; i += 1) await channels.post({ ...webhook, repetition: i });
    expect(await count(channels.database, 'media')).toBe(before + 1);
  });
});

describe('a file that cannot be had at once', () => {
  it('is asked for again, with a new address, until it is here', async () => {
    const fails = ['address', 'file'];
    graph.media.onCall = (call, response) => {
      if (call.kind !== fails[0]) return false;
      fails.shift();
      response.writeHead(call.kind === 'file' ? 404 : 500).end();
      return true;
    };
    const { mediaId } = await receive();
    await waitFor(mediaId, 'PENDING', 1);
    expect(await told('channels.media.failed', mediaId)).toEqual([]);
    ahead += MINUTE;
    await waitFor(mediaId, 'PENDING', 2);
    ahead += MINUTE;
    const row = await waitFor(mediaId, 'READY');
    expect(row.attempts).toBe(3);
    expect(graph.media.calls.map(({ kind }) => kind)).toEqual(['address', 'address', 'file', 'address', 'file']);
  });

  it('is given up as gone when the provider goes on not having it', async () => {
    const { mediaId } = await receive({ isThere: false });
    for (let attempt = 1; attempt < 5; attempt += 1) {
      await waitFor(mediaId, 'PENDING', attempt);
      ahead += 10 * MINUTE;
    }
    expect(await waitFor(mediaId, 'GONE')).toMatchObject({
      failure: 'GONE_AT_PROVIDER',
      attempts: 5,
      object_key: null,
    });
    expect(await told('channels.media.failed', mediaId)).toMatchObject([{ state: 'GONE' }]);
    expect(await download(mediaId)).toMatchObject({ state: 'GONE', failure: 'GONE_AT_PROVIDER', downloadUrl: null });
  });

  it('is given up after seven days, when the provider forgets it', async () => {
    graph.media.onCall = (_call, response) => (response.writeHead(503).end(), true);
    const { mediaId } = await receive();
    await waitFor(mediaId, 'PENDING', 1);
    ahead += 7 * DAY;
    expect(await waitFor(mediaId, 'GONE')).toMatchObject({ failure: 'UNREACHABLE', attempts: 2 });
  });

  it('is not kept if it is another one than the webhook says', async () => {
    const { mediaId } = await receive({ content: { sha256: randomBytes(32).toString('base64') } });
    for (let attempt = 1; attempt < 5; attempt += 1) {
      await waitFor(mediaId, 'PENDING', attempt);
      ahead += 10 * MINUTE;
    }
    expect(await waitFor(mediaId, 'FAILED')).toMatchObject({ failure: 'WRONG_CHECKSUM', content_key: null });
  });

  it('is not kept, nor fetched, if it is larger than WhatsApp hands over', async () => {
    graph.media.says = { file_size: String(100 * 1024 * 1024 + 1) };
    const { mediaId } = await receive();
    expect(await waitFor(mediaId, 'FAILED')).toMatchObject({ failure: 'TOO_LARGE', attempts: 1 });
  });

  it.each([
    ['with a name and a password', 'https://user:secret@example.com/file'],
    ['of a file of this machine', 'file:///etc/passwd'],
    ['that is none', 'nothing'],
  ])('is not asked for at an address %s', async (_what, url) => {
    graph.media.says = { url };
    const { mediaId } = await receive();
    await waitFor(mediaId, 'PENDING', 1);
    expect(graph.media.calls.map(({ kind }) => kind)).toEqual(['address']);
  });

  it('is asked for without TLS at the configured host only: another one gets neither a request nor the token', async () => {
    const elsewhere = await startGraphStub();
    try {
      elsewhere.media.add('media1', { bytes: randomBytes(10), mimeType: 'image/jpeg' });
      graph.media.says = { url: `${elsewhere.url}/file/media1` };
      const { mediaId } = await receive({ content: { sha256: undefined } });
      await waitFor(mediaId, 'PENDING', 1);
      expect(elsewhere.media.calls).toEqual([]);
    } finally {
      await elsewhere.stop();
    }
  });

  it('is not followed elsewhere', async () => {
    graph.media.onCall = ({ kind }, response) => {
      if (kind !== 'file') return false;
      response.writeHead(302, { location: `${graph.url}/file/elsewhere` }).end();
      return true;
    };
    const { mediaId } = await receive();
    await waitFor(mediaId, 'PENDING', 1);
    expect(graph.media.calls.map(({ kind }) => kind)).toEqual(['address', 'file']);
  });
});

describe('fetching', () => {
  it('is done by one process at a time, and by another one after the first is gone', async () => {
    graph.media.onCall = (_call, response) => (response.writeHead(503).end(), true);
    const { mediaId } = await receive();
    await waitFor(mediaId, 'PENDING', 1);
    await channels.pause();
    graph.media.onCall = () => false;
    ahead += MINUTE;
    const claims = await Promise.all([claimMedia(testCtx(), 10, MINUTE), claimMedia(testCtx(), 10, MINUTE)]);
    expect(claims.flat().map(({ id }) => id)).toEqual([mediaId]);
    const [lost] = claims.flat();
    expect(await claimMedia(testCtx(), 10, MINUTE)).toEqual([]);
    ahead += 2 * MINUTE;
    const [next] = await claimMedia(testCtx(), 10, MINUTE);
    const again = { kind: 'retry', at: now() } as const;
    // Whose lease is over has no say any more.
    expect(await recordFetch(testCtx(), lost!, again, SECRET_KEY)).toBe(false);
    expect(await recordFetch(testCtx(), next!, again, SECRET_KEY)).toBe(true);
    await channels.resume();
    ahead += 2 * MINUTE;
    const row = await waitFor(mediaId, 'READY');
    expect(row.attempts).toBe(4);
    expect([lost!.objectKey, next!.objectKey]).not.toContain(row.object_key);
    // What the lost one may have stored is removed.
    await until(async () => (await count(channels.database, 'object_removal')) === 0);
  });
});

describe('deleting', () => {
  const remove = (id: string) =>
    transact(testCtx(), (tx) => deleteMedia(tx, [{ workspaceId: channels.workspaceId, id }]));

  it('takes the file away, from the database at once and then from the store', async () => {
    const { mediaId } = await receive();
    const row = await waitFor(mediaId, 'READY');
    const url = String((await download(mediaId))['downloadUrl']);
    expect(await remove(mediaId)).toBe(1);
    const answer = await request(url);
    expect(answer.statusCode).toBe(404);
    await answer.body.dump();
    const path = join(channels.mediaDirectory, row.object_key!.slice(0, 2));
    await until(() => !readdirSync(path).includes(row.object_key!));
    expect(await remove(mediaId)).toBe(0);
  });

  it('ends a fetch that is under way, and nothing of it stays', async () => {
    const opened = Promise.withResolvers<() => void>();
    graph.media.onCall = ({ kind, id }, response) => {
      if (kind !== 'file') return false;
      const { bytes } = graph.media.files.get(id)!;
      response.write(bytes.subarray(0, 100_000));
      opened.resolve(() => void response.end(bytes.subarray(100_000)));
      return true;
    };
    const { mediaId } = await receive();
    const finish = await opened.promise;
    const { object_key: key } = (await rowOf(mediaId))!;
    await remove(mediaId);
    // The object is removed before it is there: who stores it afterwards has to notice.
    await until(async () => (await count(channels.database, 'object_removal')) === 0);
    finish();
    const path = join(channels.mediaDirectory, key!.slice(0, 2));
    await until(() => !existsIn(path, key!) && readdirSync(join(channels.mediaDirectory, 'partial')).length === 0);
    expect(await told('channels.media.stored', mediaId)).toEqual([]);
  });
});

function existsIn(folder: string, name: string): boolean {
  try {
    return readdirSync(folder).includes(name);
  } catch {
    return false;
  }
}

describe('whoever may not read messages', () => {
  it('is told nothing of a file, nor is another workspace', async () => {
    const { mediaId } = await receive();
    await waitFor(mediaId, 'READY');
    const query = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Media { id state downloadUrl } } }';
    const variables = { r: [{ __typename: 'Media', id: mediaId }] };
    const without = await channels.graphql(query, ['conversation:read', 'channel:read'], variables);
    expect(without.data).toEqual({ _entities: [null] });
    const elsewhere = await channels.graphql(query, ['message:read'], variables, newId());
    expect(elsewhere.data).toEqual({ _entities: [null] });
  });
});

it('what leads to a person is sealed', async () => {
  graph.media.onCall = (_call, response) => (response.writeHead(503).end(), true);
  const { mediaId, wamid } = await receive();
  const { source } = await waitFor(mediaId, 'PENDING', 1);
  expect(source!.includes(wamid)).toBe(false);
  expect(unseal(SECRET_KEY, source!, `media source:${mediaId}`)).toContain(wamid);
});
