import { openDatabase } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request } from '../support/api-client.js';
import { signInAs } from '../support/demo.js';
import { eventually } from '../support/eventually.js';
import { startTestStack, type TestStack } from '../support/test-stack.js';
import { ANNA, messagesWebhook, postWebhook, sign } from '../support/webhooks.js';

let stack: TestStack;
let agent: string;
let conversationId: string;

interface Conversations {
  conversations: { nodes: { id: string; lastSeq: number }[] };
}
const LIST = '{ conversations { nodes { id lastSeq } } }';

beforeAll(async () => {
  stack = await startTestStack();
  agent = await signInAs(stack, 'agent');
  await postWebhook(stack, messagesWebhook(ANNA, ['Hallo']));
  conversationId = await eventually(async () => {
    const { data } = await request<Conversations>(stack.graphqlUrl, LIST, { token: agent });
    expect(data.conversations.nodes).toHaveLength(1);
    return data.conversations.nodes[0]!.id;
  });
});
afterAll(() => stack?.stop());

/** Whatever was refused, nothing came of it. */
async function expectNothingChanged(): Promise<void> {
  // Something good goes after the bad: when it is there, the bad would be as well.
  const { data: before } = await request<Conversations>(stack.graphqlUrl, LIST, { token: agent });
  expect(await postWebhook(stack, messagesWebhook(ANNA, ['weiter']))).toBe(200);
  await eventually(async () => {
    const { data } = await request<Conversations>(stack.graphqlUrl, LIST, { token: agent });
    expect(data.conversations.nodes).toEqual([
      { id: conversationId, lastSeq: before.conversations.nodes[0]!.lastSeq + 1 },
    ]);
  });
}

describe('bad webhooks', () => {
  const good = () => Buffer.from(messagesWebhook(ANNA, ['böse']));
  const post = async (body: Buffer, headers: Record<string, string>) => {
    const response = await fetch(stack.webhookUrl, { method: 'POST', headers, body: new Uint8Array(body) });
    return { status: response.status, text: await response.text() };
  };
  const signed = (body: Buffer) => ({
    'content-type': 'application/json',
    'x-hub-signature-256': sign(body, stack.deployment.secrets.appSecret),
  });

  it.each<[string, () => [Buffer, Record<string, string>], { status: number; text: string }]>([
    [
      'unsigned',
      () => [good(), { 'content-type': 'application/json' }],
      { status: 401, text: 'signature missing or wrong' },
    ],
    [
      'signed with another secret',
      () => [good(), { 'content-type': 'application/json', 'x-hub-signature-256': sign(good(), 'other') }],
      { status: 401, text: 'signature missing or wrong' },
    ],
    [
      'cut short after signing',
      () => [good().subarray(0, 100), signed(good())],
      { status: 401, text: 'signature missing or wrong' },
    ],
    [
      'over-large',
      () => [Buffer.alloc(3 * 1024 * 1024 + 1, 0x20), signed(good())],
      { status: 413, text: 'the body exceeds 3145728 bytes' },
    ],
    [
      'of another content type',
      () => [good(), { ...signed(good()), 'content-type': 'text/plain' }],
      { status: 415, text: 'content-type must be application/json, not encoded' },
    ],
  ])('%s are refused', async (_, build, expected) => {
    const [body, headers] = build();
    expect(await post(body, headers)).toEqual(expected);
    await expectNothingChanged();
  });

  it.each<[string, () => Buffer]>([
    ['that are not JSON', () => Buffer.from('Hallo')],
    ['that are deeply nested', () => Buffer.from(`{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`)],
    [
      'for an unknown number',
      () =>
        Buffer.from(
          good()
            .toString()
            .replace(/"phone_number_id":"\d+"/, '"phone_number_id":"1"'),
        ),
    ],
  ])('%s, but properly signed, are kept and have no effect', async (_, build) => {
    const body = build();
    expect(await post(body, signed(body))).toMatchObject({ status: 200 });
    await expectNothingChanged();
  });

  it('of an unknown message type become placeholders', async () => {
    const body = Buffer.from(
      messagesWebhook(ANNA, ['x']).replace('"type":"text","text":{"body":"x"}', '"type":"hologram","hologram":{"z":1}'),
    );
    expect(await post(body, signed(body))).toMatchObject({ status: 200 });
    await eventually(async () => {
      const { data } = await request<{
        conversation: { messages: { nodes: { type: string; text: string | null }[] } };
      }>(stack.graphqlUrl, 'query ($id: ID!) { conversation(id: $id) { messages(last: 1) { nodes { type text } } } }', {
        token: agent,
        variables: { id: conversationId },
      });
      expect(data.conversation.messages.nodes).toEqual([{ type: 'UNSUPPORTED', text: null }]);
    });
  });
});

describe('bad requests', () => {
  const refusal = async (query: string, options: Parameters<typeof request>[2] = { token: agent }) => {
    const { status, errors } = await request(stack.graphqlUrl, query, options);
    return { status, code: errors?.[0]?.extensions?.['code'] };
  };

  it('without a token, with a wrong one, and with one that was tampered with', async () => {
    expect(await refusal(LIST, {})).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await refusal(LIST, { token: 'e30.e30.e30' })).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
    const [header, payload, signature] = agent.split('.') as [string, string, string];
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const forged = Buffer.from(JSON.stringify({ ...claims, ws: newId() })).toString('base64url');
    expect(await refusal(LIST, { token: `${header}.${forged}.${signature}` })).toEqual({
      status: 401,
      code: 'UNAUTHENTICATED',
    });
  });

  it('with a wrong password', async () => {
    const { data } = await request<{ signIn: { __typename: string } }>(
      stack.graphqlUrl,
      'mutation { signIn(email: "agent@demo.fenster.test", password: "wrong-1234") { __typename } }',
    );
    expect(data.signIn).toEqual({ __typename: 'InvalidCredentials' });
  });

  it('with ids that do not exist here read as not found', async () => {
    const query = `query ($id: ID!) { conversation(id: $id) { id } }`;
    expect(await refusal(query, { token: agent, variables: { id: newId() } })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await refusal(query, { token: agent, variables: { id: "'; drop table message; --" } })).toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('with an over-long text', async () => {
    const { data } = await request<{ sendMessage: unknown }>(
      stack.graphqlUrl,
      `mutation ($text: String!, $id: ID!) {
        sendMessage(input: { conversationId: $id, text: $text, idempotencyKey: "long" }) {
          __typename ... on InvalidInput { code field message }
        }
      }`,
      { token: agent, variables: { id: conversationId, text: 'x'.repeat(4_097) } },
    );
    expect(data.sendMessage).toEqual({
      __typename: 'InvalidInput',
      code: 'INVALID_INPUT',
      field: 'text',
      message: 'must have at most 4096 characters.',
    });
    await expectNothingChanged();
  });

  it('that are over-deep, over-wide or not GraphQL are refused before they run', async () => {
    const deep = `{ conversations { nodes { ${'messages { nodes { conversation { '.repeat(6)} id ${'} } }'.repeat(6)} } } }`;
    expect(await refusal(deep)).toMatchObject({ code: 'QUERY_TOO_DEEP' });
    const wide = `{ ${Array.from({ length: 200 }, (_, index) => `a${index}: me { id }`).join(' ')} }`;
    expect(await refusal(wide)).toMatchObject({ code: 'TOO_MANY_ALIASES' });
    expect(await refusal('{ nonsense')).toMatchObject({ code: 'GRAPHQL_PARSE_FAILED' });
    expect(await refusal('{ nonsense }')).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' });
  });
});

describe('tenants', () => {
  it('of the same installation see nothing of each other at the public endpoint', async () => {
    // A second workspace, made in identity's own database as another installation's administrator would.
    const log = createLogger('test', 'silent');
    const database = await openDatabase({
      service: 'identity',
      url: stack.deployment.databaseUrls.identity,
      poolSize: 2,
      entities: [],
      log,
    });
    const other = newId();
    await database
      .system()
      .execute('insert into workspace (workspace_id, name, created_at) values (?, ?, now())', [other, 'Other']);
    await database
      .system()
      .execute('update member set workspace_id = ? where email = ?', [other, 'admin@demo.fenster.test']);
    await database.close();
    const stranger = await signInAs(stack, 'admin');
    expect(
      (await request<Conversations>(stack.graphqlUrl, LIST, { token: stranger })).data.conversations.nodes,
    ).toEqual([]);
    const query = `query ($id: ID!) { conversation(id: $id) { id } }`;
    const theirs = await request(stack.graphqlUrl, query, { token: stranger, variables: { id: conversationId } });
    const missing = await request(stack.graphqlUrl, query, { token: stranger, variables: { id: newId() } });
    expect(theirs).toEqual(missing);
    expect(
      (await request<{ channels: unknown[] }>(stack.graphqlUrl, '{ channels { id } }', { token: stranger })).data
        .channels,
    ).toEqual([]);
  });
});
