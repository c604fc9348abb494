import { streamOf, subjectOf, type Envelope } from '@fenster/contracts';
import { openDatabase, type Database } from '@fenster/database';
import { connectNats, createPublisher, ensureStream, type NatsConnection, type Publisher } from '@fenster/messaging';
import { ConfigurationError, createLogger, newId, type Service } from '@fenster/runtime';
import { AuthenticationError, type Actor, type Permission, type TokenVerifier } from '@fenster/auth';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { actorWith } from '../../../test/support/actor.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { startTestNats, type TestNats } from '../../../test/support/test-nats.js';
import { loadConfig } from './config.js';
import { migrations } from './migrations.js';
import { createBillingService } from './service.js';
import { queued, REGULAR_SERVICE, status, testMessage } from './testing/events.js';

const log = createLogger('test', 'silent');

let nats: TestNats;
let connection: NatsConnection;
let publishers: { channels: Publisher; conversation: Publisher };
let testDatabase: TestDatabase;
let database: Database;
let service: Service;

beforeAll(async () => {
  [nats, testDatabase] = await Promise.all([startTestNats(), createTestDatabase('billing', migrations)]);
  connection = await connectNats({ url: nats.url, name: 'test', log });
  database = await openDatabase({ service: 'billing', url: testDatabase.url, poolSize: 2, entities: [], log });
  for (const stream of ['channels', 'conversation']) await ensureStream(connection, stream);
  publishers = { channels: createPublisher(connection), conversation: createPublisher(connection) };
});
afterAll(async () => {
  await database?.close();
  await connection?.close();
  await nats?.stop();
  await testDatabase?.drop();
});

async function startService(): Promise<Service> {
  const env = {
    DATABASE_URL: testDatabase.url,
    NATS_URL: nats.url,
    JWKS_URL: 'http://127.0.0.1:1/jwks',
    LOG_LEVEL: 'silent',
  };
  const started = await createBillingService(loadConfig(env), { verifier });
  await started.start();
  return started;
}
beforeEach(async () => {
  service = await startService();
});
afterEach(() => service.stop());

/** Tokens of the tests: `<workspace>.<subject>_<action>.x`, with all conversations. */
const verifier: TokenVerifier = {
  async verify(token): Promise<Actor> {
    const [workspaceId = '', permission = ''] = token.split('.');
    if (permission === 'none') throw new AuthenticationError();
    const permissions = ['conversation:read_all', permission.replace('_', ':')] as Permission[];
    const expiresAt = new Date(Date.now() + 60_000);
    return actorWith({ workspaceId, permissions, expiresAt });
  },
};

async function ask(workspaceId: string, query: string, variables: object, permission = 'cost_read') {
  const response = await fetch(`${service.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${workspaceId}.${permission}.x` },
    body: JSON.stringify({ query, variables }),
  });
  return { status: response.status, body: (await response.json()) as { data?: unknown; errors?: unknown[] } };
}

/** As the relays of the other services do: one message carries a run of events of one subject. */
async function publish(...events: Envelope[]): Promise<void> {
  for (const [subject, run] of Map.groupBy(events, (event) => subjectOf(event, event.workspaceId))) {
    const data = Buffer.from(JSON.stringify(run));
    await publishers[streamOf(subject) as keyof typeof publishers].publish([{ id: newId(), subject, data }]);
  }
}

const costOf = async ({ workspaceId, conversationId }: { workspaceId: string; conversationId: string }) => {
  const query = `query ($references: [_Any!]!) { _entities(representations: $references) {
    ... on Conversation { cost { totals { amountMicros currency } chargedMessages } }
  } }`;
  const { body } = await ask(workspaceId, query, { references: [{ __typename: 'Conversation', id: conversationId }] });
  return (body.data as { _entities: [{ cost: unknown }] })._entities[0].cost;
};

describe('the billing service', () => {
  it('turns a delivered message into a charge, its cost and its event', async () => {
    const message = testMessage();
    const announced: string[] = [];
    const subscription = connection.subscribe(`billing.charge.recorded.v1.${message.workspaceId}`, {
      callback: (_error, received) => void announced.push(received.string()),
    });
    await connection.flush();
    await publish(status(message, 'sent', { pricing: REGULAR_SERVICE }), status(message, 'delivered'), queued(message));

    await vi.waitFor(async () => {
      expect(await costOf(message)).toEqual({
        totals: [{ amountMicros: 45_600, currency: 'EUR' }],
        chargedMessages: 1,
      });
    });
    await vi.waitFor(() => expect(announced).toHaveLength(1));
    const [event] = JSON.parse(announced[0]!) as Envelope[];
    expect(event).toMatchObject({
      name: 'billing.charge.recorded',
      workspaceId: message.workspaceId,
      seq: 1,
      data: {
        messageId: message.messageId,
        conversationId: message.conversationId,
        amountMicros: 45_600,
        currency: 'EUR',
      },
    });
    expect(announced[0]).not.toMatch(/491701234567|Guten Tag|wamid/);
    subscription.unsubscribe();
  });

  it('charges once, whatever is repeated, while it runs and after it was away', async () => {
    const before = testMessage();
    const during = testMessage({ workspaceId: before.workspaceId, conversationId: before.conversationId });
    const events = [queued(before), status(before, 'delivered', { pricing: REGULAR_SERVICE })];
    await publish(...events);
    await vi.waitFor(async () => expect(await costOf(before)).toMatchObject({ chargedMessages: 1 }));

    await service.stop();
    await publish(...events, ...events, status(before, 'delivered', { pricing: REGULAR_SERVICE }), queued(during));
    await publish(status(during, 'read', { pricing: REGULAR_SERVICE }), status(before, 'read'));
    service = await startService();
    await vi.waitFor(async () => expect(await costOf(before)).toMatchObject({ chargedMessages: 2 }));

    // Everything published so far was handled before this one.
    const last = testMessage();
    await publish(queued(last), status(last, 'delivered', { pricing: REGULAR_SERVICE }));
    await vi.waitFor(async () => expect(await costOf(last)).toMatchObject({ chargedMessages: 1 }));
    expect(await costOf(before)).toEqual({ totals: [{ amountMicros: 91_200, currency: 'EUR' }], chargedMessages: 2 });
  });

  it('puts an event that it cannot handle among the dead letters and goes on', async () => {
    const message = testMessage();
    const poison = status(message, 'delivered', { pricing: { ...REGULAR_SERVICE, category: 'nul \u0000 byte' } });
    const healthy = testMessage({ workspaceId: message.workspaceId });
    await publish(queued(message), queued(healthy), poison, status(healthy, 'delivered', { pricing: REGULAR_SERVICE }));
    await vi.waitFor(async () => expect(await costOf(healthy)).toMatchObject({ chargedMessages: 1 }));
    const letters = await database
      .system()
      .execute('select source from dead_letter where workspace_id = ?', [message.workspaceId]);
    expect(letters).toEqual([{ source: 'billing-status-received' }]);
    expect(await costOf(message)).toEqual({ totals: [], chargedMessages: 0 });
  });

  it('keeps each price book once, however often it starts', async () => {
    await service.stop();
    service = await startService();
    const books = await database
      .system()
      .execute<{ version: string; content: string }[]>('select version, content from price_book');
    expect(books).toHaveLength(1);
    expect(books[0]!.content).toContain('PMP,Germany,service,EUR,0.0456,');
  });

  it('answers over HTTP with the exact refusals', async () => {
    const query = 'query ($id: ID!) { charges(conversationId: $id) { nodes { id } nextPage } }';
    const variables = { id: newId() };
    expect(await ask(newId(), query, variables)).toMatchObject({
      status: 200,
      body: { data: { charges: { nodes: [], nextPage: null } } },
    });
    expect(await ask(newId(), query, variables, 'message_read')).toMatchObject({
      body: { data: null, errors: [{ message: 'Your role does not allow this.', extensions: { code: 'FORBIDDEN' } }] },
    });
    expect(await ask(newId(), query, variables, 'none')).toMatchObject({
      status: 401,
      body: { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] },
    });
    expect(await ask(newId(), query, { id: 'x' })).toMatchObject({
      body: { errors: [{ extensions: { code: 'INVALID_INPUT', field: 'conversationId' } }] },
    });
  });
});

describe('the configuration', () => {
  it('names everything that is missing or wrong at once', () => {
    const load = () => loadConfig({ PORT: 'http', NATS_URL: 'nowhere' });
    expect(load).toThrow(ConfigurationError);
    for (const name of ['PORT', 'NATS_URL', 'DATABASE_URL', 'JWKS_URL']) expect(load).toThrow(name);
  });
});
