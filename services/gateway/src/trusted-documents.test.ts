import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigurationError } from '@fenster/runtime';
import { createService } from './service.js';
import { TEXTS } from './testing/documents.js';
import { eventOf, RawSocket } from './testing/raw-socket.js';
import { GatewayUnderTest } from './testing/gateway-under-test.js';

const idOf = (text: string) => createHash('sha256').update(text).digest('hex');
const fileOf = (...texts: string[]) => JSON.stringify(Object.fromEntries(texts.map((text) => [idOf(text), text])));
const WHOAMI = '{ whoami }';
const SAY = 'mutation ($text: String!) { say(text: $text) }';

let directory: string;
let file: string;
let gateway: GatewayUnderTest;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trusted-documents-'));
  file = join(directory, 'documents.json');
  await writeFile(file, fileOf(WHOAMI, SAY, TEXTS));
  gateway = await GatewayUnderTest.start({ TRUSTED_DOCUMENTS: 'only', TRUSTED_DOCUMENTS_FILE: file });
});
afterAll(async () => {
  await gateway.stop();
  await rm(directory, { recursive: true });
});

describe('A gateway of trusted documents', () => {
  it.each([
    ['documentId', { documentId: `sha256:${idOf(WHOAMI)}` }],
    ['extensions', { extensions: { persistedQuery: { version: 1, sha256Hash: idOf(WHOAMI) } } }],
    ['query', { query: WHOAMI }],
  ])('runs over HTTP what is known by its %s', async (_, body) => {
    expect(await gateway.post(body)).toEqual({ status: 200, body: { data: { whoami: 'nobody' } } });
  });

  it('runs a document by its id with variables, and over GET queries only', async () => {
    const variables = { text: 'by id' };
    expect((await gateway.post({ documentId: idOf(SAY), variables })).body).toEqual({ data: { say: 'by id' } });
    const get = (id: string) =>
      request(`${gateway.url}?documentId=sha256:${id}&variables=${JSON.stringify(variables)}`);
    expect(await (await get(idOf(WHOAMI))).body.json()).toEqual({ data: { whoami: 'nobody' } });
    expect((await get(idOf(SAY))).statusCode).toBe(405);
  });

  it.each([
    [{ query: '{ contactCount }' }, 'DOCUMENT_NOT_TRUSTED'],
    [{ documentId: idOf('{ contactCount }') }, 'PERSISTED_QUERY_NOT_FOUND'],
  ])('refuses %j, before anything runs', async (body, code) => {
    const before = gateway.contacts.requests;
    const answer = await gateway.post(body, { accept: 'application/graphql-response+json' });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ extensions: { code } }] } });
    expect(gateway.contacts.requests).toBe(before);
  });

  it.each([{ documentId: 1 }, {}, { extensions: { persistedQuery: null } }])('understands no %j', async (body) => {
    expect(await gateway.post(body)).toMatchObject({
      status: 400,
      body: { errors: [{ extensions: { code: 'BAD_REQUEST' } }] },
    });
  });

  it('is the same over WebSocket', async () => {
    const socket = await new RawSocket(gateway.socketUrl).begin(await gateway.identity.authorization());
    const subscribe = (id: string, payload: object) => socket.send({ id, type: 'subscribe', payload });
    subscribe('inbox', { documentId: idOf(TEXTS) });
    await socket.receive((message) => eventOf(message)?.__typename === 'LiveStarted');
    subscribe('whoami', { query: '', extensions: { persistedQuery: { sha256Hash: idOf(WHOAMI) } } });
    await socket.receive(({ id, type }) => id === 'whoami' && type === 'complete');
    subscribe('text', { query: '{ contactCount }' });
    subscribe('id', { documentId: 'sha256:0' });
    for (const [id, code] of [
      ['text', 'DOCUMENT_NOT_TRUSTED'],
      ['id', 'PERSISTED_QUERY_NOT_FOUND'],
    ])
      expect(await socket.receive((message) => message.id === id)).toMatchObject({
        type: 'error',
        payload: [{ extensions: { code } }],
      });
    socket.socket.close();
  });

  it.each([
    ['has a fault', fileOf('{ whoam }', '{ nothing }'), /Cannot query field "whoam"[^]*Cannot query field "nothing"/],
    ['cannot be read', undefined, 'TRUSTED_DOCUMENTS_FILE: cannot be read (ENOENT)'],
  ])('does not start with a file that %s', async (_, content, problem) => {
    const wrong = join(directory, `wrong-${content?.length}.json`);
    if (content !== undefined) await writeFile(wrong, content);
    const failure = await createService({ ...gateway.config, TRUSTED_DOCUMENTS_FILE: wrong }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(ConfigurationError);
    expect((failure as Error).message).toMatch(problem);
  });
});
