import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeCursor } from '@fenster/graphql';
import { DEMO_NUMBER, type DatabaseName } from '@fenster/local';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { erasures } from '../../deploy/local/src/erasures.js';
import { ask, signIn, subscribe } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { searchEverything } from '../support/search-everything.js';
import { startTestStack, type TestStack } from '../support/test-stack.js';
import { messagesWebhook, postWebhook } from '../support/webhooks.js';

/** What a test says of Anna stands nowhere else, so that wherever it is found it is hers. */
const ANNA = {
  phone: '4915788664422',
  bsuid: 'DE.FORGETME1',
  parentBsuid: 'DE.ENT.FORGETMETOO',
  name: 'Annabella Forgetmenot',
};
const BOB = {
  phone: '4915755331199',
  bsuid: 'DE.491575533119900',
  parentBsuid: 'DE.ENT.STAYSAROUND',
  name: 'Bobby Staysaround',
};
const WORDS = {
  phone: ANNA.phone,
  bsuid: ANNA.bsuid,
  parentBsuid: ANNA.parentBsuid,
  name: 'Forgetmenot',
  written: 'Kreissaegenersatzblatt',
  caption: 'Zahnradbruchstelle',
  answered: 'Werkstatttermindienstag',
  noted: 'Stammkundinsehrwichtig',
  drafted: 'Gutscheinentwurfstext',
  evidence: 'Unterschriftblattsieben',
  fileName: 'Vollmachtskopie',
  fileText: 'Bevollmaechtigtenregister',
};
const { phoneNumberId } = DEMO_NUMBER;
const PICTURE = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), randomBytes(20_000)]);

let stack: TestStack;
let owner: string;
let officer: string;
let oldContactId: string;
/** Bodies of webhooks with Anna’s first message. */
let original: string[];
let sentMessageId: string;
let sentId: string;

beforeAll(async () => {
  stack = await startTestStack({ processes: true });
  const tokenOf = (role: string) =>
    signIn(
      stack.graphqlUrl,
      stack.demo.members.find((member) => member.role === role)!,
    );
  [owner, officer] = await Promise.all([tokenOf('owner'), tokenOf('privacy_officer')]);
});
afterAll(() => stack?.stop());

async function sandbox<T>(method: string, path: string, body?: object | Buffer, type = 'application/json'): Promise<T> {
  const response = await fetch(`${stack.sandboxUrl}/sandbox/${path}`, {
    method,
    ...(body && {
      body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body),
      headers: { 'content-type': type },
    }),
  });
  expect(response.status).toBeLessThan(300);
  return (await response.json()) as T;
}
const write = (from: typeof ANNA, text: string) => sandbox('POST', 'inbound', { phoneNumberId, from, text });

interface Shown {
  id: string;
  channel: { id: string };
  contact: { id: string; name: string | null } | null;
  cost: { chargedMessages: number };
  messages: {
    nodes: { id: string; text: string | null; status: string; content: { media?: { state: string } | null } | null }[];
  };
}
const CHATS = `{ conversations(first: 10) { nodes {
  id channel { id } contact { id name } cost { chargedMessages }
  messages(last: 20) { nodes { id text status content { ... on MediaContent { media { state } } } } }
} } }`;
const chats = async () => (await ask<{ nodes: Shown[] }>(stack, owner, CHATS)).nodes;
const chatOf = async ({ name }: { name: string }) => (await chats()).find(({ contact }) => contact?.name === name)!;

interface Erasure {
  __typename: string;
  id: string;
  reference: string;
  state: string;
  plan: Report[];
  result: Report[];
  completedAt: string | null;
  backupsExpireAt: string | null;
}
interface Report {
  service: string;
  erased: { what: string; count: number | null }[];
  kept: { what: string; count: number; ground: string; until: string | null }[];
}
const REPORT = 'service erased { what count } kept { what count ground until }';
const ERASURE = `__typename ... on UserError { code }
  ... on Erasure { id reference state plan { ${REPORT} } result { ${REPORT} } completedAt backupsExpireAt }`;
const plan = (subject: object, idempotencyKey: string) =>
  ask<Erasure>(stack, officer, `mutation ($input: PlanErasureInput!) { planErasure(input: $input) { ${ERASURE} } }`, {
    input: { subject, idempotencyKey },
  });
const confirm = (id: string, reference: string) =>
  ask<Erasure>(
    stack,
    officer,
    `mutation ($input: ConfirmErasureInput!) { confirmErasure(input: $input) { ${ERASURE} } }`,
    { input: { id, reference } },
  );
const erasureOf = (id: string) =>
  ask<Erasure>(
    stack,
    officer,
    `query ($id: ID!) { erasure(id: $id) { ${ERASURE.replace(/\.\.\. on UserError \{ code \}/, '')} } }`,
    { id },
  );
const becomes = (id: string, state: string) =>
  eventually(async () => {
    const erasure = await erasureOf(id);
    expect(erasure.state).toBe(state);
    return erasure;
  });

async function query<Row extends object>(service: DatabaseName, text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: stack.deployment.databaseUrls[service] });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** Where ids of an erased person may stand: a table that is not here has no row about them. */
const KEPT = [
  /^(stream|file) /,
  /^\w+\.(outbox|erasure_task)\./,
  /^billing\./,
  /^identity\.audit_entry/,
  /^channels\.(erased_thread|outbound_message)\./,
  /^conversation\.erased_contact\./,
  /^contacts\.(erasure|consent_event|consent_state)\./,
];

interface Backup {
  service: 'contacts' | 'conversation' | 'channels';
  table: string;
}
const BACKED_UP: readonly Backup[] = [
  { service: 'contacts', table: 'contact' },
  { service: 'contacts', table: 'contact_identity' },
  { service: 'conversation', table: 'thread' },
  { service: 'conversation', table: 'thread_identity' },
  { service: 'conversation', table: 'conversation' },
  { service: 'conversation', table: 'message' },
  { service: 'channels', table: 'webhook_event' },
];
let backup: (Backup & { rows: unknown[] })[];
const rowsOf = async ({ service, table }: Backup) =>
  (await query<{ row: unknown }>(service, `select to_jsonb(t) as row from "${table}" t`)).map(({ row }) => row);

/** What is there is as it was; what is not there comes back. */
async function restore({ service, table, rows }: Backup & { rows: unknown[] }): Promise<void> {
  if (table === 'webhook_event') {
    await query(
      service,
      `update webhook_event e set body = b.body
       from jsonb_populate_recordset(null::webhook_event, $1) b where b.body_hash = e.body_hash`,
      [JSON.stringify(rows)],
    );
    return;
  }
  const generated = await query<{ name: string }>(
    service,
    `select column_name as name from information_schema.columns where table_name = '${table}' and is_generated = 'NEVER'`,
  );
  const columns = generated.map(({ name }) => `"${name}"`).join(', ');
  await query(
    service,
    `insert into "${table}" (${columns}) select ${columns} from jsonb_populate_recordset(null::"${table}", $1) on conflict do nothing`,
    [JSON.stringify(rows)],
  );
}

/** Until it is over everywhere. */
async function reapply(): Promise<void> {
  const lines: string[] = [];
  const env = Object.fromEntries(
    Object.entries(stack.deployment.databaseUrls).map(([service, url]) => [
      `${service.toUpperCase()}_DATABASE_URL`,
      url,
    ]),
  );
  expect(await erasures(['reapply'], env, (line) => lines.push(line))).toBe(0);
  expect(lines).toEqual([expect.stringContaining('1 erasures are done again')]);
  await eventually(async () => {
    const { nodes } = await ask<{ nodes: { state: string; reappliedAt: string | null }[] }>(
      stack,
      officer,
      '{ erasures { nodes { state reappliedAt } } }',
    );
    expect(nodes).toEqual([{ state: 'COMPLETED', reappliedAt: expect.any(String) }]);
  });
}

async function addFile(contactId: string): Promise<void> {
  const body = `Auszug: ${WORDS.fileText}`;
  const { id, uploadUrl } = await ask<{ id: string; uploadUrl: string }>(
    stack,
    owner,
    'mutation ($input: CreateContactFileUploadInput!) { createContactFileUpload(input: $input) { ... on ContactFileUpload { id uploadUrl } } }',
    {
      input: {
        fileName: `${WORDS.fileName}.txt`,
        mimeType: 'text/plain',
        sizeBytes: body.length,
        idempotencyKey: 'upload',
      },
    },
  );
  expect((await fetch(uploadUrl, { method: 'PUT', body })).status).toBe(201);
  await ask(
    stack,
    owner,
    'mutation ($input: AddContactFileInput!) { addContactFile(input: $input) { __typename ... on ContactFile { id } } }',
    { input: { contactId, uploadId: id, purpose: 'Vollmacht', retentionClass: 'CONTRACT' } },
  );
}

/** Everything that people do with and about a customer. */
async function liveWith(): Promise<void> {
  await write(ANNA, `Haben Sie ein ${WORDS.written}?`);
  await write(BOB, 'Ich bleibe.');
  const { id: mediaId } = await sandbox<{ id: string }>(
    'POST',
    `media?phoneNumberId=${phoneNumberId}`,
    PICTURE,
    'image/png',
  );
  await sandbox('POST', 'inbound', { phoneNumberId, from: ANNA, media: { id: mediaId, caption: WORDS.caption } });
  const anna = await eventually(async () => {
    const chat = await chatOf(ANNA);
    expect(chat.messages.nodes.at(-1)?.content?.media?.state).toBe('READY');
    return chat;
  });
  const conversationId = anna.id;
  const bob = await eventually(async () => {
    const chat = await chatOf(BOB);
    expect(chat).toBeDefined();
    return chat;
  });
  const send = (id: string, text: string) =>
    ask(stack, owner, 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename } }', {
      input: { conversationId: id, text, idempotencyKey: text },
    });
  await send(conversationId, `Ja, ${WORDS.answered}, Frau ${WORDS.name}.`);
  await send(bob.id, 'Gern.');
  await ask(stack, owner, 'mutation ($input: AddNoteInput!) { addNote(input: $input) { __typename } }', {
    input: { conversationId, text: WORDS.noted, idempotencyKey: 'note' },
  });
  await ask(
    stack,
    owner,
    'mutation ($id: ID!, $text: String!) { saveDraft(conversationId: $id, text: $text, expectedVersion: 0) { __typename } }',
    { id: conversationId, text: WORDS.drafted },
  );
  await ask(
    stack,
    officer,
    'mutation ($input: RecordConsentInput!) { recordConsent(input: $input) { __typename ... on UserError { message } } }',
    {
      input: {
        subject: { contactId: anna.contact!.id },
        channelId: anna.channel.id,
        purpose: 'order_updates',
        kind: 'REFUSED',
        source: 'AGENT',
        evidence: { note: WORDS.evidence },
        idempotencyKey: 'refused',
      },
    },
  );
  await addFile(anna.contact!.id);
  await eventually(async () => {
    for (const chat of await chats()) {
      expect(chat.messages.nodes.some(({ status }) => status === 'READ')).toBe(true);
      expect(chat.cost.chargedMessages).toBe(1);
    }
  });
}

// Services are killed and started again meanwhile.
describe('a person who wants to be forgotten', { timeout: 240_000 }, () => {
  it('is in every place before, and in none afterwards, though services die meanwhile', async () => {
    await liveWith();
    const before = await searchEverything(stack, Object.values(WORDS));
    // Otherwise finding nothing afterwards would show nothing.
    for (const place of [
      'channels.webhook_event.body',
      'channels.outbox.envelope',
      'contacts.contact.name',
      'contacts.contact_identity.value',
      'contacts.consent_evidence.content',
      'contacts.contact_file.name',
      'contacts.stored_file.name',
      'object contacts',
      'contacts.outbox.envelope',
      'conversation.message.text',
      'conversation.note.text',
      'conversation.draft.text',
      'conversation.thread.phone',
      'conversation.contact_name.name',
      'conversation.search_entry.words',
      'conversation.outbox.envelope',
      'stream channels',
      'stream conversation',
      'stream contacts',
    ]) {
      expect(before).toContain(place);
    }
    expect(before.some((place) => place.startsWith('file jetstream/'))).toBe(true);
    const bob = await searchEverything(stack, [BOB.phone, BOB.bsuid, 'Ich bleibe.']);
    const charges = await query('billing', 'select * from charge order by id');
    const { id, contact, messages } = await chatOf(ANNA);
    oldContactId = contact!.id;
    const ids = [id, oldContactId, ...messages.nodes.map((message) => message.id)];
    expect(await searchEverything(stack, ids)).toContain('conversation.message.conversation_id');
    sentMessageId = messages.nodes.find(({ text }) => text?.includes(WORDS.answered))!.id;
    original = (
      await ask<{ nodes: { body: string }[] }>(
        stack,
        owner,
        '{ webhookEvents(first: 50, filter: { field: "messages" }) { nodes { body } } }',
      )
    ).nodes.flatMap(({ body }) => (body.includes(WORDS.written) ? [body] : []));
    expect(original).toHaveLength(1);
    const sent = await query<{ provider_message_id: string }>(
      'channels',
      `select provider_message_id from outbound_message where id = '${sentMessageId}'`,
    );
    sentId = sent[0]!.provider_message_id;

    backup = await Promise.all(BACKED_UP.map(async (table) => ({ ...table, rows: await rowsOf(table) })));

    const planned = await plan({ phone: `+${ANNA.phone}` }, 'anna');
    expect(await plan({ phone: `+${ANNA.phone}` }, 'anna')).toMatchObject({ id: planned.id });
    const counted = await becomes(planned.id, 'PLANNED');
    const countOf = (reports: Report[], service: string, what: string) =>
      reports.find((each) => each.service === service)?.erased.find((each) => each.what === what)?.count;
    expect(countOf(counted.plan, 'CONVERSATION', 'messages')).toBe(3);
    expect(countOf(counted.plan, 'CONVERSATION', 'notes')).toBe(1);
    expect(countOf(counted.plan, 'CHANNELS', 'files')).toBe(1);
    expect(countOf(counted.plan, 'CONTACTS', 'contacts')).toBe(1);
    expect(countOf(counted.plan, 'CONTACTS', 'contact_files')).toBe(1);
    expect(counted.plan.flatMap(({ kept }) => kept.map(({ what, ground }) => `${what} ${ground}`)).toSorted()).toEqual([
      'audit_entries ACCOUNTABILITY',
      'billable_messages ACCOUNTING',
      'charges ACCOUNTING',
      'consent_events CONSENT_PROOF',
      'sent_messages ACCOUNTING',
      'suppression_entries SUPPRESSION',
    ]);
    expect(await searchEverything(stack, [WORDS.written])).toContain('conversation.message.text');

    expect(await confirm(planned.id, 'ABCD-EFGH')).toMatchObject({ __typename: 'InvalidInput' });
    expect(await confirm(planned.id, planned.reference.toLowerCase())).toMatchObject({ state: 'ERASING' });
    for (const service of ['channels', 'conversation', 'contacts', 'billing', 'identity'] as const) {
      process.kill(stack.processes.get(service)!.pid!, 'SIGKILL');
    }
    const done = await becomes(planned.id, 'COMPLETED');
    expect(done.result.map(({ service }) => service)).toEqual([
      'BILLING',
      'CHANNELS',
      'CONTACTS',
      'CONVERSATION',
      'IDENTITY',
    ]);
    expect(countOf(done.result, 'CONVERSATION', 'messages')).toBe(3);
    expect(countOf(done.result, 'CHANNELS', 'webhooks')).toBeGreaterThanOrEqual(3);
    expect(new Date(done.backupsExpireAt!).getTime()).toBeGreaterThan(new Date(done.completedAt!).getTime());

    expect(await searchEverything(stack, [...Object.values(WORDS), sentId])).toEqual([]);
    expect(await query('channels', 'select from media')).toEqual([]);
    const objectsOf = async (service: string) => {
      const folder = join(stack.deployment.objectsDirectory, service);
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile());
    };
    expect(await objectsOf('channels')).toEqual([]);
    // Without its key already; whoever was removing it may have been killed.
    await eventually(async () => expect(await objectsOf('contacts')).toEqual([]));
    // Of ids that lead nowhere any more, only in logs and in what is kept.
    const left = await searchEverything(stack, ids);
    expect(left.filter((place) => !KEPT.some((kept) => kept.test(place)))).toEqual([]);
    // Nobody else lost anything, and nothing was lost that is owed.
    const files = (places: string[]) => places.filter((place) => !place.startsWith('file '));
    expect(files(await searchEverything(stack, [BOB.phone, BOB.bsuid, 'Ich bleibe.']))).toEqual(files(bob));
    expect(await query('billing', 'select * from charge order by id')).toEqual(charges);
    expect((await chats()).map(({ contact }) => contact?.name)).toEqual([BOB.name]);
    expect(await query('contacts', `select from consent_event where contact_id = '${oldContactId}'`)).not.toHaveLength(
      0,
    );
  });

  it('is certified to them, in words and under a signature, by a document that does not name them', async () => {
    const { nodes } = await ask<{ nodes: { reference: string; page: string; pdf: string }[] }>(
      stack,
      officer,
      '{ erasures { nodes { reference page: certificateUrl pdf: certificateUrl(format: PDF, language: EN) } } }',
    );
    const { reference, page, pdf } = nodes[0]!;
    const text = await (await fetch(page)).text();
    for (const words of [reference, 'Nachrichten', '§ 147 AO', 'Sicherungskopien']) expect(text).toContain(words);
    expect(text).not.toMatch(new RegExp(Object.values(WORDS).join('|')));
    expect(Buffer.from(await (await fetch(pdf)).arrayBuffer()).toString('latin1', 0, 5)).toBe('%PDF-');
    expect((await fetch(page.replace(/token=[^&]+/, 'token=AAAAAAAAAAAAAAAAAAAAAA'))).status).toBe(404);
  });

  it('stays away when the provider repeats what it said of them, or says it late', async () => {
    const [first] = original;
    // Byte for byte; together with something of somebody else; and how a message of ours came to be read.
    await postWebhook(stack, first!);
    const { entry } = JSON.parse(first!) as { entry: { changes: { value: Record<string, unknown> }[] }[] };
    const { value } = entry[0]!.changes[0]!;
    const others = JSON.parse(messagesWebhook({ phone: BOB.phone, name: BOB.name }, ['Auch von mir.'])) as typeof value;
    await postWebhook(stack, JSON.stringify({ ...others, entry: [...(others['entry'] as object[]), ...entry] }));
    const { messages: _messages, contacts: _contacts, ...about } = value;
    const late = (status: string) => ({
      id: sentId,
      status,
      timestamp: String(Math.floor(Date.now() / 1000)),
      recipient_id: ANNA.phone,
      biz_opaque_callback_data: sentMessageId,
    });
    const reaction = {
      from: ANNA.phone,
      from_user_id: ANNA.bsuid,
      id: `${sentId}R`,
      timestamp: late('read').timestamp,
      type: 'reaction',
      reaction: { message_id: sentId, emoji: '👍' },
    };
    const webhookOf = (told: object) =>
      JSON.stringify({
        object: 'whatsapp_business_account',
        entry: [{ id: DEMO_NUMBER.wabaId, changes: [{ field: 'messages', value: { ...about, ...told } }] }],
      });
    await postWebhook(stack, webhookOf({ statuses: [late('failed')] }));
    await postWebhook(stack, webhookOf({ contacts: value['contacts'], messages: [reaction] }));
    await eventually(async () => expect(JSON.stringify(await chats())).toContain('Auch von mir.'));
    expect(await searchEverything(stack, Object.values(WORDS))).toEqual([]);
    expect((await chats()).map(({ contact }) => contact?.name)).toEqual([BOB.name]);
  });

  it('is erased again by one command when a backup has brought them back', async () => {
    await query('contacts', 'delete from erasure_report');
    await query('contacts', 'delete from erasure');
    for (const each of backup) await restore(each);
    expect(await searchEverything(stack, [WORDS.written])).toEqual([
      'channels.webhook_event.body',
      'conversation.message.text',
    ]);
    await reapply();
    expect(await searchEverything(stack, Object.values(WORDS))).toEqual([]);
    expect((await chats()).map(({ contact }) => contact?.name)).toEqual([BOB.name]);
  });

  it('leaves no hole in what subscribers are told', async () => {
    const inbox = subscribe<{ inboxEvents: { __typename: string; cursor: string } }>(
      stack.graphqlUrl,
      'subscription ($after: Cursor) { inboxEvents(after: $after) { __typename cursor } }',
      owner,
      { after: encodeCursor(0) },
    );
    const kinds = () => inbox.received.map(({ inboxEvents }) => inboxEvents.__typename);
    await eventually(() => expect(kinds()).toContain('LiveStarted'));
    await write(BOB, 'Bin noch da.');
    await eventually(() => expect(kinds().at(-1)).toBe('MessageAdded'));
    expect(kinds()).not.toContain('ReplayGap');
    expect(inbox.errors).toEqual([]);
    await inbox.stop();
  });

  it('is somebody new when they write again, but what they had stopped stays stopped', async () => {
    await write(ANNA, 'Ich bin wieder da.');
    const chat = await eventually(async () => {
      const back = await chatOf(ANNA);
      expect(back.messages.nodes.map(({ text }) => text)).toEqual(['Ich bin wieder da.']);
      return back;
    });
    expect(chat.contact!.id).not.toBe(oldContactId);
    await eventually(async () => {
      const { consents } = await ask<{ consents: { identityKind: string; state: string; purpose: { key: string } }[] }>(
        stack,
        officer,
        'query ($id: ID!) { contact(id: $id) { consents { identityKind state purpose { key } } } }',
        { id: chat.contact!.id },
      );
      expect(consents).toHaveLength(2);
      expect(consents).toMatchObject([
        { state: 'REFUSED', purpose: { key: 'order_updates' } },
        { state: 'REFUSED', purpose: { key: 'order_updates' } },
      ]);
    });
  });

  it('stays, once they are back, however often the erasure is done again', async () => {
    const places = async () =>
      (await searchEverything(stack, [ANNA.phone, ANNA.bsuid, 'Ich bin wieder da.'])).filter(
        (place) => !place.startsWith('file '),
      );
    const before = await places();
    for (const place of ['channels.webhook_event.body', 'contacts.outbox.envelope', 'conversation.message.text']) {
      expect(before).toContain(place);
    }
    await reapply();
    await reapply();
    expect(await places()).toEqual(before);
  });
});
