import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Permission } from '@fenster/auth';
import { newId } from '@fenster/runtime';
import { INBOX, TEXTS } from '../testing/documents.js';
import { GatewayUnderTest } from '../testing/gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeEach(async () => {
  gateway = await GatewayUnderTest.start();
});
afterEach(() => gateway.stop());

describe('Shared execution', () => {
  it('executes once for members who differ in what is theirs alone, and gives that to nobody else', async () => {
    const permissions: Permission[] = ['conversation:read', 'member:read', 'message:read'];
    const [anna, ben] = [newId(), newId()];
    const as = async (id: string, query = INBOX) =>
      gateway.subscribe(query, { authorization: await gateway.identity.authorization({ id, permissions }) });
    const both = [await as(anna), await as(ben)];
    // A document that no plan covers is executed for each.
    const unplanned = INBOX.replace('cursor', 'cursor @include(if: true)');
    const alone = [await as(anna, unplanned), await as(ben, unplanned)];
    for (const each of [...both, ...alone]) await each.until(({ isLive }) => isLive);
    expect(gateway.inbox.started).toHaveLength(3);
    for (const [text, to] of [['for Anna', anna], ['for Ben', ben], ['for all']] as const) gateway.inbox.say(text, to);
    for (const [index, name] of ['Anna', 'Ben'].entries()) {
      for (const each of [both[index]!, alone[index]!]) {
        await each.until(({ texts }) => texts.includes('for all'));
        expect(each.texts).toEqual([`for ${name}`, 'for all']);
        expect(JSON.stringify(each.results)).not.toMatch(/audience/i);
      }
    }
  });

  it('gives to everybody but one what is for everybody but that one', async () => {
    const permissions: Permission[] = ['conversation:read', 'member:read', 'message:read'];
    const [anna, ben] = [newId(), newId()];
    const as = async (id: string) =>
      gateway.subscribe(INBOX, { authorization: await gateway.identity.authorization({ id, permissions }) });
    const both = [await as(anna), await as(ben)];
    for (const each of both) await each.until(({ isLive }) => isLive);
    for (const [text, to] of [['not for Ben', `-${ben}`], ['for all']] as const) gateway.inbox.say(text, to);
    for (const each of both) await each.until(({ texts }) => texts.includes('for all'));
    expect(both.map(({ texts }) => texts)).toEqual([['not for Ben', 'for all'], ['for all']]);
    expect(gateway.inbox.started).toHaveLength(1);
  });

  it('hides from clients how it is done', async () => {
    const { body } = await gateway.post({ query: 'subscription { inboxEvents(shared: true) { audience } }' });
    expect(body.errors?.map(({ message }) => message.split('.')[0])).toEqual([
      'Unknown argument "shared" on field "Subscription',
      'Cannot query field "audience" on type "InboxEvent"',
    ]);
  });

  it('executes once for two members with equal rights, and gives both the same', async () => {
    const anna = await gateway.subscribe(INBOX);
    const ben = await gateway.subscribe(INBOX);
    await anna.until((each) => each.isLive);
    await ben.until((each) => each.isLive);
    gateway.inbox.say('hello');
    gateway.inbox.say('there');
    await anna.until((each) => each.texts.length === 2);
    await ben.until((each) => each.texts.length === 2);
    expect(anna.results.slice(1)).toEqual(ben.results.slice(1));
    expect(anna.events.at(-1)!.message!.maybeContact.name).toBe('Name of contact-2');
    expect({ started: gateway.inbox.started.length, resolved: gateway.inbox.eventsResolved }).toEqual({
      started: 1,
      resolved: 2,
    });
    expect(gateway.contacts.requests).toBeLessThanOrEqual(2);
  });

  it('asks a subgraph once for events that are there at the same time', async () => {
    const anna = await gateway.subscribe(INBOX);
    await anna.until((each) => each.isLive);
    for (let number = 0; number < 60; number += 1) gateway.inbox.say(`number ${number}`);
    await anna.until((each) => each.texts.length === 60);
    expect(anna.texts).toEqual(Array.from({ length: 60 }, (_, number) => `number ${number}`));
    expect(anna.events.at(-1)!.message!.maybeContact.name).toBe('Name of contact-60');
    expect(gateway.contacts.requests).toBeLessThan(20);
  });

  it('shows clients nothing of the fields and variables that the gateway adds', async () => {
    const anna = await gateway.subscribe(
      `subscription { feed: inboxEvents { ... on MessageReceived { message { id } } } }`,
    );
    await anna.until((each) => each.results.length === 1);
    gateway.inbox.say('hello');
    await anna.until((each) => each.results.length === 2);
    expect(anna.results).toEqual([{ data: { feed: {} } }, { data: { feed: { message: { id: '1' } } } }]);
  });

  it('shares between documents that differ in layout and in how they pass the cursor', async () => {
    const anna = await gateway.subscribe(TEXTS);
    await anna.until((each) => each.isLive);
    gateway.inbox.say('hello');
    await anna.until((each) => each.texts.length === 1);
    const after = anna.events[0]!.cursor;
    const ben = await gateway.subscribe(
      TEXTS.replace('($after: Cursor)', '').replace('$after', JSON.stringify(after)).replaceAll(/\s+/g, ' ') +
        '# the same',
    );
    await ben.until((each) => each.isLive);
    expect(ben.texts).toEqual(['hello']);
    expect(gateway.inbox.started).toHaveLength(1);
  });

  it.each([
    { who: 'other permissions', member: { permissions: ['conversation:read'] satisfies Permission[] } },
    { who: 'another workspace', member: { workspaceId: newId() } },
  ])('never shares with $who', async ({ member }) => {
    const anna = await gateway.subscribe(INBOX);
    await anna.until((each) => each.isLive);
    const ben = await gateway.subscribe(INBOX, { authorization: await gateway.identity.authorization(member) });
    await ben.until((each) => each.isLive);
    expect(gateway.inbox.started).toHaveLength(2);
    expect(gateway.inbox.started[0]!.authorization).not.toBe(gateway.inbox.started[1]!.authorization);
  });

  it('does not share between different variables', async () => {
    const query = 'subscription ($queue: String) { inboxEvents(queue: $queue) { __typename cursor } }';
    const anna = await gateway.subscribe(query, { variables: { queue: 'a' } });
    const ben = await gateway.subscribe(query, { variables: { queue: 'b' } });
    await anna.until((each) => each.isLive);
    await ben.until((each) => each.isLive);
    expect(gateway.inbox.started).toHaveLength(2);
  });

  it('ends the upstream when the last member has completed', async () => {
    const anna = await gateway.subscribe(INBOX);
    const ben = await gateway.subscribe(INBOX);
    await anna.until((each) => each.isLive);
    await ben.until((each) => each.isLive);
    anna.stop();
    gateway.inbox.say('for Ben');
    await ben.until((each) => each.texts.length === 1);
    await expect.poll(() => gateway.inbox.subscribers).toBe(1);
    ben.stop();
    await expect.poll(() => gateway.inbox.subscribers).toBe(0);
    await expect.poll(() => gateway.inbox.server.socketCount).toBe(0);
  });

  it('passes the token to the subscribing and to the enriching subgraph', async () => {
    const authorization = await gateway.identity.authorization();
    const anna = await gateway.subscribe(
      'subscription { inboxEvents { __typename ... on MessageReceived { message { maybeContact { seenWith } } } } }',
      { authorization },
    );
    await anna.until((each) => each.isLive);
    gateway.inbox.say('hello');
    await anna.until((each) => each.events.length === 2);
    expect(anna.events[1]!.message!.maybeContact.seenWith).toBe(authorization);
    expect(gateway.inbox.started[0]!.authorization).toBe(authorization);
  });

  it('reads enrichments anew for each event', async () => {
    const anna = await gateway.subscribe(
      'subscription { inboxEvents { __typename ... on MessageReceived { message { conversation { contact { name } } } } } }',
    );
    await anna.until((each) => each.isLive);
    gateway.inbox.say('one');
    await anna.until((each) => each.events.length === 2);
    gateway.contacts.prefix = 'Renamed';
    gateway.inbox.say('two');
    await anna.until((each) => each.events.length === 3);
    expect(anna.events.slice(1).map((event) => event.message!.conversation.contact.name)).toEqual([
      'Name of contact-1',
      'Renamed contact-2',
    ]);
  });
});

describe('Queries and mutations over a socket', () => {
  it('are answered and completed', async () => {
    const query = await gateway.subscribe('{ conversation(id: "7") { contact { name } } }');
    expect(await query.untilEnded()).toBeUndefined();
    const mutation = await gateway.subscribe('mutation { say(text: "hi") }');
    await mutation.untilEnded();
    expect([query.results, mutation.results]).toEqual([
      [{ data: { conversation: { contact: { name: 'Name of contact-7' } } } }],
      [{ data: { say: 'hi' } }],
    ]);
  });

  it('are refused with typed errors before they run', async () => {
    const invalid = await gateway.subscribe('{ nonsense }');
    expect(await invalid.untilEnded()).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
    const badCursor = await gateway.subscribe(INBOX, { variables: { after: 'not a cursor' } });
    expect(await badCursor.untilEnded()).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });
});
