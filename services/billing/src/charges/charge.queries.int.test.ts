import { openDatabase, transact, type Database, type EntityManager } from '@fenster/database';
import { buildSubgraph, createContext, formatError } from '@fenster/graphql';
import { createLogger, newId, systemClock } from '@fenster/runtime';
import { graphql, type GraphQLSchema } from 'graphql';
import type { Actor, Permission } from '@fenster/auth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actorWith } from '../../../../test/support/actor.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/test-database.js';
import { messageQueuedConsumer } from '../messages/message-queued.consumer.js';
import { statusReceivedConsumer } from '../messages/status-received.consumer.js';
import { migrations } from '../migrations.js';
import { Books } from '../price-books/books.js';
import { readPriceBook } from '../price-books/stored-price-book.js';
import { subgraph } from '../service.js';
import { queued, REGULAR_SERVICE, status, testMessage, type TestMessage } from '../testing/events.js';
import { Charge } from './charge.entity.js';
import { ConversationTotal } from './conversation-total.entity.js';

const { book } = await readPriceBook(new URL('../../data/rates.csv', import.meta.url));
const books = new Books(book);
const log = createLogger('test', 'silent');
const origin = { actor: { kind: 'system' }, correlationId: 'test' } as const;

let testDatabase: TestDatabase;
let database: Database;
let schema: GraphQLSchema;

beforeAll(async () => {
  testDatabase = await createTestDatabase('billing', migrations);
  database = await openDatabase({
    service: 'billing',
    url: testDatabase.url,
    poolSize: 2,
    entities: [Charge, ConversationTotal],
    log,
  });
  schema = await buildSubgraph(subgraph);
});
afterAll(async () => {
  await database?.close();
  await testDatabase?.drop();
});

async function record(
  messages: readonly TestMessage[],
  overrides: Parameters<typeof status>[2] = {},
  ofQueued: Parameters<typeof queued>[1] = {},
): Promise<void> {
  await transact({ database, now: systemClock, log, wakeRelay: () => {}, origin }, async (tx) => {
    const attributed = messages.map((message) => queued(message, ofQueued));
    await messageQueuedConsumer(books).subscriptions[0]!.handle(tx, attributed);
    const delivered = messages.map((message) =>
      status(message, 'delivered', { pricing: REGULAR_SERVICE, ...overrides }),
    );
    await statusReceivedConsumer(books).subscriptions[0]!.handle(tx, delivered);
  });
}

const FINANCE = ['cost:read', 'conversation:read', 'conversation:read_all'] as const;

function memberOf(workspaceId: string, permissions: readonly Permission[] = FINANCE): Actor {
  return actorWith({ workspaceId, permissions });
}

/** Executes as the gateway does; counts the queries that reach the database. */
async function ask(actor: Actor | undefined, source: string, variables: Record<string, unknown>) {
  let queries = 0;
  const counting: Database = {
    ...database,
    forTenant: (workspaceId) =>
      new Proxy(database.forTenant(workspaceId), {
        get(em, property) {
          const value = em[property as keyof EntityManager] as unknown;
          if (typeof value !== 'function') return value;
          if (property === 'find' || property === 'execute') queries += 1;
          return value.bind(em) as unknown;
        },
      }),
  };
  const contextValue = createContext(
    { app: undefined, database: counting, now: systemClock, log, wakeRelay: () => {} },
    actor,
    'test',
  );
  const { data, errors } = await graphql({ schema, source, variableValues: variables, contextValue });
  return { data: data as unknown, errors: errors?.map((error) => formatError(error, log).extensions), queries };
}

const COSTS = `query ($references: [_Any!]!) {
  _entities(representations: $references) { ... on Conversation {
    id
    cost {
      totals { amountMicros currency decimal }
      chargedMessages
      unrated { reason messages }
      charges(first: 2) { nodes { messageId category amount { decimal } } nextPage }
    }
  } }
}`;
const references = (ids: readonly string[]) => ids.map((id) => ({ __typename: 'Conversation', id }));

describe('the cost of conversations', () => {
  it('costs three queries for any number of conversations', async () => {
    const workspaceId = newId();
    const messages = Array.from({ length: 30 }, () => testMessage({ workspaceId }));
    await record(messages);
    const ids = messages.map((message) => message.conversationId);
    const { data, errors, queries } = await ask(memberOf(workspaceId), COSTS, { references: references(ids) });
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      _entities: messages.map(({ conversationId, messageId }) => ({
        id: conversationId,
        cost: {
          totals: [{ amountMicros: 45_600, currency: 'EUR', decimal: '0.0456' }],
          chargedMessages: 1,
          unrated: [],
          charges: { nodes: [{ messageId, category: 'service', amount: { decimal: '0.0456' } }], nextPage: null },
        },
      })),
    });
    expect(queries).toBe(3);
  });

  it('shows what could not be rated beside the totals', async () => {
    const message = testMessage();
    const { workspaceId, conversationId } = message;
    await record([message]);
    await record(
      [testMessage({ workspaceId, conversationId })],
      { recipientCountry: undefined },
      { to: { bsuid: 'nobody' } },
    );
    const { data } = await ask(memberOf(workspaceId), COSTS, { references: references([conversationId]) });
    expect(data).toMatchObject({
      _entities: [{ cost: { chargedMessages: 1, unrated: [{ reason: 'RECIPIENT_COUNTRY_UNKNOWN', messages: 1 }] } }],
    });
  });

  it('is null without the permission, and nothing at all for another workspace', async () => {
    const message = testMessage();
    await record([message]);
    await record([testMessage(message)], { recipientCountry: undefined });
    const variables = { references: references([message.conversationId]) };
    const id = message.conversationId;
    const agent = await ask(memberOf(message.workspaceId, ['conversation:read']), COSTS, variables);
    expect(agent).toMatchObject({ data: { _entities: [{ id, cost: null }] }, errors: undefined, queries: 0 });
    const stranger = await ask(memberOf(newId()), COSTS, variables);
    expect(stranger.data).toEqual({
      _entities: [
        { id, cost: { totals: [], chargedMessages: 0, unrated: [], charges: { nodes: [], nextPage: null } } },
      ],
    });
    const nobody = await ask(undefined, COSTS, variables);
    expect(nobody.data).toEqual({ _entities: [null] });
    expect(nobody.errors).toEqual([{ code: 'UNAUTHENTICATED' }]);
  });
});

describe('the cost of windows, contacts and messages', () => {
  const OPENED_AT = '2026-11-20T15:00:00.000Z';
  const SOURCE = `query ($references: [_Any!]!) { _entities(representations: $references) {
    ... on Conversation { cost { expected { decimal } windows {
      openedAt totals { decimal } chargedMessages charges { nodes { messageId } }
    } } }
    ... on Contact { cost { totals { decimal } chargedMessages } }
    ... on Message { charge { state amount { decimal } expected { decimal } entries { state line messages } } }
  } }`;
  const given = async () => {
    const first = testMessage();
    const inWindow = [first, { ...first, messageId: newId(), providerMessageId: 'second' }];
    const outside = { ...first, messageId: newId(), conversationId: newId(), providerMessageId: 'third' };
    const sent = { ...first, messageId: newId(), providerMessageId: 'fourth' };
    await record(inWindow, {}, { windowOpenedAt: OPENED_AT, windowExpiresAt: '2026-11-21T15:00:00.000Z' });
    await record([outside], { pricing: { ...REGULAR_SERVICE, category: 'marketing' } });
    await record([sent], { status: 'sent' }, { windowOpenedAt: OPENED_AT });
    const references = [
      { __typename: 'Conversation', id: first.conversationId },
      { __typename: 'Conversation', id: outside.conversationId },
      { __typename: 'Contact', id: first.contactId },
      { __typename: 'Message', id: first.messageId },
      { __typename: 'Message', id: sent.messageId },
    ];
    return { inWindow, outside, sent, first, references };
  };

  it('are sums of the same charges, each window with its messages', async () => {
    const { inWindow, outside, sent, first, references } = await given();
    const { data, errors, queries } = await ask(memberOf(first.workspaceId), SOURCE, { references });
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      _entities: [
        {
          cost: {
            expected: [{ decimal: '0.0456' }],
            windows: [
              {
                openedAt: OPENED_AT,
                totals: [{ decimal: '0.0912' }],
                chargedMessages: 2,
                charges: { nodes: [...inWindow, sent].map(({ messageId }) => ({ messageId })) },
              },
            ],
          },
        },
        {
          cost: {
            expected: [],
            windows: [
              {
                openedAt: null,
                totals: [{ decimal: '0.1131' }],
                chargedMessages: 1,
                charges: { nodes: [{ messageId: outside.messageId }] },
              },
            ],
          },
        },
        { cost: { totals: [{ decimal: '0.2043' }], chargedMessages: 3 } },
        {
          charge: {
            state: 'RATED',
            amount: { decimal: '0.0456' },
            expected: { decimal: '0.0000' },
            entries: [{ state: 'RATED', line: 'MESSAGE', messages: 1 }],
          },
        },
        {
          charge: {
            state: 'PROVISIONAL',
            amount: { decimal: '0.0000' },
            expected: { decimal: '0.0456' },
            entries: [{ state: 'PROVISIONAL', line: 'MESSAGE', messages: 0 }],
          },
        },
      ],
    });
    expect(queries).toBe(5);
  });

  it('are of a person under all ids that they were known by, in as many queries', async () => {
    const merged = testMessage();
    const other = testMessage({ workspaceId: merged.workspaceId });
    const stranger = testMessage();
    await record([merged, other, stranger]);
    const knownIds = [merged, other, stranger].map(({ contactId }) => contactId);
    const references = [{ __typename: 'Contact', id: other.contactId, knownIds }];
    const { data, queries } = await ask(memberOf(merged.workspaceId), SOURCE, { references });
    expect(data).toEqual({ _entities: [{ cost: { totals: [{ decimal: '0.0912' }], chargedMessages: 2 } }] });
    expect(queries).toBe(1);
  });

  it('are nobody’s of another workspace, and that of a contact only for those who see all conversations', async () => {
    const { first, references } = await given();
    const stranger = await ask(memberOf(newId()), SOURCE, { references: references.slice(2) });
    expect(stranger.data).toEqual({
      _entities: [{ cost: { totals: [], chargedMessages: 0 } }, { charge: null }, { charge: null }],
    });
    const agent = memberOf(first.workspaceId, ['cost:read', 'conversation:read']);
    expect((await ask(agent, SOURCE, { references: references.slice(2, 4) })).data).toMatchObject({
      _entities: [{ cost: null }, { charge: { state: 'RATED' } }],
    });
    const nobody = memberOf(first.workspaceId, ['conversation:read', 'conversation:read_all']);
    expect((await ask(nobody, SOURCE, { references: references.slice(2, 4) })).data).toEqual({
      _entities: [{ cost: null }, { charge: null }],
    });
  });
});

describe('charges one by one', () => {
  const PAGE = `query ($conversationId: ID!, $first: Int, $after: String) {
    charges(conversationId: $conversationId, first: $first, after: $after) {
      nodes {
        id messageId category market freeReason localDate priceBookVersion rateLine
        amount { amountMicros currency }
        conversation { id }
        trace { fact value }
      }
      nextPage
    }
  }`;

  it('come in pages without repetition or loss', async () => {
    const first = testMessage();
    const { workspaceId, conversationId } = first;
    const messages = [first, ...Array.from({ length: 4 }, () => testMessage({ workspaceId, conversationId }))];
    await record(messages);
    const seen: string[] = [];
    const sizes: number[] = [];
    let after: string | null = null;
    do {
      const { data } = await ask(memberOf(workspaceId), PAGE, { conversationId, first: 2, after });
      const { nodes, nextPage } = (data as { charges: { nodes: { messageId: string }[]; nextPage: string | null } })
        .charges;
      seen.push(...nodes.map((node) => node.messageId));
      sizes.push(nodes.length);
      after = nextPage;
    } while (after !== null);
    expect(seen).toEqual(messages.map((message) => message.messageId));
    expect(sizes).toEqual([2, 2, 1]);
  });

  it('say what, for which message, and why', async () => {
    const message = testMessage();
    await record([message]);
    const { data, errors } = await ask(memberOf(message.workspaceId), PAGE, { conversationId: message.conversationId });
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({
      charges: {
        nodes: [
          {
            messageId: message.messageId,
            category: 'service',
            market: 'Germany',
            freeReason: null,
            localDate: '2026-11-21',
            priceBookVersion: book.version,
            rateLine: expect.any(Number),
            amount: { amountMicros: 45_600, currency: 'EUR' },
            conversation: { id: message.conversationId },
            trace: expect.arrayContaining([
              { fact: 'market', value: 'Germany' },
              { fact: 'rate.micros', value: '45600' },
            ]),
          },
        ],
        nextPage: null,
      },
    });
  });

  it('are refused without the permission and to those who have not signed in', async () => {
    const variables = { conversationId: newId() };
    const agent = await ask(memberOf(newId(), ['conversation:read']), PAGE, variables);
    expect(agent.data).toBeNull();
    expect(agent.errors).toEqual([{ code: 'FORBIDDEN' }]);
    const nobody = await ask(undefined, PAGE, variables);
    expect(nobody.errors).toEqual([{ code: 'UNAUTHENTICATED' }]);
  });

  it('are asked for by conversation id only by those who see all conversations', async () => {
    const message = testMessage();
    await record([message]);
    const { workspaceId, conversationId } = message;
    const agent = memberOf(workspaceId, ['cost:read', 'conversation:read']);
    expect((await ask(agent, PAGE, { conversationId })).errors).toEqual([{ code: 'FORBIDDEN' }]);
    expect((await ask(agent, COSTS, { references: references([conversationId]) })).data).toMatchObject({
      _entities: [{ cost: { chargedMessages: 1, charges: { nodes: [{ messageId: message.messageId }] } } }],
    });
  });

  it.each([
    ['conversationId', { conversationId: 'x' }],
    ['first', { conversationId: newId(), first: 0 }],
    ['first', { conversationId: newId(), first: 101 }],
    ['after', { conversationId: newId(), after: 'x' }],
  ])('refuse a wrong %s', async (field, variables) => {
    const { errors, queries } = await ask(memberOf(newId()), PAGE, variables);
    expect(errors).toEqual([{ code: 'INVALID_INPUT', field }]);
    expect(queries).toBe(0);
  });

  it('can be referred to by id, within the workspace and with the permission', async () => {
    const message = testMessage();
    await record([message]);
    const [{ id }] = await database
      .system()
      .execute<[{ id: string }]>('select id from charge where message_id = ?', [message.messageId]);
    const source = `query ($references: [_Any!]!) { _entities(representations: $references) { ... on Charge { messageId } } }`;
    const variables = { references: [{ __typename: 'Charge', id }] };
    const { workspaceId, messageId } = message;
    expect((await ask(memberOf(workspaceId), source, variables)).data).toEqual({ _entities: [{ messageId }] });
    expect((await ask(memberOf(newId()), source, variables)).data).toEqual({ _entities: [null] });
    const agent = memberOf(workspaceId, ['cost:read', 'conversation:read']);
    expect((await ask(agent, source, variables)).data).toEqual({ _entities: [null] });
    expect((await ask(memberOf(workspaceId, []), source, variables)).data).toEqual({ _entities: [null] });
  });
});
