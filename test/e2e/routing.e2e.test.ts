import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask, subscribe, type Subscriber } from '../support/api-client.js';
import { demoMember, signInAs } from '../support/demo.js';
import { eventually } from '../support/eventually.js';
import { startTestStack, type TestStack } from '../support/test-stack.js';
import { messagesWebhook, postWebhook } from '../support/webhooks.js';

type Role = 'owner' | 'supervisor' | 'agent';
interface Event {
  inboxEvents: { __typename: string; conversationId?: string; conversation?: { id: string }; cause?: string };
}

let stack: TestStack;
const tokens = {} as Record<Role, string>;
const ids = {} as Record<Role, string>;
beforeAll(async () => {
  stack = await startTestStack();
  for (const role of ['owner', 'supervisor', 'agent'] as const) {
    tokens[role] = await signInAs(stack, role);
    ids[role] = demoMember(stack, role).id;
  }
});
afterAll(() => stack?.stop());

const told = (subscriber: Subscriber<Event>, typename: string) =>
  subscriber.received.map(({ inboxEvents }) => inboxEvents).filter((each) => each.__typename === typename);

it('the demo’s team gives what customers write to who is online; given away, it leaves the sight of the others', async () => {
  const [team] = await ask<{ id: string }[]>(stack, tokens.owner, '{ teams { id } }');
  // What conversation knows of members and teams came from identity.
  await eventually(async () => {
    const query = `mutation { setTeamRouting(teamId: "${team!.id}", mode: ROUND_ROBIN, returningMinutes: 5) {
      __typename ... on Team { name queue { count } routing { mode } }
    } }`;
    expect(await ask(stack, tokens.owner, query)).toEqual({
      __typename: 'Team',
      name: 'Service',
      queue: { count: 0 },
      routing: { mode: 'ROUND_ROBIN' },
    });
  });
  const followers = (['agent', 'supervisor'] as const).map((role) =>
    subscribe<Event>(
      stack.graphqlUrl,
      `subscription { inboxEvents {
        __typename ... on ConversationAssigned { cause conversation { id assignee { id name availability { status } } } }
        ... on ConversationLeft { conversationId }
      } }`,
      tokens[role],
    ),
  );
  for (const each of followers) await eventually(() => expect(told(each, 'LiveStarted')).toHaveLength(1));
  const [agent, supervisor] = followers as [Subscriber<Event>, Subscriber<Event>];

  expect(await postWebhook(stack, messagesWebhook({ phone: '4915100000001', name: 'Carl' }, ['Hallo?']))).toBe(200);
  await eventually(async () => {
    expect(await ask(stack, tokens.agent, `{ team(id: "${team!.id}") { queue { count } } }`)).toEqual({
      queue: { count: 1 },
    });
  });
  await ask(stack, tokens.agent, 'mutation { setAvailability(choice: ONLINE) { status } }');
  await eventually(() => {
    for (const each of followers) {
      expect(told(each, 'ConversationAssigned')).toMatchObject([
        {
          cause: 'ROUND_ROBIN',
          conversation: { assignee: { id: ids.agent, name: 'Anton Berger', availability: { status: 'ONLINE' } } },
        },
      ]);
    }
  });
  const { id } = told(agent, 'ConversationAssigned')[0]!.conversation!;

  await ask(
    stack,
    tokens.agent,
    'mutation ($id: ID!) { assignTeam(conversationId: $id, teamId: null) { __typename } }',
    { id },
  );
  const given = await ask(
    stack,
    tokens.agent,
    `mutation ($id: ID!, $to: ID!) { assignConversation(conversationId: $id, memberId: $to, reason: "Knows the contract.") {
      __typename ... on Conversation { id assignee { name } messages { nodes { text } } cost { chargedMessages } }
    } }`,
    { id, to: ids.owner },
  );
  expect(given).toMatchObject({ __typename: 'Conversation', assignee: { name: 'Olga Sommer' } });
  await eventually(() => expect(told(agent, 'ConversationLeft').at(-1)).toMatchObject({ conversationId: id }));
  // Supervisors see all conversations.
  await eventually(() => expect(told(supervisor, 'ConversationAssigned').at(-1)).toMatchObject({ cause: 'MANUAL' }));
  expect(told(supervisor, 'ConversationLeft')).toEqual([]);
  expect(followers.flatMap(({ errors }) => errors)).toEqual([]);
  await Promise.all(followers.map((each) => each.stop()));
});
