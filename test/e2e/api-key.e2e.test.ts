import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '@fenster/runtime';
import { ask, request, subscribe } from '../support/api-client.js';
import { signInAs } from '../support/demo.js';
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

describe('a program with an API key', () => {
  it('sends as often as it may, follows the inbox, and is out at once when the key is revoked', async () => {
    const owner = await signInAs(stack, 'owner');
    const input = {
      name: 'Parcel service',
      permissions: ['CONVERSATION_READ', 'CONVERSATION_READ_ALL', 'MESSAGE_READ'],
      actions: [{ action: 'MESSAGE_SEND', resource: 'text', quota: { count: 1, per: 'DAY' } }],
      expiresAt: new Date(Date.now() + 86_400_000),
      idempotencyKey: newId(),
    };
    const created = await ask<{ secret: string; apiKey: { id: string } }>(stack, owner, CREATE, { input });
    const { secret: key, apiKey } = created;

    const inbox = subscribe<{ inboxEvents: { __typename: string; message?: { apiKeyId: string | null } } }>(
      stack.graphqlUrl,
      'subscription { inboxEvents { __typename ... on MessageAdded { message { apiKeyId } } } }',
      key,
    );
    const types = () => inbox.received.map((event) => event.inboxEvents['__typename']);
    await eventually(() => expect(types()).toContain('LiveStarted'));
    expect(await postWebhook(stack, messagesWebhook(ANNA, ['Wo ist mein Paket?']))).toBe(200);
    await eventually(() => expect(types()).toContain('MessageAdded'));

    const { nodes } = await ask<{ nodes: { id: string }[] }>(stack, key, '{ conversations { nodes { id } } }');
    const send = () => ask(stack, key, SEND, { conversationId: nodes[0]!.id, idempotencyKey: newId() });
    expect([await send(), await send()]).toEqual([
      { __typename: 'Message', apiKeyId: apiKey.id, status: 'QUEUED' },
      { __typename: 'QuotaExceeded' },
    ]);
    await eventually(() =>
      expect(inbox.received.some((event) => event.inboxEvents.message?.apiKeyId === apiKey.id)).toBe(true),
    );

    await ask(stack, owner, 'mutation ($id: ID!) { revokeApiKey(id: $id) { __typename } }', { id: apiKey.id });
    await eventually(() => expect(inbox.errors).toMatchObject([{ code: 4403 }]));
    const refused = await request(stack.graphqlUrl, '{ conversations { nodes { id } } }', { token: key });
    expect(refused).toMatchObject({ status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    await inbox.stop();
  });
});
