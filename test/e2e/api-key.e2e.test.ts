import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '@fenster/runtime';
import { request, signIn, subscribe } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { startTestStack, type TestStack } from '../support/test-stack.js';
import { ANNA, messagesWebhook, postWebhook } from '../support/webhooks.js';

const CREATE = /* GraphQL */ `
  mutation ($input: CreateApiKeyInput!) {
    createApiKey(input: $input) {
      ... on ApiKeyCreated {
        secret
        apiKey {
          id
        }
      }
    }
  }
`;
const SEND = /* GraphQL */ `
  mutation ($conversationId: ID!, $idempotencyKey: String!) {
    sendMessage(
      input: { conversationId: $conversationId, text: "Ihr Paket ist da.", idempotencyKey: $idempotencyKey }
    ) {
      __typename
      ... on Message {
        apiKeyId
        status
      }
    }
  }
`;

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack?.stop());

async function ask<T>(token: string, query: string, variables: Record<string, unknown> = {}): Promise<T> {
  const { data, errors } = await request<T>(stack.graphqlUrl, query, { variables, token });
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

describe('a program with an API key', () => {
  it('sends as often as it may, follows the inbox, and is out at once when the key is revoked', async () => {
    const owner = await signIn(
      stack.graphqlUrl,
      stack.demo.members.find((member) => member.role === 'owner')!,
    );
    const input = {
      name: 'Parcel service',
      permissions: ['CONVERSATION_READ', 'CONVERSATION_READ_ALL', 'MESSAGE_READ'],
      actions: [{ action: 'MESSAGE_SEND', resource: 'text', quota: { count: 1, per: 'DAY' } }],
      expiresAt: new Date(Date.now() + 86_400_000),
      idempotencyKey: newId(),
    };
    const { createApiKey } = await ask<{ createApiKey: { secret: string; apiKey: { id: string } } }>(owner, CREATE, {
      input,
    });
    const { secret: key, apiKey } = createApiKey;

    const inbox = subscribe<{ inboxEvents: { __typename: string; message?: { apiKeyId: string | null } } }>(
      stack.graphqlUrl,
      'subscription { inboxEvents { __typename ... on MessageAdded { message { apiKeyId } } } }',
      key,
    );
    const types = () => inbox.received.map((event) => event.inboxEvents['__typename']);
    await eventually(() => expect(types()).toContain('LiveStarted'));
    expect(await postWebhook(stack, messagesWebhook(ANNA, ['Wo ist mein Paket?']))).toBe(200);
    await eventually(() => expect(types()).toContain('MessageAdded'));

    const { conversations } = await ask<{ conversations: { nodes: { id: string }[] } }>(
      key,
      '{ conversations { nodes { id } } }',
    );
    const send = () =>
      ask<{ sendMessage: object }>(key, SEND, { conversationId: conversations.nodes[0]!.id, idempotencyKey: newId() });
    expect([await send(), await send()]).toEqual([
      { sendMessage: { __typename: 'Message', apiKeyId: apiKey.id, status: 'QUEUED' } },
      { sendMessage: { __typename: 'QuotaExceeded' } },
    ]);
    await eventually(() =>
      expect(inbox.received.some((event) => event.inboxEvents.message?.apiKeyId === apiKey.id)).toBe(true),
    );

    await ask(owner, 'mutation ($id: ID!) { revokeApiKey(id: $id) { __typename } }', { id: apiKey.id });
    await eventually(() => expect(inbox.errors).toMatchObject([{ code: 4403 }]));
    const refused = await request(stack.graphqlUrl, '{ conversations { nodes { id } } }', { token: key });
    expect(refused).toMatchObject({ status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    await inbox.stop();
  });
});
