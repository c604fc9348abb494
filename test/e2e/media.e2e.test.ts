import { randomBytes } from 'node:crypto';
import { DEMO_NUMBER } from '@fenster/local';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, request, signIn } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { startTestStack, type TestStack } from '../support/test-stack.js';

let stack: TestStack;
let agent: string;
const EVA = { phone: '4915112345679', bsuid: 'DE.MEDIA1', name: 'Eva Brandt' };
const { phoneNumberId } = DEMO_NUMBER;
/** As far as anybody looks at it. */
const PICTURE = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), randomBytes(100_000)]);

const tokenOf = (role: string) =>
  signIn(
    stack.graphqlUrl,
    stack.demo.members.find((member) => member.role === role)!,
  );
beforeAll(async () => {
  stack = await startTestStack();
  agent = await tokenOf('agent');
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

interface Shown {
  id: string;
  channel: { id: string };
  messages: {
    nodes: {
      id: string;
      status: string;
      content: {
        caption?: string;
        media?: { id: string; state: string; mimeType: string; sizeBytes: number; downloadUrl: string | null } | null;
      } | null;
    }[];
  };
}
/** All that a frontend asks to show a chat with its files. */
const CHATS = `{ conversations(first: 1) { nodes { id channel { id } messages(last: 10) { nodes {
  id status content { ... on MediaContent { caption media { id state mimeType sizeBytes downloadUrl } } }
} } } } }`;
const chat = async (token: string) => (await ask<{ nodes: Shown[] }>(stack, token, CHATS)).nodes[0]!;
const bytesAt = async (url: string) => Buffer.from(await (await fetch(url)).arrayBuffer());

describe('files', () => {
  it('of customers can be downloaded by those who may read them, with one query, and by nobody else', async () => {
    const { id } = await sandbox<{ id: string }>('POST', `media?phoneNumberId=${phoneNumberId}`, PICTURE, 'image/png');
    await sandbox('POST', 'inbound', { phoneNumberId, from: EVA, media: { id, caption: 'So sieht es aus' } });
    const media = await eventually(async () => {
      const content = (await chat(agent)).messages.nodes[0]?.content;
      expect(content).toMatchObject({ media: { state: 'READY', mimeType: 'image/png', sizeBytes: PICTURE.length } });
      return content!.media!;
    });
    const url = media.downloadUrl!;
    expect((await bytesAt(url)).equals(PICTURE)).toBe(true);

    // Finance sees what conversations cost, and nothing that anybody wrote.
    const { data, errors } = await request(stack.graphqlUrl, CHATS, { token: await tokenOf('finance') });
    expect(JSON.stringify({ data, errors })).not.toContain('token=');
    expect(JSON.stringify({ data, errors })).not.toContain(media.id);
    for (const other of [url.replace(/token=.*/, ''), `${url.slice(0, -4)}AAAA`]) {
      const refused = await fetch(other);
      expect(refused.status).toBeGreaterThanOrEqual(400);
      expect((await refused.arrayBuffer()).byteLength).toBeLessThan(1_000);
    }
  });

  it('of agents are uploaded to a URL, and reach the customer’s phone byte for byte', async () => {
    const { id: conversationId, channel } = await chat(agent);
    const input = {
      mimeType: 'image/png',
      sizeBytes: PICTURE.length,
      fileName: 'Antwort.png',
      idempotencyKey: 'picture',
    };
    const created = await ask<{ url: string; media: { id: string } }>(
      stack,
      agent,
      `mutation ($input: CreateMediaUploadInput!) {
        createMediaUpload(input: $input) { ... on MediaUpload { url media { id } } }
      }`,
      { input: { ...input, channelId: channel.id } },
    );
    expect((await fetch(created.url, { method: 'PUT', body: new Uint8Array(PICTURE) })).status).toBe(201);
    const sent = await ask<{ __typename: string; id: string }>(
      stack,
      agent,
      'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename ... on Message { id } } }',
      {
        input: {
          conversationId,
          content: { media: { mediaKind: 'IMAGE', mediaId: created.media.id, caption: 'Schon repariert' } },
          idempotencyKey: 'send-picture',
        },
      },
    );
    expect(sent).toMatchObject({ __typename: 'Message' });
    const content = await eventually(async () => {
      const message = (await chat(agent)).messages.nodes.find(({ id }) => id === sent.id)!;
      expect(message).toMatchObject({ status: 'READ', content: { caption: 'Schon repariert' } });
      return message.content!;
    });
    expect((await bytesAt(content.media!.downloadUrl!)).equals(PICTURE)).toBe(true);
    const { chats } = await sandbox<{ chats: { messages: { content: { id?: string; caption?: string } }[] }[] }>(
      'GET',
      `phones/${EVA.bsuid}`,
    );
    const shown = chats[0]!.messages.find((message) => message.content.caption === 'Schon repariert')!;
    expect((await bytesAt(`${stack.sandboxUrl}/sandbox/media/${shown.content.id}`)).equals(PICTURE)).toBe(true);
  });

  it('of customers go with their messages when a rule of retention says so, and the run proves it', async () => {
    const ole = { phone: '4915112345680', bsuid: 'DE.MEDIA2', name: 'Ole Sand' };
    const { id } = await sandbox<{ id: string }>('POST', `media?phoneNumberId=${phoneNumberId}`, PICTURE, 'image/png');
    await sandbox('POST', 'inbound', { phoneNumberId, from: ole, media: { id, caption: 'Von neulich' } });
    const { conversationId, url } = await eventually(async () => {
      const found = await chat(agent);
      const content = found.messages.nodes[0]?.content;
      expect(content).toMatchObject({ caption: 'Von neulich', media: { state: 'READY' } });
      return { conversationId: found.id, url: content!.media!.downloadUrl! };
    });
    await silentFor(3, conversationId);
    const officer = await tokenOf('privacy_officer');
    await ask(
      stack,
      officer,
      'mutation { setRetentionRule(input: { dataClass: MESSAGES, months: 1 }) { ... on RetentionRule { months } } }',
    );
    // Unless one has begun by itself just now.
    await ask(
      stack,
      officer,
      'mutation { startRetentionRun(input: { isDryRun: false, idempotencyKey: "now" }) { __typename } }',
    );
    await eventually(async () => {
      const { nodes } = await ask<{ nodes: object[] }>(
        stack,
        officer,
        '{ retentionRuns { nodes { state digest counts { service dataClass what count } } } }',
      );
      const gone = (what: string) => ({ service: 'CONVERSATION', dataClass: 'MESSAGES', what, count: 1 });
      const counts = expect.arrayContaining([gone('messages'), gone('files')]);
      const run = { state: 'COMPLETED', digest: expect.any(String), counts };
      expect(nodes).toContainEqual(run);
    });
    const { messages } = await ask<{ messages: { nodes: object[] } }>(
      stack,
      agent,
      `{ conversation(id: "${conversationId}") { messages(last: 1) { nodes { seq content { __typename } contentRemovedAt } } } }`,
    );
    expect(messages.nodes).toEqual([{ seq: 1, content: null, contentRemovedAt: expect.any(String) }]);
    await eventually(async () => expect((await fetch(url)).status).toBeGreaterThanOrEqual(400));
  });
});

/** As if nobody had written there for so many months. */
async function silentFor(months: number, conversationId: string): Promise<void> {
  const client = new pg.Client({ connectionString: stack.deployment.databaseUrls.conversation });
  await client.connect();
  try {
    const ago = `now() - make_interval(months => ${months})`;
    await client.query(`update conversation set last_message_at = ${ago} where id = $1`, [conversationId]);
    await client.query(`update message set sent_at = ${ago} where conversation_id = $1`, [conversationId]);
  } finally {
    await client.end();
  }
}
