import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, request, subscribe } from '../support/api-client.js';
import { signInAs } from '../support/demo.js';
import { eventually } from '../support/eventually.js';
import { startTestStack, type TestStack } from '../support/test-stack.js';
import { ANNA, messagesWebhook, postWebhook } from '../support/webhooks.js';

const PASSWORD = 'a new horse 2';
const LIST = '{ conversations { nodes { id } } }';
const ONE = 'query ($id: ID!) { conversation(id: $id) { id cost { chargedMessages } messages { nodes { text } } } }';
const EVENTS = 'subscription { inboxEvents { __typename ... on MessageAdded { message { text } } } }';
const SEND = `mutation ($id: ID!, $key: String!) {
  sendMessage(input: { conversationId: $id, text: "Ja", idempotencyKey: $key }) {
    __typename ... on UserError { code message }
  }
}`;

interface Tokens {
  accessToken: string;
  refreshToken: string;
}
interface Event {
  inboxEvents: { __typename: string; message?: { text: string } };
}

let stack: TestStack;
let admin: string;
let supervisor: string;
beforeAll(async () => {
  stack = await startTestStack();
  [admin, supervisor] = await Promise.all([signInAs(stack, 'admin'), signInAs(stack, 'supervisor')]);
});
afterAll(() => stack?.stop());

/** As a new colleague joins: invited by an admin, with a password of their own. */
async function join(name: string): Promise<Tokens & { id: string }> {
  const { token, member } = await ask<{ token: string; member: { id: string } }>(
    stack,
    admin,
    `mutation ($name: String!, $email: String!, $key: ID!) {
      inviteMember(name: $name, email: $email, role: "agent", idempotencyKey: $key) {
        ... on Invitation { token member { id } }
      }
    }`,
    { name, email: `${name}@example.test`, key: name },
  );
  const tokens = await ask<Tokens>(
    stack,
    undefined,
    `mutation ($token: String!, $password: String!) {
      acceptInvitation(token: $token, password: $password) { ... on Session { accessToken refreshToken } }
    }`,
    { token, password: PASSWORD },
  );
  return { ...tokens, id: member.id };
}

function renew(refreshToken: string): Promise<Tokens> {
  const query = `mutation ($t: String!) { renewSession(refreshToken: $t) { ... on Session { accessToken refreshToken } } }`;
  return ask<Tokens>(stack, undefined, query, { t: refreshToken });
}

const conversationsOf = async (token: string) =>
  (await ask<{ nodes: { id: string }[] }>(stack, token, LIST)).nodes.map(({ id }) => id);

describe('a new agent', () => {
  it('sees nothing before they are in a team, everything of its channel after that, and nothing once removed', async () => {
    const nora = await join('nora');
    const before = subscribe<Event>(stack.graphqlUrl, EVENTS, nora.accessToken);
    await eventually(() => expect(before.received).toMatchObject([{ inboxEvents: { __typename: 'LiveStarted' } }]));
    expect(await postWebhook(stack, messagesWebhook(ANNA, ['Hallo?']))).toBe(200);
    const [id] = await eventually(async () => {
      const found = await conversationsOf(supervisor);
      expect(found).toHaveLength(1);
      return found as [string];
    });

    expect(await conversationsOf(nora.accessToken)).toEqual([]);
    const missing = '019d0000-0000-7000-8000-00000000dead';
    const read = (conversationId: string, token = nora.accessToken) =>
      request(stack.graphqlUrl, ONE, { token, variables: { id: conversationId } });
    expect(await read(id)).toEqual(await read(missing));
    const send = (conversationId: string) =>
      ask(stack, nora.accessToken, SEND, { id: conversationId, key: `to ${conversationId}` });
    expect(await send(id)).toEqual(await send(missing));

    type Team = { id: string; members: { id: string }[] };
    const [team] = await ask<Team[]>(stack, admin, '{ teams { id members { id } } }');
    const change = 'mutation ($id: ID!, $ids: [ID!]!) { setTeamMembers(id: $id, memberIds: $ids) { __typename } }';
    await ask(stack, admin, change, {
      id: team!.id,
      ids: [...team!.members.map((member) => member.id), nora.id],
    });
    await eventually(() => expect(before.errors).toMatchObject([{ code: 4403 }]));
    expect((await read(id)).status).toBe(401);
    const renewed = await renew(nora.refreshToken);
    expect(await conversationsOf(renewed.accessToken)).toEqual([id]);
    const after = subscribe<Event>(stack.graphqlUrl, EVENTS, renewed.accessToken);
    await eventually(() => expect(after.received).toHaveLength(1));
    await postWebhook(stack, messagesWebhook(ANNA, ['Noch da?']));
    await eventually(() => expect(after.received.at(-1)!.inboxEvents.message).toEqual({ text: 'Noch da?' }));
    expect(before.received).toHaveLength(1);

    await ask(stack, admin, 'mutation ($id: ID!) { removeMember(memberId: $id) { __typename } }', { id: nora.id });
    await eventually(() => expect(after.errors).toMatchObject([{ code: 4403 }]));
    expect((await read(id, renewed.accessToken)).status).toBe(401);
    const query = 'mutation ($t: String!) { renewSession(refreshToken: $t) { __typename } }';
    expect(await ask(stack, undefined, query, { t: renewed.refreshToken })).toEqual({ __typename: 'SessionEnded' });
    await Promise.all([before.stop(), after.stop()]);
  });
});
