import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { INBOX } from '../testing/documents.js';
import { GatewayUnderTest } from '../testing/gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeEach(async () => {
  gateway = await GatewayUnderTest.start({ ENRICHMENT_TIMEOUT_MS: '150' });
});
afterEach(() => gateway.stop());

describe('When an enriching subgraph is away', () => {
  it('its fields are errors in their place, and come again with it', async () => {
    const anna = await gateway.subscribe(INBOX);
    await anna.until((each) => each.isLive);
    await gateway.contacts.server.crash();
    gateway.inbox.say('without a name');
    await anna.until((each) => each.texts.length === 1);
    await gateway.contacts.server.start();
    gateway.inbox.say('with a name');
    await anna.until((each) => each.texts.length === 2);
    expect(anna.results.slice(1)).toMatchObject([
      {
        data: { inboxEvents: { message: { text: 'without a name', maybeContact: null } } },
        errors: [
          {
            message: 'The service "contacts" is not available.',
            path: ['inboxEvents', 'message', 'maybeContact', 'name'],
            extensions: { code: 'SUBGRAPH_UNAVAILABLE', service: 'contacts' },
          },
        ],
      },
      { data: { inboxEvents: { message: { text: 'with a name', maybeContact: { name: 'Name of contact-2' } } } } },
    ]);
    expect(anna.results[2]!.errors).toBeUndefined();
  });

  it('an event that becomes null keeps its place in the stream', async () => {
    const query = /* GraphQL */ `
      subscription ($after: Cursor) {
        inboxEvents(after: $after) {
          __typename
          cursor
          ... on MessageReceived {
            message {
              text
              conversation {
                contact {
                  name
                }
              }
            }
          }
        }
      }
    `;
    const anna = await gateway.subscribe(query);
    await anna.until((each) => each.isLive);
    await gateway.contacts.server.crash();
    gateway.inbox.say('unseen');
    await anna.until((each) => each.results.length === 2);
    expect(anna.results[1]).toMatchObject({ data: null, errors: [{ extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }] });
    await gateway.contacts.server.start();
    gateway.inbox.say('seen');
    await anna.until((each) => each.texts.length === 1);
    // By its cursor the ring knows where the null event was: a newcomer gets both.
    const late = await gateway.subscribe(query, { variables: { after: anna.events[0]!.cursor } });
    await late.until((each) => each.isLive);
    expect(late.results).toHaveLength(3);
    expect(gateway.inbox.started).toHaveLength(1);
  });

  it('a slow one is waited for no longer than its limit', async () => {
    const anna = await gateway.subscribe(INBOX);
    await anna.until((each) => each.isLive);
    const { promise, resolve } = Promise.withResolvers<void>();
    gateway.contacts.hold = promise;
    gateway.inbox.say('slow');
    await anna.until((each) => each.texts.length === 1);
    expect(anna.results[1]!.errors).toMatchObject([{ extensions: { code: 'SUBGRAPH_TIMEOUT', service: 'contacts' } }]);
    gateway.contacts.hold = undefined;
    resolve();
  });
});
