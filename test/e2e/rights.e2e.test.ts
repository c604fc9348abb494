import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request, signIn, subscribe } from '../support/api-client.js';
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
interface Conversations {
  conversations: { nodes: { id: string }[] };
}
interface Event {
  inboxEvents: { __typename: string; message?: { text: string } };
}

let stack: TestStack;
let admin: string;
let supervisor: string;
beforeAll(async () => {
  stack = await startTestStack();
  const login = (role: string) =>
    signIn(
      stack.graphqlUrl,
      stack.demo.members.find((member) => member.role === role)!,
    );
  [admin, supervisor] = await Promise.all([login('admin'), login('supervisor')]);
});
afterAll(() => stack?.stop());

const ask = async <T>(query: string, token: string | undefined, variables: Record<string, unknown> = {}) => {
  const answer = await request<T>(stack.graphqlUrl, query, { token, variables });
  expect(answer.errors).toBeUndefined();
  return answer.data;
};

/** As a new colleague joins: invited by an admin, with a password of their own. */
async function join(name: string): Promise<Tokens & { id: string }> {
  const { inviteMember } = await ask<{ inviteMember: { token: string; member: { id: string } } }>(
    `mutation ($name: String!, $email: String!, $key: ID!) {
      inviteMember(name: $name, email: $email, role: "agent", idempotencyKey: $key) {
        ... on Invitation { token member { id } }
      }
    }`,
    admin,
    { name, email: `${name}@example.test`, key: name },
  );
  const { acceptInvitation } = await ask<{ acceptInvitation: Tokens }>(
    `mutation ($token: String!, $password: String!) {
      acceptInvitation(token: $token, password: $password) { ... on Session { accessToken refreshToken } }
    }`,
    undefined,
    { token: inviteMember.token, password: PASSWORD },
  );
  return { ...acceptInvitation, id: inviteMember.member.id };
}

async function renew(refreshToken: string): Promise<Tokens> {
  const query = `mutation ($t: String!) { renewSession(refreshToken: $t) { ... on Session { accessToken refreshToken } } }`;
  const { renewSession } = await ask<{ renewSession: Tokens }>(query, undefined, { t: refreshToken });
  return renewSession;
}

const conversationsOf = async (token: string) =>
  (await ask<Conversations>(LIST, token)).conversations.nodes.map(({ id }) => id);

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
      ask(SEND, nora.accessToken, { id: conversationId, key: `to ${conversationId}` });
    expect(await send(id)).toEqual(await send(missing));

    const { teams } = await ask<{ teams: { id: string; members: { id: string }[] }[] }>(
      '{ teams { id members { id } } }',
      admin,
    );
    const [team] = teams;
    await ask('mutation ($id: ID!, $ids: [ID!]!) { setTeamMembers(id: $id, memberIds: $ids) { __typename } }', admin, {
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

    await ask('mutation ($id: ID!) { removeMember(memberId: $id) { __typename } }', admin, { id: nora.id });
    await eventually(() => expect(after.errors).toMatchObject([{ code: 4403 }]));
    expect((await read(id, renewed.accessToken)).status).toBe(401);
    const query = 'mutation ($t: String!) { renewSession(refreshToken: $t) { __typename } }';
    expect(await ask(query, undefined, { t: renewed.refreshToken })).toEqual({
      renewSession: { __typename: 'SessionEnded' },
    });
    await Promise.all([before.stop(), after.stop()]);
  });
});
