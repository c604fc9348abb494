import { createHash, randomBytes } from 'node:crypto';
import { DEMO_NUMBER } from '@fenster/local';
import { createLocalJWKSet, compactVerify, type JSONWebKeySet } from 'jose';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readZip } from '../support/read-zip.js';
import { ask, signIn } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { askSandbox } from '../support/sandbox.js';
import { searchEverything } from '../support/search-everything.js';
import { startTestStack, type TestStack } from '../support/test-stack.js';

const ANNA = {
  phone: '4915788664422',
  bsuid: 'DE.COPYFORME1',
  parentBsuid: 'DE.ENT.COPYFORMETOO',
  name: 'Annabella Copyforme',
};
const BOB = {
  phone: '4915755331199',
  bsuid: 'DE.491575533119900',
  parentBsuid: 'DE.ENT.STAYSAROUND',
  name: 'Bobby Notmine',
};
const { phoneNumberId } = DEMO_NUMBER;
const PICTURE = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), randomBytes(700_000)]);

let stack: TestStack;
let owner: string;
let officer: string;

beforeAll(async () => {
  stack = await startTestStack({ processes: true });
  const tokenOf = (role: string) =>
    signIn(
      stack.graphqlUrl,
      stack.demo.members.find((each) => each.role === role)!,
    );
  [owner, officer] = await Promise.all([tokenOf('owner'), tokenOf('privacy_officer')]);
});
afterAll(() => stack?.stop());

const write = (from: typeof ANNA, said: object) =>
  askSandbox(stack, 'POST', 'inbound', { phoneNumberId, from, ...said });

interface Chat {
  id: string;
  channel: { id: string };
  contact: { id: string; name: string | null } | null;
  messages: { nodes: { content: { media?: { state: string } | null } | null }[] };
}
const chatOf = async ({ name }: { name: string }) =>
  (
    await ask<{ nodes: Chat[] }>(
      stack,
      owner,
      `{ conversations(first: 10) { nodes { id channel { id } contact { id name }
        messages(last: 20) { nodes { content { ... on MediaContent { media { state } } } } } } } }`,
    )
  ).nodes.find(({ contact }) => contact?.name === name)!;

interface Request {
  __typename: string;
  id: string;
  state: string;
  codeWord: string;
  codeToldAt: string | null;
  confirmedBy: string | null;
  archiveUrl: string | null;
  isOverdue: boolean;
  found: { service: string; what: string; count: number }[];
}
const SHOWN = `id state codeWord codeToldAt confirmedBy archiveUrl isOverdue found { service what count }`;
const requestOf = (id: string) =>
  ask<Request>(stack, officer, `query ($id: ID!) { accessRequest(id: $id) { ${SHOWN} } }`, { id });
const open = (subject: object) =>
  ask<Request>(
    stack,
    officer,
    `mutation ($input: OpenAccessRequestInput!) { openAccessRequest(input: $input) { __typename ... on AccessRequest { ${SHOWN} } } }`,
    { input: { subject, idempotencyKey: 'anna' } },
  );

async function query<Row extends object>(text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: stack.deployment.databaseUrls.contacts });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

async function liveWith(): Promise<void> {
  await write(ANNA, { text: 'Haben Sie ein Kreissaegenersatzblatt?' });
  await write(BOB, { text: 'Das geht nur Bobby an.' });
  const uploaded = await fetch(`${stack.sandboxUrl}/sandbox/media?phoneNumberId=${phoneNumberId}`, {
    method: 'POST',
    body: new Uint8Array(PICTURE),
    headers: { 'content-type': 'image/png' },
  });
  const { id } = (await uploaded.json()) as { id: string };
  await write(ANNA, { media: { id, caption: 'Zahnradbruchstelle' } });
  const chat = await eventually(async () => {
    const found = await chatOf(ANNA);
    expect(found.messages.nodes.at(-1)?.content?.media?.state).toBe('READY');
    return found;
  });
  await ask(stack, owner, 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename } }', {
    input: { conversationId: chat.id, text: 'Ja, am Dienstag.', idempotencyKey: 'reply' },
  });
  await ask(stack, owner, 'mutation ($input: AddNoteInput!) { addNote(input: $input) { __typename } }', {
    input: { conversationId: chat.id, text: 'Stammkundin, sehr wichtig', idempotencyKey: 'note' },
  });
  await ask(stack, officer, 'mutation ($input: RecordConsentInput!) { recordConsent(input: $input) { __typename } }', {
    input: {
      subject: { contactId: chat.contact!.id },
      channelId: chat.channel.id,
      purpose: 'order_updates',
      kind: 'REFUSED',
      source: 'AGENT',
      evidence: { note: 'Am Telefon gesagt' },
      idempotencyKey: 'refused',
    },
  });
  await eventually(async () => expect(await chatOf(BOB)).toBeDefined());
}

// Services are killed and started again meanwhile.
describe('a person who wants a copy of their data', { timeout: 120_000 }, () => {
  it('gets all of it once and nothing of others, though services die while it is collected', async () => {
    await liveWith();
    const opened = await open({ phone: `+${ANNA.phone}` });
    expect(opened).toMatchObject({ state: 'AWAITING_IDENTITY', isOverdue: false, archiveUrl: null });
    expect(await open({ bsuid: ANNA.bsuid })).toMatchObject({ id: opened.id });
    expect(await open({ parentBsuid: ANNA.parentBsuid })).toMatchObject({ id: opened.id });
    await eventually(async () => expect((await requestOf(opened.id)).codeToldAt).not.toBeNull());

    // Somebody else who knows the word has shown nothing.
    await write(BOB, { text: opened.codeWord });
    await write(ANNA, { text: `Was ist ${opened.codeWord}?` });
    await eventually(async () => expect((await chatOf(ANNA)).messages.nodes.length).toBeGreaterThan(4));
    expect(await requestOf(opened.id)).toMatchObject({ state: 'AWAITING_IDENTITY' });

    await write(ANNA, { text: opened.codeWord.toLowerCase() });
    await eventually(async () => expect((await requestOf(opened.id)).state).not.toBe('AWAITING_IDENTITY'));
    for (const service of ['channels', 'conversation', 'contacts', 'billing', 'identity'] as const) {
      process.kill(stack.processes.get(service)!.pid!, 'SIGKILL');
    }
    const ready = await eventually(async () => {
      const request = await requestOf(opened.id);
      expect(request.state).toBe('READY');
      return request;
    });
    expect(ready.confirmedBy).toBe('CODE_WORD');

    const response = await fetch(ready.archiveUrl!);
    expect(response.headers.get('content-type')).toBe('application/zip');
    const files = await readZip(Buffer.from(await response.arrayBuffer()));
    const json = <T>(path: string) => JSON.parse(files.get(path)!.toString()) as T;

    // Signed, and each file as the manifest says.
    const manifest = json<{ files: { path: string; sha256: string }[]; keys: string }>('manifest.json');
    expect(manifest.files.map(({ path }) => path).toSorted()).toEqual(
      [...files.keys()].filter((path) => !path.startsWith('manifest.')).toSorted(),
    );
    for (const { path, sha256 } of manifest.files) {
      expect(createHash('sha256').update(files.get(path)!).digest('hex')).toBe(sha256);
    }
    const keys = createLocalJWKSet((await (await fetch(manifest.keys)).json()) as JSONWebKeySet);
    const { payload } = await compactVerify(files.get('manifest.jws')!.toString(), keys);
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual(manifest);

    // Everything, once.
    const messages = json<{ id: string; text: string | null; by: string }[]>('data/conversation/messages.json');
    expect(new Set(messages.map(({ id }) => id)).size).toBe(messages.length);
    expect(messages.filter(({ text }) => text === 'Haben Sie ein Kreissaegenersatzblatt?')).toHaveLength(1);
    expect(messages.filter(({ by }) => by === 'colleague').map(({ text }) => text)).toEqual(['Ja, am Dienstag.']);
    const notes = json<{ text: string }[]>('data/conversation/notes.json');
    expect(notes.map(({ text }) => text)).toEqual(['Stammkundin, sehr wichtig']);
    expect(json<{ evidence: { note: string } }[]>('data/contacts/consents.json')[0]).toMatchObject({
      said: 'REFUSED',
      evidence: { note: 'Am Telefon gesagt' },
    });
    const names = json<{ value: string }[]>('data/contacts/names.json').map(({ value }) => value);
    expect(names).toEqual(expect.arrayContaining([`+${ANNA.phone}`, ANNA.bsuid, ANNA.parentBsuid]));
    expect([...files].find(([path]) => path.startsWith('media/'))![1].equals(PICTURE)).toBe(true);
    for (const { service, what, count } of ready.found) {
      expect(json<unknown[]>(`data/${service.toLowerCase()}/${what}.json`)).toHaveLength(count);
    }
    const whats = ready.found.map(({ service, what }) => `${service} ${what}`);
    expect(whats).toEqual(
      expect.arrayContaining(['CHANNELS files', 'CHANNELS deliveries', 'CONVERSATION identities', 'IDENTITY accesses']),
    );
    expect(files.get('index.html')!.toString()).toContain('Kopie Ihrer Daten');
    expect(files.get('pages/conversation-messages-1.html')!.toString()).toContain('Kreissaegenersatzblatt');

    // Of nobody else: no customer, no colleague.
    const members = stack.demo.members.map(({ email }) => email);
    const said = [...files].filter(([path]) => !path.startsWith('media/')).map(([, content]) => content.toString());
    for (const word of [BOB.phone, BOB.bsuid, BOB.name, 'Bobby an', ...members]) {
      expect(said.some((text) => text.includes(word))).toBe(false);
    }

    // What was collected opens no more, wherever a copy of it is.
    expect(await query('select from access_part')).toEqual([]);
    expect(await query('select private_key from access_request')).toEqual([{ private_key: null }]);
  });

  it('is not in the logs by that: what services told stands in them sealed alone', async () => {
    const places = await searchEverything(stack, ['Stammkundin, sehr wichtig']);
    expect(places.filter((place) => !place.startsWith('file '))).toEqual(['conversation.note.text']);
  });
});
