import { gzipSync } from 'node:zlib';
import {
  accessCollected,
  accessCodeTold,
  accessCodeWritten,
  accessPartFound,
  COLLECTED_SERVICES,
  MEDIA_READ_SUBJECT,
  MEDIA_UNREADABLE,
  type EventDefinition,
} from '@fenster/contracts';
import { accessPartContext, sql } from '@fenster/database';
import { newId, newSealingKeys, sealTo } from '@fenster/runtime';
import { createDiskObjectStore } from '@fenster/object-store';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { readZip } from '../../../../test/support/read-zip.js';
import { endFilesBeforeErasures } from '@fenster/jobs';
import { newHeaders } from '@fenster/messaging';
import { ContactsUnderTest } from '../testing/contacts-under-test.js';
import { endArchives, IS_ARCHIVE } from './archive-files.js';

const PHONE = '+4915112345678';
const FIELDS = `id state contactId dueAt extendedAt extensionReason codeWord codeToldAt codeRefusal confirmedBy
  confirmationReason archiveUrl archiveExpiresAt answeredAt refusalReason isOverdue found { service what count }`;

const contacts = new ContactsUnderTest();
let workspaceId: string;
let token: string;
let contactId: string;

beforeAll(() => contacts.start());
afterAll(() => contacts.stop());
beforeEach(async () => {
  workspaceId = newId();
  token = contacts.token(workspaceId, 'access_request:manage', 'contact:read', 'contact:read_phone');
  contactId = newId();
  const identity = { phone: PHONE, bsuid: 'DE.1', profileName: 'Anna' };
  await contacts.publish(contacts.event('opened', { workspaceId, contactId, channelId: newId(), identity }));
  await contacts.settle();
});

interface Shown {
  __typename: string;
  id: string;
  state: string;
  dueAt: string;
  codeWord: string;
  archiveUrl: string | null;
  code?: string;
  [field: string]: unknown;
}

async function ask(query: string, variables: object): Promise<Shown> {
  const { data, errors } = await contacts.query(query, token, variables as Record<string, unknown>);
  expect(errors).toBeUndefined();
  return data!['result'] as Shown;
}
const RESULT = `{ __typename ... on UserError { code } ... on AccessRequest { ${FIELDS} } }`;
const open = (input: object = {}) =>
  ask(`mutation ($input: OpenAccessRequestInput!) { result: openAccessRequest(input: $input) ${RESULT} }`, {
    input: { subject: { contactId }, idempotencyKey: newId(), ...input },
  });
const decide = (name: string, id: string, reason = 'because') =>
  ask(`mutation ($input: DecideAccessRequestInput!) { result: ${name}(input: $input) ${RESULT} }`, {
    input: { id, reason },
  });
const move = (name: string, id: string) => ask(`mutation ($id: ID!) { result: ${name}(id: $id) ${RESULT} }`, { id });
const requestOf = (id: string) => ask(`query ($id: ID!) { result: accessRequest(id: $id) { ${FIELDS} } }`, { id });

const becomes = (id: string, expected: object) =>
  eventually(async () => {
    const request = await requestOf(id);
    expect(request).toMatchObject(expected);
    return request;
  });

/** As another service says it. */
async function say<Data>({ name, version, dataClass }: EventDefinition<string, Data>, data: Data): Promise<void> {
  const like = contacts.event('opened', { workspaceId, contactId, channelId: newId(), identity: {} });
  await contacts.publish({ ...like, name, version, dataClass, data } as never);
}

const db = () => contacts.database.system().getKysely();
async function publicKeyOf(id: string): Promise<string> {
  const { rows } = await sql<{ public_key: string }>`select public_key from access_request where id = ${id}`.execute(
    db(),
  );
  return rows[0]!.public_key;
}

/** What a service tells, for this key, sealed to that one. */
async function tellPart(requestId: string, publicKey: string, kind: string, lines: string[], sealedTo = publicKey) {
  const content = gzipSync(lines.join('\n'));
  const sealed = sealTo(sealedTo, content, accessPartContext({ requestId, kind })).toString('base64');
  const service = kind === 'files' ? 'channels' : 'conversation';
  await say(accessPartFound.get(service)!, { requestId, publicKey, kind, count: lines.length, sealed });
}
async function tellCollected(requestId: string, publicKey: string): Promise<void> {
  for (const service of COLLECTED_SERVICES) await say(accessCollected.get(service)!, { requestId, publicKey });
}

/** What all services say of somebody of whom conversation has two messages and nobody has anything else. */
async function collect(requestId: string): Promise<void> {
  const key = await publicKeyOf(requestId);
  await tellPart(requestId, key, 'messages', ['{"id":"1","text":"one"}', '{"id":"2","text":"two"}']);
  await tellCollected(requestId, key);
}

/** Somebody else than the one of each test. */
async function openOther(): Promise<Shown> {
  const other = newId();
  await contacts.publish(
    contacts.event('opened', { workspaceId, contactId: other, channelId: newId(), identity: { bsuid: 'DE.2' } }),
  );
  await contacts.settle();
  return open({ subject: { contactId: other } });
}

describe('a request for a copy', () => {
  it('waits for the code word, collects, and is answered in time', async () => {
    const receivedAt = new Date(Date.now() - 86_400_000).toISOString();
    const opened = await open({ receivedAt });
    expect(opened).toMatchObject({ state: 'AWAITING_IDENTITY', contactId, archiveUrl: null, isOverdue: false });
    expect(opened.codeWord).toMatch(/^[A-Z2-9]{4}-[A-Z2-9]{4}$/);
    await say(accessCodeTold, { requestId: opened.id, refusal: null });
    await becomes(opened.id, { codeToldAt: expect.any(String), codeRefusal: null });

    // What is told before anybody is known goes nowhere.
    for (const service of COLLECTED_SERVICES) await say(accessCollected.get(service)!, { requestId: opened.id });
    await say(accessCodeWritten, { requestId: opened.id, threadId: newId(), messageId: newId() });
    await becomes(opened.id, { state: 'COLLECTING', confirmedBy: 'CODE_WORD' });
    await collect(opened.id);
    const ready = await becomes(opened.id, { state: 'READY' });
    expect(ready['found']).toEqual(
      expect.arrayContaining([
        { service: 'CONTACTS', what: 'names', count: 2 },
        { service: 'CONVERSATION', what: 'messages', count: 2 },
      ]),
    );
    const files = await readZip(Buffer.from(await (await fetch(ready.archiveUrl!)).arrayBuffer()));
    expect(JSON.parse(files.get('data/conversation/messages.json')!.toString())).toEqual([
      { id: '1', text: 'one' },
      { id: '2', text: 'two' },
    ]);
    const [own] = JSON.parse(files.get('data/contacts/contact.json')!.toString()) as object[];
    expect(own).toMatchObject({ id: contactId, profileName: 'Anna', formerIds: null });
    const answered = await move('answerAccessRequest', opened.id);
    expect(answered).toMatchObject({ state: 'ANSWERED', isOverdue: false });
    // With the data as they are now, under a new key.
    expect(await move('renewAccessArchive', opened.id)).toMatchObject({ state: 'COLLECTING', archiveUrl: null });
    expect((await fetch(ready.archiveUrl!)).status).toBe(404);
    await collect(opened.id);
    await becomes(opened.id, { state: 'READY', answeredAt: answered['answeredAt'] });
  });

  it('is answered about who confirmed it, and not about whom they were merged with', async () => {
    const { id } = await open();
    await decide('confirmAccessIdentity', id, 'passport');
    await collect(id);
    await becomes(id, { state: 'READY' });
    await sql`
      insert into contact_merge (workspace_id, id, seq, contact_id, merged_id, kept_origins, merged_origins, merged_at, merged_by_kind)
      values (${workspaceId}, ${newId()}, 1, ${contactId}, ${newId()}, '{}', '{}', now(), 'member')
    `.execute(db());
    expect(await move('renewAccessArchive', id)).toMatchObject({ code: 'ACCESS_REQUEST_STATE' });
  });

  it('is one at a time, told again under its key, and nobody’s who may not manage it', async () => {
    const input = { idempotencyKey: 'once' };
    const opened = await open(input);
    expect(await open(input)).toMatchObject({ id: opened.id });
    expect(await open()).toMatchObject({ __typename: 'AccessRequestUnderWay' });
    expect(await open({ subject: { phone: PHONE } })).toMatchObject({ __typename: 'AccessRequestUnderWay' });
    expect(await open({ subject: {} })).toMatchObject({ __typename: 'InvalidInput' });
    const early = new Date(Date.now() + 3_600_000).toISOString();
    expect(await open({ receivedAt: early })).toMatchObject({ __typename: 'InvalidInput' });
    token = contacts.token(newId(), 'access_request:manage', 'contact:read');
    for (const name of ['confirmAccessIdentity', 'extendAccessRequest', 'refuseAccessRequest']) {
      expect(await decide(name, opened.id)).toMatchObject({ __typename: 'NotFound' });
    }
  });

  it('shows that nobody answered in time; two months more are given once, within the first', async () => {
    const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
    const late = await open({ receivedAt: daysAgo(40) });
    expect(late).toMatchObject({ isOverdue: true });
    expect(await decide('extendAccessRequest', late.id)).toMatchObject({ __typename: 'InvalidInput' });
    expect(await decide('refuseAccessRequest', late.id, 'nobody')).toMatchObject({ state: 'REFUSED', isOverdue: true });
    const opened = await open({ receivedAt: daysAgo(10) });
    const extended = await decide('extendAccessRequest', opened.id, 'three others');
    expect(extended).toMatchObject({ isOverdue: false, extensionReason: 'three others' });
    expect(new Date(extended.dueAt).getTime() - new Date(opened.dueAt).getTime()).toBeGreaterThan(58 * 86_400_000);
    expect(await decide('extendAccessRequest', opened.id)).toMatchObject({ __typename: 'InvalidInput' });
    const { data } = await contacts.query('{ accessRequests(onlyOpen: true) { nodes { id } } }', token);
    expect(data).toEqual({ accessRequests: { nodes: [{ id: opened.id }] } });
  });

  it('is confirmed by an officer who says why, and only where it waits for that', async () => {
    const opened = await open();
    await say(accessCodeTold, { requestId: opened.id, refusal: 'WINDOW_CLOSED' });
    await becomes(opened.id, { codeRefusal: 'WINDOW_CLOSED' });
    expect(await move('answerAccessRequest', opened.id)).toMatchObject({ code: 'ACCESS_REQUEST_STATE' });
    expect(await decide('confirmAccessIdentity', opened.id, ' ')).toMatchObject({ __typename: 'InvalidInput' });
    const confirmed = await decide('confirmAccessIdentity', opened.id, 'saw the passport');
    expect(confirmed).toMatchObject({ confirmedBy: 'OFFICER', confirmationReason: 'saw the passport' });
    expect(await decide('confirmAccessIdentity', opened.id)).toMatchObject({ code: 'ACCESS_REQUEST_STATE' });
  });

  it('that is refused leaves nothing that opens, and takes nothing in that comes later', async () => {
    const opened = await open();
    await decide('confirmAccessIdentity', opened.id);
    const key = await publicKeyOf(opened.id);
    await decide('refuseAccessRequest', opened.id);
    const sealed = sealTo(key, gzipSync('{}'), 'x').toString('base64');
    await say(accessPartFound.get('conversation')!, { requestId: opened.id, kind: 'notes', count: 1, sealed });
    await contacts.settle();
    const { rows } = await sql`
      select request.public_key, request.private_key, part.kind from access_request request
      left join access_part part on part.request_id = request.id where request.id = ${opened.id}
    `.execute(db());
    expect(rows).toEqual([{ public_key: null, private_key: null, kind: null }]);
  });

  it('has an archive that ends when its person is erased, and not when somebody else is', async () => {
    const opened = await open();
    await decide('confirmAccessIdentity', opened.id);
    await collect(opened.id);
    const { archiveUrl } = await becomes(opened.id, { state: 'READY' });
    await sql`
      insert into erasure_task (workspace_id, erasure_id, state, contact_ids, person_marks, erased_at)
      values (${workspaceId}, ${newId()}, 'DONE', '{}', '{}', now() + interval '1 hour')
    `.execute(db());
    await endFilesBeforeErasures({ ctx: contacts.asSystem(), isKnown: IS_ARCHIVE });
    expect((await fetch(archiveUrl!)).status).toBe(200);
    await contacts.transact(async (tx) => endArchives(tx, { workspaceId, contactIds: [contactId] }));
    expect((await fetch(archiveUrl!)).status).toBe(404);
  });
});

describe('an archive', () => {
  it('that cannot be written keeps no other waiting, is tried again later, and can be made anew', async () => {
    const broken = await open();
    await decide('confirmAccessIdentity', broken.id);
    const key = await publicKeyOf(broken.id);
    await tellPart(broken.id, key, 'messages', ['{}'], newSealingKeys().publicKey);
    await tellCollected(broken.id, key);
    await eventually(async () => expect(await attemptsOf(broken.id)).toMatchObject({ attempts: 1, isLater: true }));
    const other = await openOther();
    await decide('confirmAccessIdentity', other.id);
    await collect(other.id);
    await becomes(other.id, { state: 'READY' });
    expect(await requestOf(broken.id)).toMatchObject({ state: 'PACKING' });
    expect(await move('renewAccessArchive', broken.id)).toMatchObject({ state: 'COLLECTING' });
    await collect(broken.id);
    await becomes(broken.id, { state: 'READY' });
  });

  it('is collected by rounds: what services tell for a former key is not in it, and ends nothing', async () => {
    const { id } = await open();
    await decide('confirmAccessIdentity', id);
    const former = await publicKeyOf(id);
    await tellPart(id, former, 'messages', ['{"id":"0","text":"early"}']);
    await move('renewAccessArchive', id);
    await tellPart(id, former, 'notes', ['{"id":"0","text":"late"}']);
    await tellCollected(id, former);
    await contacts.settle();
    expect(await requestOf(id)).toMatchObject({ state: 'COLLECTING' });
    await collect(id);
    const { archiveUrl } = await becomes(id, { state: 'READY' });
    const files = await readZip(Buffer.from(await (await fetch(archiveUrl!)).arrayBuffer()));
    expect(files.get('data/conversation/messages.json')!.toString()).not.toContain('early');
    expect([...files.keys()]).not.toContain('data/conversation/notes.json');
  });

  it('has the files of the contact, and of nobody else', async () => {
    const { id, contactId: other } = await openOther();
    const [mine, theirs] = [await addFile('of Anna', contactId), await addFile('of somebody', other as string)];
    await decide('confirmAccessIdentity', id);
    await collect(id);
    const { archiveUrl } = await becomes(id, { state: 'READY' });
    const files = await readZip(Buffer.from(await (await fetch(archiveUrl!)).arrayBuffer()));
    expect(files.get(`contact-files/${theirs}.txt`)!.toString()).toBe('of somebody');
    expect([...files.keys()].filter((path) => path.includes(mine))).toEqual([]);
    expect(JSON.parse(files.get('data/contacts/contact_files.json')!.toString())).toMatchObject([
      { id: theirs, name: 'Vertrag.txt', purpose: 'Vertrag' },
    ]);
  });

  it('names a file of the contact whose content is gone, in the end', async () => {
    const { id, contactId: other } = await openOther();
    const file = await addFile('of somebody', other as string);
    const { rows } = await sql<{ key: string }>`select object_key as key from stored_file where id = ${file}`.execute(
      db(),
    );
    await (await createDiskObjectStore(contacts.objectsDirectory)).delete(rows[0]!.key);
    await decide('confirmAccessIdentity', id);
    await collect(id);
    await eventually(async () => expect(await attemptsOf(id)).toMatchObject({ attempts: 1, isLater: true }));
    await sql`update access_request set packing_attempts = 4, packing_until = null where id = ${id}`.execute(db());
    const { archiveUrl } = await becomes(id, { state: 'READY' });
    const files = await readZip(Buffer.from(await (await fetch(archiveUrl!)).arrayBuffer()));
    expect([...files.keys()]).toContain(`contact-files/${file}-unreadable.txt`);
  });

  it('waits for files that cannot be read, and names them in the end', async () => {
    const headers = newHeaders();
    headers.set(MEDIA_UNREADABLE, 'true');
    const end = await contacts.answer(MEDIA_READ_SUBJECT, (message) => message.respond('', { headers }));
    const [{ id }, fileId] = [await open(), newId()];
    await decide('confirmAccessIdentity', id);
    const key = await publicKeyOf(id);
    await tellPart(id, key, 'files', [JSON.stringify({ id: fileId, mimeType: 'image/png', state: 'READY' })]);
    await tellCollected(id, key);
    await eventually(async () => expect(await attemptsOf(id)).toMatchObject({ attempts: 1, isLater: true }));
    await sql`update access_request set packing_attempts = 4, packing_until = null where id = ${id}`.execute(db());
    const { archiveUrl } = await becomes(id, { state: 'READY' });
    const files = await readZip(Buffer.from(await (await fetch(archiveUrl!)).arrayBuffer()));
    expect([...files.keys()]).toContain(`media/${fileId}-unreadable.txt`);
    end();
  });
});

async function attemptsOf(id: string) {
  const { rows } = await sql`
    select packing_attempts as attempts, packing_until > now() + interval '30 seconds' as "isLater"
    from access_request where id = ${id}
  `.execute(db());
  return rows[0];
}

async function addFile(body: string, of: string): Promise<string> {
  const colleague = contacts.token(workspaceId, 'contact:read', 'contact:update', 'message:read');
  const command = async <T>(query: string, input: object) => {
    const { data, errors } = await contacts.query(query, colleague, { input });
    expect(errors).toBeUndefined();
    return data!['result'] as T;
  };
  const { id, uploadUrl } = await command<{ id: string; uploadUrl: string }>(
    `mutation ($input: CreateContactFileUploadInput!) { result: createContactFileUpload(input: $input) {
      ... on ContactFileUpload { id uploadUrl } } }`,
    { fileName: 'Vertrag.txt', mimeType: 'text/plain', sizeBytes: body.length, idempotencyKey: newId() },
  );
  expect((await fetch(uploadUrl, { method: 'PUT', body })).status).toBe(201);
  await command(`mutation ($input: AddContactFileInput!) { result: addContactFile(input: $input) { __typename } }`, {
    contactId: of,
    uploadId: id,
    purpose: 'Vertrag',
    retentionClass: 'CONTRACT',
  });
  return id;
}
