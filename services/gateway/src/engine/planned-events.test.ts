import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GatewayUnderTest } from '../testing/gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeEach(async () => {
  gateway = await GatewayUnderTest.start({ ENRICHMENT_TIMEOUT_MS: '1000' });
});
afterEach(() => gateway.stop());

/** `#if` stands where a directive without effect makes the plan give way to the general engine. */
const DOCUMENTS = {
  'fields of another subgraph': /* GraphQL */ `
    subscription {
      inboxEvents {
        __typename
        cursor
        ... on MessageReceived {
          message {
            text #if
            maybeContact {
              name
            }
          }
        }
      }
    }
  `,
  'fragments, aliases, arguments, and fields before their parents’ own': /* GraphQL */ `
    subscription ($text: String!) {
      events: inboxEvents {
        ...Message
        at: cursor
        kind: __typename #if
      }
    }
    fragment Message on MessageReceived {
      message {
        maybeContact {
          said: echo(text: $text)
          type: __typename
          id
        }
        conversation {
          ... on Conversation {
            contact {
              ...Contact
            }
          }
        }
      }
      m: message {
        text
      }
    }
    fragment Contact on Contact {
      name
      id
    }
  `,
  'a field that may not be null': /* GraphQL */ `
    subscription {
      inboxEvents {
        cursor #if
        ... on MessageReceived {
          message {
            conversation {
              contact {
                name
              }
            }
          }
        }
      }
    }
  `,
};

describe('Events completed by a plan', () => {
  it.each(Object.entries(DOCUMENTS))('are the same as the general engine’s: %s', async (_, document) => {
    const variables = document.includes('$text') ? { text: 'hello' } : undefined;
    const subscribe = (directive: string) => gateway.subscribe(document.replace('#if', directive), { variables });
    const both = [await subscribe(''), await subscribe('@include(if: true)')] as const;
    const all = async (count: number) => {
      for (const each of both) await each.until(({ results }) => results.length === count);
    };
    await all(1);
    gateway.contacts.unknown.add('contact-2');
    gateway.contacts.unnamed.add('contact-3');
    for (const text of ['plain', 'of nobody', 'of somebody without a name', 'poison', 'plain again']) {
      gateway.inbox.say(text);
    }
    await all(6);
    await gateway.contacts.server.crash();
    gateway.inbox.say('alone');
    await all(7);
    const [planned, general] = both.map(({ results }) =>
      JSON.stringify(results, (key, value: unknown) => (key === 'correlationId' ? '' : value), 1),
    );
    expect(planned).toBe(general);
    expect(planned).toMatch(/hello contact-1|Name of contact-1/);
  });

  it('ask each subgraph once for events that are there together, and for each reference once', async () => {
    const anna = await gateway.subscribe(DOCUMENTS['fields of another subgraph'].replace('#if', ''));
    await anna.until(({ results }) => results.length === 1);
    const before = gateway.contacts.requests;
    const { promise, resolve } = Promise.withResolvers<void>();
    gateway.contacts.hold = promise;
    gateway.inbox.say('first');
    for (let i = 0; i < 20; i++) gateway.inbox.say('waits for the first');
    resolve();
    await anna.until(({ results }) => results.length === 22);
    expect(gateway.contacts.requests - before).toBeLessThanOrEqual(3);
  });
});
