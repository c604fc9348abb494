import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { readLog, sql } from '@fenster/database';
import { endFilesBeforeErasures, removeFiles } from '@fenster/jobs';
import { createDiskObjectStore } from '@fenster/object-store';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EICAR_LIKE, startClamdStub, type ClamdStub } from '../../../../libs/object-store/src/testing/clamd-stub.js';
import { eventually } from '../../../../test/support/eventually.js';
import { countPerson, personDataOf } from '../erasures/erase-person.js';
import { IS_KNOWN_WHOSE } from '../files/known-files.js';
import { ContactsUnderTest } from '../testing/contacts-under-test.js';
import { MAX_FILE_BYTES, MAX_FILES } from './contact-file.types.js';

const contacts = new ContactsUnderTest();
let clamd: ClamdStub;
let workspaceId: string;
let token: string;
let anna: string;

beforeAll(async () => {
  clamd = await startClamdStub();
  contacts.env = { FILES_SCANNER_URL: `clamd://127.0.0.1:${clamd.port}` };
  await contacts.start();
});
afterAll(async () => {
  await contacts.stop();
  await clamd.stop();
});
beforeEach(async () => {
  workspaceId = newId();
  token = colleague();
  anna = await meet('Anna');
});

const colleague = (workspace = workspaceId) =>
  contacts.token(workspace, 'contact:read', 'contact:update', 'contact:manage', 'message:read');
const db = () => contacts.database.system().getKysely();

const REFUSAL = '__typename ... on UserError { code } ... on InvalidInput { field } ... on NotFound { field }';
const UNKNOWN = '__typename ... on NotFound { field }';
type Answer = Record<string, unknown> & { id: string };
async function ask<T = Answer>(query: string, variables: Record<string, unknown>, as = token): Promise<T> {
  const { data, errors } = await contacts.query(query, as, variables);
  expect(errors).toBeUndefined();
  return data!['result'] as T;
}

async function meet(name: string): Promise<string> {
  const contactId = newId();
  const identity = { bsuid: `DE.${contactId}`, profileName: name };
  await contacts.publish(contacts.event('opened', { workspaceId, contactId, channelId: newId(), identity }));
  await contacts.settle();
  return contactId;
}

const PDF = Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(150_000)]);
const announce = (input: object = {}, as = token) =>
  ask<Answer & { uploadUrl: string }>(
    `mutation ($input: CreateContactFileUploadInput!) { result: createContactFileUpload(input: $input) {
      ${REFUSAL} ... on ContactFileUpload { id uploadUrl isComplete expiresAt } } }`,
    {
      input: {
        fileName: 'Vertrag "Müller".pdf',
        mimeType: 'application/pdf',
        sizeBytes: PDF.length,
        idempotencyKey: newId(),
        ...input,
      },
    },
    as,
  );
const put = (url: string, body: Buffer) => fetch(url, { method: 'PUT', body: new Uint8Array(body) });
async function upload(body = PDF, input: object = {}, as = token): Promise<string> {
  const { id, uploadUrl } = await announce({ sizeBytes: body.length, ...input }, as);
  expect((await put(uploadUrl, body)).status).toBe(201);
  return id;
}
const FILE = 'id name mimeType sizeBytes purpose retentionClass addedBy { id } downloadUrl';
const add = (uploadId: string, input: object = {}, as = token) =>
  ask<Answer & { downloadUrl: string }>(
    `mutation ($input: AddContactFileInput!) { result: addContactFile(input: $input) {
      ${REFUSAL} ... on ContactFile { ${FILE} } } }`,
    { input: { contactId: anna, uploadId, purpose: 'Vertrag', retentionClass: 'CONTRACT', ...input } },
    as,
  );
const remove = (id: string, as = token) =>
  ask(
    `mutation ($id: ID!) { result: removeContactFile(id: $id) { ${UNKNOWN} ... on ContactFileRemoved { id } } }`,
    { id },
    as,
  );
interface Page {
  nodes: (Answer & { name: string; downloadUrl: string })[];
  nextPage: string | null;
}
const filesOf = async (id = anna, args = '', as = token): Promise<Page | null> =>
  (
    await ask<{ files: Page | null }>(
      `query ($id: ID!) { result: contact(id: $id) { files${args} { nodes { ${FILE} } nextPage } } }`,
      { id },
      as,
    )
  ).files;

async function objectOf(fileId: string): Promise<string> {
  const { rows } = await sql<{ object_key: string }>`select object_key from stored_file where id = ${fileId}`.execute(
    db(),
  );
  return rows[0]!.object_key;
}
async function isThere(object: string): Promise<boolean> {
  const entries = await readdir(contacts.objectsDirectory, { recursive: true, withFileTypes: true });
  return entries.some((entry) => entry.isFile() && entry.name === object);
}
/** As the service does every minute, so many days later. */
async function cleanUp(days: number): Promise<void> {
  const store = await createDiskObjectStore(contacts.objectsDirectory);
  const ctx = { ...contacts.asSystem(), now: () => new Date(Date.now() + days * 86_400_000) };
  while (await removeFiles({ ctx, store }));
}

describe('a file of a contact', () => {
  it('is announced, brought, given to the contact, shown in pages, and fetched as it came', async () => {
    const id = await upload();
    const file = await add(id);
    expect(file).toMatchObject({
      id,
      name: 'Vertrag "Müller".pdf',
      mimeType: 'application/pdf',
      sizeBytes: PDF.length,
      purpose: 'Vertrag',
      retentionClass: 'CONTRACT',
      addedBy: { id: expect.any(String) },
    });
    // The same again is the same file.
    expect(await add(id)).toMatchObject({ __typename: 'ContactFile', id });
    const second = await upload(Buffer.from('Hallo'), { mimeType: 'Text/Plain; charset=utf-8', fileName: 'a.txt' });
    await add(second);
    const first = await filesOf(anna, '(first: 1)');
    expect(first).toMatchObject({ nodes: [{ id: second }], nextPage: expect.any(String) });
    expect(await filesOf(anna, `(first: 1, after: "${first!.nextPage}")`)).toMatchObject({
      nodes: [{ id }],
      nextPage: null,
    });
    const response = await fetch(file.downloadUrl);
    expect(Buffer.from(await response.arrayBuffer()).equals(PDF)).toBe(true);
    expect(response.headers.get('content-type')).toBe('application/pdf');
    expect(response.headers.get('content-disposition')).toBe(
      "attachment; filename*=UTF-8''Vertrag%20%22M%C3%BCller%22.pdf",
    );
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const told = (await readLog(contacts.database.forTenant(workspaceId), 0, 100)).filter(
      ({ name }) => name === 'contacts.contact.updated',
    );
    expect(told.map(({ data }) => data)).toEqual([
      { contactId: anna, fields: ['files'] },
      { contactId: anna, fields: ['files'] },
    ]);
    await eventually(async () => {
      const log = await readLog(contacts.database.forTenant(workspaceId), 0, 100);
      expect(log.map(({ data }) => data)).toContainEqual(
        expect.objectContaining({ action: 'contact.file_read', objectIds: [anna] }),
      );
    });
  });

  it('is kept only if it is what was announced, and no scanner found anything', async () => {
    const { uploadUrl } = await announce({ sizeBytes: 40, mimeType: 'text/plain', fileName: 'a.txt' });
    const refusals: [Buffer, number, string][] = [
      [Buffer.alloc(41, 'a'), 422, 'WRONG_SIZE'],
      [Buffer.alloc(39, 'a'), 422, 'WRONG_SIZE'],
      [Buffer.alloc(40, 0), 422, 'WRONG_TYPE'],
      [Buffer.from(EICAR_LIKE.padEnd(40)), 422, 'INFECTED'],
    ];
    for (const [body, status, code] of refusals) {
      const response = await put(uploadUrl, body);
      expect({ status: response.status, ...((await response.json()) as object) }).toMatchObject({ status, code });
    }
    clamd.answer = 'stream: it is Sunday ERROR\0';
    expect((await put(uploadUrl, Buffer.alloc(40, 'a'))).status).toBe(503);
    clamd.answer = undefined;
    expect((await put(uploadUrl, Buffer.alloc(40, 'a'))).status).toBe(201);
    expect((await put(uploadUrl, Buffer.alloc(40, 'a'))).status).toBe(409);
    const wrong: [string, object][] = [
      ['fileName', { fileName: ' ' }],
      ['fileName', { fileName: '../passwd' }],
      ['mimeType', { mimeType: 'text/html' }],
      ['sizeBytes', { sizeBytes: 0 }],
      ['sizeBytes', { sizeBytes: MAX_FILE_BYTES + 1 }],
    ];
    for (const [field, input] of wrong) {
      expect(await announce(input)).toMatchObject({ __typename: 'InvalidInput', field });
    }
  });

  it('is announced once by a key, also when its bytes are here and a contact has it, until it is removed', async () => {
    const idempotencyKey = newId();
    const again = () => announce({ idempotencyKey });
    const { id, uploadUrl, ...first } = await again();
    expect(first).toMatchObject({ __typename: 'ContactFileUpload', isComplete: false });
    expect(await again()).toEqual({ id, uploadUrl, ...first });
    expect((await put(uploadUrl, PDF)).status).toBe(201);
    const here = await again();
    expect(here).toMatchObject({ __typename: 'ContactFileUpload', id, isComplete: true });
    expect(new Date(here['expiresAt'] as string).getTime()).toBeGreaterThan(Date.now());
    // Nothing is written over by it.
    expect((await put(here.uploadUrl, PDF)).status).toBe(409);
    expect(await add(id)).toMatchObject({ __typename: 'ContactFile', id });
    expect(await again()).toMatchObject({ id, isComplete: true, expiresAt: expect.stringMatching(/^20/) });
    await remove(id);
    expect(await again()).toMatchObject({ __typename: 'NotFound', field: 'idempotencyKey' });
  });

  it('is given away once, by whoever brought it, and to whom they may see', async () => {
    const id = await upload();
    const notFound = { __typename: 'NotFound' };
    expect(await add(id, {}, colleague())).toMatchObject({ ...notFound, field: 'uploadId' });
    expect(await add(id, { contactId: newId() })).toMatchObject(notFound);
    const { id: unfinished } = await announce();
    expect(await add(unfinished)).toMatchObject({ ...notFound, field: 'uploadId' });
    expect(await add(id, { purpose: ' ' })).toMatchObject({ __typename: 'InvalidInput', field: 'purpose' });
    await add(id);
    const bert = await meet('Bert');
    expect(await add(id, { contactId: bert })).toMatchObject({ __typename: 'InvalidInput', field: 'uploadId' });
    expect(await filesOf(bert)).toEqual({ nodes: [], nextPage: null });

    const blind = contacts.token(workspaceId, 'contact:read', 'contact:update');
    expect(await filesOf(anna, '', blind)).toBeNull();
    expect(await remove(id, blind)).toMatchObject(notFound);
    expect(await remove(id, colleague(newId()))).toMatchObject(notFound);
    expect(await filesOf()).toMatchObject({ nodes: [{ id }] });
    // Who may import people may not look into files of people by that.
    const manager = contacts.token(workspaceId, 'contact:read', 'contact:manage');
    const { errors } = await contacts.query(`{ contactImportColumns(uploadId: "${id}") { name } }`, manager);
    expect(errors?.[0]?.extensions.code).toBe('NOT_FOUND');
  });

  it('is one of so many at most', async () => {
    await sql`
      with file as (
        insert into stored_file (workspace_id, id, state, name, created_at, expires_at)
        select ${workspaceId}, gen_random_uuid(), 'READY', '', now(), 'infinity' from generate_series(1, ${MAX_FILES})
        returning id
      )
      insert into contact_file (workspace_id, id, contact_id, name, mime_type, size_bytes, purpose, retention_class,
        added_by_kind, added_at)
      select ${workspaceId}, id, ${anna}, '', 'text/plain', 1, '', 'CONTRACT', 'member', now() from file
    `.execute(db());
    expect(await add(await upload())).toMatchObject({ __typename: 'InvalidInput', field: 'contactId' });
  });

  it('opens for nobody from the moment that it is removed, and its object follows', async () => {
    const { id, downloadUrl } = await add(await upload());
    const object = await objectOf(id);
    expect(await isThere(object)).toBe(true);
    expect(await remove(id)).toEqual({ __typename: 'ContactFileRemoved', id });
    expect((await fetch(downloadUrl)).status).toBe(404);
    const { rows } = await sql`
      select content_key, name from stored_file where workspace_id = ${workspaceId} and id = ${id}
    `.execute(db());
    expect(rows).toEqual([{ content_key: null, name: '' }]);
    expect(await remove(id)).toMatchObject({ __typename: 'NotFound' });
    expect(await add(id)).toMatchObject({ __typename: 'NotFound', field: 'uploadId' });
    await cleanUp(1);
    expect(await isThere(object)).toBe(false);
  });

  it('ends by itself only if no contact got it', async () => {
    const { id } = await add(await upload());
    const [kept, unused] = [await objectOf(id), await objectOf(await upload())];
    await cleanUp(30);
    expect([await isThere(kept), await isThere(unused)]).toEqual([true, false]);
    const [file] = (await filesOf())!.nodes;
    expect(file).toMatchObject({ id });
    expect((await fetch(file!.downloadUrl)).status).toBe(200);
  });

  it('stays when somebody else is erased, who may stand in what is no contact’s yet', async () => {
    const { id } = await add(await upload());
    const unused = await upload();
    await sql`
      insert into erasure_task (workspace_id, erasure_id, contact_ids, person_marks, state, erased_at)
      values (${workspaceId}, ${newId()}, array[${newId()}]::uuid[], '{}', 'DONE', now())
    `.execute(db());
    await endFilesBeforeErasures({ ctx: contacts.asSystem(), isKnown: IS_KNOWN_WHOSE });
    // As it is when the contact gets it at this very moment: what is kept is not ended, whatever is known of it.
    await endFilesBeforeErasures({ ctx: contacts.asSystem() });
    expect(await add(unused)).toMatchObject({ __typename: 'NotFound', field: 'uploadId' });
    const [file] = (await filesOf())!.nodes;
    expect(file).toMatchObject({ id });
    expect((await fetch(file!.downloadUrl)).status).toBe(200);
  });

  it('goes along when two become one, and back when that is undone', async () => {
    const bert = await meet('Bert');
    const [ofAnna, ofBert] = [await upload(), await upload()];
    await add(ofAnna);
    await add(ofBert, { contactId: bert });
    const { version } = await ask<{ version: string }>(
      `query ($keptId: ID!, $mergedId: ID!) { result: contactMergePreview(keptId: $keptId, mergedId: $mergedId) { version } }`,
      { keptId: anna, mergedId: bert },
    );
    const input = { keptId: anna, mergedId: bert, version, decisions: [], idempotencyKey: newId() };
    const { mergeId } = await ask<{ mergeId: string }>(
      `mutation ($input: MergeContactsInput!) { result: mergeContacts(input: $input) { __typename ... on ContactsMerged { mergeId } } }`,
      { input },
    );
    const ids = async (id: string) => (await filesOf(id))!.nodes.map((file) => file.id).toSorted();
    expect(await ids(anna)).toEqual([ofAnna, ofBert].toSorted());
    await ask(`mutation ($id: ID!) { result: undoContactMerge(id: $id) { __typename } }`, { id: mergeId });
    expect(await ids(anna)).toEqual([ofAnna]);
    expect(await ids(bert)).toEqual([ofBert]);
  });

  it('is counted and goes with a person who is erased: its row, its key, and its object', async () => {
    const idempotencyKey = `Anna ${newId()}`;
    const { downloadUrl, id } = await add(await upload(PDF, { idempotencyKey }));
    const object = await objectOf(id);
    expect(await isThere(object)).toBe(true);
    const bert = await meet('Bert');
    await add(await upload(), { contactId: bert });
    const task = { workspaceId, contactIds: [anna], erasureId: newId() };
    const planned = await contacts.transact((tx) => countPerson(tx, task));
    expect(planned.erased).toContainEqual({ what: 'contact_files', count: 1 });
    await contacts.transact((tx) => personDataOf(contacts.markOf).erase(tx, task as never));
    expect((await fetch(downloadUrl)).status).toBe(404);
    const { rows } = await sql`
      select content_key from stored_file where id = ${id} union all
      select null from contact_file where id = ${id} union all
      select null from idempotency_key where key = ${idempotencyKey}
    `.execute(db());
    expect(rows).toEqual([{ content_key: null }]);
    await cleanUp(1);
    expect(await isThere(object)).toBe(false);
    const [kept] = (await filesOf(bert))!.nodes;
    expect((await fetch(kept!.downloadUrl)).status).toBe(200);
  });
});
