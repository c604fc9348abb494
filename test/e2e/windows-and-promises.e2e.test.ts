import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request, signIn, subscribe, type Subscriber } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { startTestStack, type TestStack } from '../support/test-stack.js';
import { messagesWebhook, newWamid, postWebhook, type Customer } from '../support/webhooks.js';

const EVENTS = /* GraphQL */ `
  subscription {
    inboxEvents {
      __typename
      ... on MessageAdded {
        windowChange {
          kind
          change
        }
        message {
          text
          automation
          referral {
            headline
            clickId
          }
          conversation {
            id
          }
        }
      }
      ... on ServiceWindowClosing {
        windowChange {
          kind
          change
        }
        conversation {
          id
        }
      }
      ... on ServiceWindowClosed {
        windowChange {
          kind
          change
        }
        conversation {
          id
          serviceWindow {
            isOpen
          }
        }
      }
      ... on ServiceLevelBreached {
        target
        conversation {
          id
        }
      }
      ... on SatisfactionRated {
        conversation {
          id
          satisfaction {
            score
          }
        }
      }
      ... on CustomerIdentityChanged {
        identityChange
        conversation {
          id
          contact {
            name
          }
        }
      }
      ... on AvailabilityChanged {
        status
        member {
          id
        }
      }
    }
  }
`;
interface Told {
  __typename: string;
  conversation?: { id: string };
  message?: { text: string; automation: string | null; conversation: { id: string } };
  windowChange?: { kind: string; change: string } | null;
  [field: string]: unknown;
}

let stack: TestStack;
let agent: string;
let supervisor: string;
let agentId: string;
let channelId: string;
let followers: Subscriber<{ inboxEvents: Told }>[];
let customer: Customer;
let people = 0;

beforeAll(async () => {
  stack = await startTestStack();
  const member = (role: string) => stack.demo.members.find((each) => each.role === role)!;
  agentId = member('agent').id;
  [agent, supervisor] = await Promise.all([
    signIn(stack.graphqlUrl, member('agent')),
    signIn(stack.graphqlUrl, member('supervisor')),
  ]);
  const { channels } = await ask<{ channels: { id: string }[] }>('{ channels { id } }');
  channelId = channels[0]!.id;
  followers = [agent, supervisor].map((token) => subscribe(stack.graphqlUrl, EVENTS, token));
  for (const each of followers) {
    await eventually(() => expect(each.received[0]?.inboxEvents.__typename).toBe('LiveStarted'));
  }
});
afterAll(async () => {
  await Promise.all((followers ?? []).map((each) => each.stop()));
  await stack?.stop();
});
beforeEach(() => {
  people += 1;
  customer = { phone: `49151000000${String(people).padStart(2, '0')}`, name: `Kundin ${people}` };
});

async function ask<T>(query: string, variables: Record<string, unknown> = {}, token = supervisor): Promise<T> {
  const { data, errors } = await request<T>(stack.graphqlUrl, query, { token, variables });
  expect(errors).toBeUndefined();
  return data;
}
const set = (settings: Record<string, unknown>) =>
  eventually(async () => {
    const answer = await ask<{ updateChannelSettings: { __typename: string } }>(
      'mutation ($input: UpdateChannelSettingsInput!) { updateChannelSettings(input: $input) { __typename } }',
      { input: { channelId, ...settings } },
    );
    expect(answer.updateChannelSettings.__typename).toBe('ChannelSettings');
  });

/** What the customer writes, so many seconds ago by the provider's clock, with whatever else the provider tells. */
async function write(text: string, secondsAgo = 0, more: Record<string, unknown> = {}): Promise<void> {
  const body = JSON.parse(messagesWebhook(customer, [text])) as {
    entry: [{ changes: [{ value: { messages: [Record<string, unknown>]; contacts?: unknown } }] }];
  };
  const { value } = body.entry[0].changes[0];
  const timestamp = String(Math.floor(Date.now() / 1_000) - secondsAgo);
  value.messages[0] = { ...value.messages[0], id: newWamid(), timestamp, ...more };
  expect(await postWebhook(stack, JSON.stringify(body))).toBe(200);
}

const idIn = ({ conversation, message }: Told) => conversation?.id ?? message?.conversation.id;
/** What both clients were told of the conversation in which this stands: the same, in the same order. */
async function tellsBoth(text: string, expected: object[]): Promise<string> {
  let id: string | undefined;
  for (const { received } of followers) {
    await eventually(() => {
      const all = received.map(({ inboxEvents }) => inboxEvents);
      id = idIn(all.find(({ message }) => message?.text === text) ?? { __typename: '' });
      expect(all.filter((event) => id && idIn(event) === id)).toMatchObject(expected);
    });
  }
  return id!;
}
const change = (kind: string) => ({ windowChange: { kind: 'CUSTOMER_SERVICE', change: kind } });
const DAY = 86_400;

describe('two clients are told of a service window', () => {
  it('that a customer message opens and the next extends', async () => {
    await write('auf', 60);
    await write('weiter');
    const told = tellsBoth('auf', [
      { __typename: 'MessageAdded', ...change('OPENED') },
      { __typename: 'MessageAdded', ...change('EXTENDED') },
    ]);
    await expect(told).resolves.toBeDefined();
  });

  it('that it closes soon, and that it is closed', async () => {
    await set({ closingNoticeMinutes: 5 });
    // So late that it is over in a few seconds.
    await write('fast zu spät', DAY - 5);
    const told = tellsBoth('fast zu spät', [
      { __typename: 'MessageAdded', ...change('OPENED') },
      { __typename: 'ServiceWindowClosing', ...change('CLOSING') },
      {
        __typename: 'ServiceWindowClosed',
        ...change('CLOSED'),
        conversation: { serviceWindow: { isOpen: false } },
      },
    ]);
    await expect(told).resolves.toBeDefined();
  });

  it('and by which ad the customer came', async () => {
    const referral = { source_type: 'ad', source_id: '12', headline: 'Räder im Angebot', ctwa_clid: 'AfF1c' };
    await write('Gibt es das noch?', 0, { referral });
    const told = tellsBoth('Gibt es das noch?', [
      { __typename: 'MessageAdded', message: { referral: { headline: 'Räder im Angebot', clickId: 'AfF1c' } } },
    ]);
    await expect(told).resolves.toBeDefined();
  });
});

describe('two clients are told of a promise', () => {
  it('that was broken: nobody answered in time', async () => {
    await set({ firstResponseMinutes: 30 });
    await write('Hört mich jemand?', 3_600);
    const told = tellsBoth('Hört mich jemand?', [
      { __typename: 'MessageAdded' },
      { __typename: 'ServiceLevelBreached', target: 'FIRST_RESPONSE' },
    ]);
    await expect(told).resolves.toBeDefined();
    await set({ firstResponseMinutes: 0 });
  });
});

describe('two clients are told how it was', () => {
  it('when a resolved conversation was rated, which does not reopen it', async () => {
    await set({ surveyText: 'Wie war es? 1 bis 5' });
    await write('Eine Frage');
    const id = await tellsBoth('Eine Frage', [{ __typename: 'MessageAdded' }]);
    const input = { conversationId: id, text: 'Gern.', idempotencyKey: 'survey-answer' };
    await ask(`mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename } }`, { input }, agent);
    await ask(
      'mutation ($id: ID!) { resolveConversation(input: { conversationId: $id }) { __typename } }',
      { id },
      agent,
    );
    await eventually(() =>
      expect(followers[0]!.received.map(({ inboxEvents }) => inboxEvents)).toContainEqual(
        expect.objectContaining({ message: expect.objectContaining({ automation: 'SURVEY' }) as object }),
      ),
    );
    await write('5');
    for (const { received } of followers) {
      await eventually(() =>
        expect(received.map(({ inboxEvents }) => inboxEvents)).toContainEqual({
          __typename: 'SatisfactionRated',
          conversation: { id, satisfaction: { score: 5 } },
        }),
      );
    }
    const { conversation } = await ask<{ conversation: { status: string } }>(
      'query ($id: ID!) { conversation(id: $id) { status } }',
      { id },
    );
    expect(conversation.status).toBe('RESOLVED');
    await set({ surveyText: '' });
  });
});

describe('two clients are told who somebody is', () => {
  it('when the customer has another number, from which they go on in the same conversation', async () => {
    await write('Alte Nummer');
    const id = await tellsBoth('Alte Nummer', [{ __typename: 'MessageAdded' }]);
    const former = customer;
    const phone = `${former.phone.slice(0, -3)}9${former.phone.slice(-2)}`;
    const system = {
      type: 'user_changed_number',
      wa_id: phone,
      user_id: `DE.${phone}00`,
      previous_user_id: `DE.${former.phone}00`,
      body: 'changed',
    };
    await write('', 0, { type: 'system', text: undefined, system });
    customer = { phone, name: former.name };
    await write('Neue Nummer');
    expect(
      await tellsBoth('Neue Nummer', [
        { __typename: 'MessageAdded' },
        { __typename: 'MessageAdded' },
        { __typename: 'CustomerIdentityChanged', identityChange: 'NUMBER_CHANGED' },
        { __typename: 'MessageAdded' },
      ]),
    ).toBe(id);
    await eventually(async () => {
      const { conversation } = await ask<{ conversation: { contact: { name: string } } }>(
        'query ($id: ID!) { conversation(id: $id) { contact { name } } }',
        { id },
      );
      expect(conversation.contact.name).toBe(former.name);
    });
  });

  it('and whether a colleague is there', async () => {
    for (const choice of ['ONLINE', 'BUSY']) {
      await ask(
        'mutation ($choice: AvailabilityChoice!) { setAvailability(choice: $choice) { status } }',
        { choice },
        agent,
      );
      for (const { received } of followers) {
        await eventually(() =>
          expect(received.map(({ inboxEvents }) => inboxEvents)).toContainEqual({
            __typename: 'AvailabilityChanged',
            status: choice,
            member: { id: agentId },
          }),
        );
      }
    }
  });
});
