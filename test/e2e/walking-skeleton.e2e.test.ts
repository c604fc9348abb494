import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { request, subscribe, type Subscriber } from '../support/api-client.js';
import { signInAs } from '../support/demo.js';
import { startTestStack, type TestStack } from '../support/test-stack.js';
import { ANNA, messagesWebhook, postWebhook } from '../support/webhooks.js';

const INBOX = /* GraphQL */ `
  subscription Inbox($after: Cursor) {
    inboxEvents(after: $after) {
      __typename
      cursor
      ... on MessageAdded {
        message {
          id
          seq
          text
          direction
          status
          author {
            name
          }
          ...Place
        }
      }
      ... on MessageStatusChanged {
        message {
          id
          seq
          status
          ...Place
        }
      }
      ... on ConversationCostChanged {
        conversation {
          id
          cost {
            totals {
              amountMicros
              currency
            }
          }
        }
      }
    }
  }
  fragment Place on Message {
    conversation {
      id
      contact {
        name
      }
      channel {
        name
      }
      serviceWindow {
        isOpen
        expiresAt
      }
    }
  }
`;

interface Event {
  inboxEvents: {
    __typename: string;
    cursor: string;
    message?: {
      id: string;
      seq: number;
      text?: string;
      direction: string;
      status: string;
      author: { name: string } | null;
      conversation: {
        id: string;
        contact: { name: string };
        channel: { name: string };
        serviceWindow: { isOpen: boolean; expiresAt: string };
      };
    };
    conversation?: { id: string; cost: { totals: { amountMicros: number; currency: string }[] } };
  };
}

/** What finance asks of the same message. */
const COSTS = /* GraphQL */ `
  query ($conversationId: ID!, $month: String!) {
    conversation(id: $conversationId) {
      cost {
        windows {
          openedAt
          totals {
            decimal
          }
          expected {
            decimal
          }
          chargedMessages
        }
        charges {
          nodes {
            state
            regime
          }
        }
      }
      replyQuote {
        amount {
          decimal
        }
        text
      }
      contact {
        cost {
          totals {
            decimal
          }
          chargedMessages
        }
      }
      lastMessage {
        charge {
          state
          amount {
            decimal
          }
          expected {
            decimal
          }
        }
      }
    }
    allowances(month: $month) {
      size
      used
      charged
      left
    }
  }
`;
interface Costs {
  conversation: unknown;
  allowances: unknown[];
}

let stack: TestStack;
let agent: string;
let supervisor: string;
const subscribers: Subscriber<Event>[] = [];

function follow(token: string, after?: string): Subscriber<Event> {
  const subscriber = subscribe<Event>(stack.graphqlUrl, INBOX, token, after === undefined ? {} : { after });
  subscribers.push(subscriber);
  return subscriber;
}

const of = (subscriber: Subscriber<Event>, type: string) =>
  subscriber.received.map((event) => event.inboxEvents).filter((event) => event.__typename === type);
const isLive = (subscriber: Subscriber<Event>) =>
  eventually(() => expect(of(subscriber, 'LiveStarted')).toHaveLength(1));

beforeAll(async () => {
  stack = await startTestStack();
  const login = (role: string) => signInAs(stack, role);
  [agent, supervisor] = await Promise.all([login('agent'), login('supervisor')]);
});
afterAll(async () => {
  await Promise.all(subscribers.map((subscriber) => subscriber.stop()));
  await stack?.stop();
});

describe('a signed WhatsApp webhook becomes a live GraphQL event', () => {
  it('reaches two agents with fields of several services, is answered, delivered, priced and resumed', async () => {
    const [first, second] = [follow(agent), follow(supervisor)];
    await Promise.all([isLive(first), isLive(second)]);

    expect(await postWebhook(stack, messagesWebhook(ANNA, ['Hallo, ist der Tisch noch frei?']))).toBe(200);
    for (const subscriber of [first, second]) {
      await eventually(() => expect(of(subscriber, 'MessageAdded')).toHaveLength(1));
      expect(of(subscriber, 'MessageAdded')[0]!.message).toMatchObject({
        seq: 1,
        text: 'Hallo, ist der Tisch noch frei?',
        direction: 'INBOUND',
        status: 'RECEIVED',
        author: null,
        conversation: {
          contact: { name: 'Anna Bauer' },
          channel: { name: 'Support' },
          serviceWindow: { isOpen: true },
        },
      });
    }
    const conversationId = of(first, 'MessageAdded')[0]!.message!.conversation.id;

    const send = (text: string, idempotencyKey: string) =>
      request<{ sendMessage: { __typename: string; id?: string; code?: string; status?: string } }>(
        stack.graphqlUrl,
        `mutation ($input: SendMessageInput!) {
          sendMessage(input: $input) { __typename ... on Message { id seq status } ... on UserError { code message } }
        }`,
        { token: agent, variables: { input: { conversationId, text, idempotencyKey } } },
      );
    const answers = await Promise.all([send('Ja, um acht.', 'reply-1'), send('Ja, um acht.', 'reply-1')]);
    expect(answers.map(({ data }) => data.sendMessage)).toEqual([
      { __typename: 'Message', id: expect.any(String), seq: 2, status: 'QUEUED' },
      answers[0]!.data.sendMessage,
    ]);
    expect((await send('Etwas anderes.', 'reply-1')).data.sendMessage).toMatchObject({
      __typename: 'IdempotencyConflict',
    });

    for (const subscriber of [first, second]) {
      await eventually(() => {
        const statuses = of(subscriber, 'MessageStatusChanged').map(({ message }) => message!.status);
        expect(statuses).toEqual(['SENT', 'DELIVERED', 'READ'].slice(-statuses.length));
        expect(statuses.at(-1)).toBe('READ');
      });
      expect(of(subscriber, 'MessageAdded').map(({ message }) => message!.author?.name)).toEqual([
        undefined,
        'Anton Berger',
      ]);
    }

    // The demo's number has used up its free service messages: Germany, service, EUR, from 2026-10-01 (rates.csv).
    await eventually(() => {
      const [event] = of(second, 'ConversationCostChanged');
      expect(event?.conversation).toEqual({
        id: conversationId,
        cost: { totals: [{ amountMicros: 45_600, currency: 'EUR' }] },
      });
    });
    const costs = await request<Costs>(stack.graphqlUrl, COSTS, {
      token: await signInAs(stack, 'owner'),
      variables: { conversationId, month: new Date().toISOString().slice(0, 7) },
    });
    const price = { decimal: '0.0456' };
    expect(costs.data.conversation).toMatchObject({
      cost: {
        windows: [{ openedAt: expect.any(String), totals: [price], expected: [], chargedMessages: 1 }],
        charges: { nodes: expect.arrayContaining([expect.objectContaining({ state: 'RATED', regime: '2026-10' })]) },
      },
      replyQuote: {
        amount: price,
        text: expect.stringContaining('because the free allowance of this number is used up'),
      },
      contact: { cost: { totals: [price], chargedMessages: 1 } },
      lastMessage: { charge: { state: 'RATED', amount: price, expected: { decimal: '0.0000' } } },
    });
    expect(costs.data.allowances).toContainEqual(
      expect.objectContaining({ size: 1_000, used: 0, charged: 1, left: 0 }),
    );

    // Whoever may see costs and no contacts is told what one costs.
    const ofContact = await request<{ conversation: { contact: object } }>(
      stack.graphqlUrl,
      'query ($id: ID!) { conversation(id: $id) { contact { id cost { totals { decimal } } } } }',
      { token: await signInAs(stack, 'finance'), variables: { id: conversationId } },
    );
    expect(ofContact.data.conversation.contact).toMatchObject({ cost: { totals: [price] } });

    const seen = first.received.map((event) => event.inboxEvents.cursor);
    expect(new Set(seen).size).toBe(seen.length);
    first.cut();
    await postWebhook(stack, messagesWebhook(ANNA, ['Danke!', 'Bis dann.']));
    await eventually(() => expect(of(second, 'MessageAdded')).toHaveLength(4));
    const again = follow(agent, seen.at(-1)!);
    await isLive(again);
    const missed = second.received.slice(
      second.received.findIndex((event) => event.inboxEvents.cursor === seen.at(-1)) + 1,
    );
    expect(again.received.slice(0, -1)).toEqual(missed);
    expect(of(again, 'MessageAdded').map(({ message }) => message!.text)).toEqual(['Danke!', 'Bis dann.']);
    for (const subscriber of subscribers) expect(subscriber.errors.filter((error) => !isCut(error))).toEqual([]);
  });
});

const isCut = (error: unknown) => (error as { code?: number }).code === 1006;
