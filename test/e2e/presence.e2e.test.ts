import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, subscribe, type Subscriber } from '../support/api-client.js';
import { signInAs } from '../support/demo.js';
import { eventually } from '../support/eventually.js';
import { startTestStack, type TestStack } from '../support/test-stack.js';
import { ANNA, messagesWebhook, postWebhook } from '../support/webhooks.js';

interface State {
  presenceEvents: { viewers: { isTyping: boolean; member: { name: string; isOnline: boolean } }[] };
}
const PRESENCE = /* GraphQL */ `
  subscription ($id: ID!) {
    presenceEvents(conversationId: $id) {
      asOf
      viewers {
        isTyping
        member {
          name
          isOnline
        }
      }
    }
  }
`;

let stack: TestStack;
let agent: string;
let supervisor: string;
let conversationId: string;
const subscribers: Subscriber<State>[] = [];

beforeAll(async () => {
  // A process of its own, so that it can be killed.
  stack = await startTestStack({ processes: true });
  [agent, supervisor] = await Promise.all([signInAs(stack, 'agent'), signInAs(stack, 'supervisor')]);
  expect(await postWebhook(stack, messagesWebhook(ANNA, ['Hallo?']))).toBe(200);
  conversationId = await eventually(async () => {
    const { nodes } = await ask<{ nodes: { id: string }[] }>(stack, supervisor, '{ conversations { nodes { id } } }');
    expect(nodes).toHaveLength(1);
    return nodes[0]!.id;
  });
});
afterAll(async () => {
  await Promise.all(subscribers.map((subscriber) => subscriber.stop()));
  await stack?.stop();
});

const mutate = (token: string, field: string) =>
  ask(stack, token, `mutation ($id: ID!) { ${field} { __typename ... on UserError { code } } }`, {
    id: conversationId,
  });
const view = (token: string) => mutate(token, 'setViewing(conversationId: $id)');
const type = (token: string, isTyping: boolean) =>
  mutate(token, `setTyping(conversationId: $id, isTyping: ${isTyping})`);
function follow(token: string): Subscriber<State> {
  const subscriber = subscribe<State>(stack.graphqlUrl, PRESENCE, token, { id: conversationId });
  subscribers.push(subscriber);
  return subscriber;
}
const shown = ({ received }: Subscriber<State>) =>
  received.at(-1)?.presenceEvents.viewers.map(({ member, isTyping }) => `${member.name}${isTyping ? '…' : ''}`);
const becomes = (subscriber: Subscriber<State>, ...viewers: string[]) =>
  eventually(() => expect(shown(subscriber)).toEqual(viewers));

describe('who looks at a conversation', () => {
  it('is seen live by colleagues, with their names, and by who comes later at once', async () => {
    const first = follow(supervisor);
    await becomes(first);
    await view(agent);
    await becomes(first, 'Anton Berger');
    await type(agent, true);
    await becomes(first, 'Anton Berger…');
    const [second, third] = [follow(supervisor), follow(agent)];
    await Promise.all([becomes(second, 'Anton Berger…'), becomes(third, 'Anton Berger…')]);
    expect(second.received[0]!.presenceEvents.viewers[0]!.member.isOnline).toBe(true);
    await type(agent, false);
    await Promise.all([first, second, third].map((each) => becomes(each, 'Anton Berger')));
  });

  it('is seen again after the service was killed and came back, without subscribing anew', async () => {
    const live = follow(supervisor);
    await becomes(live, 'Anton Berger');
    process.kill(stack.processes.get('conversation')!.pid!, 'SIGKILL');
    await eventually(() => expect(JSON.stringify(live.errors)).toContain('Nothing will be missing'));
    // Nobody has said so to the new process yet: clients repeat it.
    await becomes(live);
    await view(agent);
    await becomes(live, 'Anton Berger');
    expect(live.errors).toHaveLength(1);
  });
});
