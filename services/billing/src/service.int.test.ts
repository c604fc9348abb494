import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { streamOf, subjectOf, templateCategoryChanged, type Envelope } from '@fenster/contracts';
import { openDatabase, type Database } from '@fenster/database';
import { connectNats, createPublisher, ensureStream, type NatsConnection, type Publisher } from '@fenster/messaging';
import { ConfigurationError, createLogger, newId, type Service } from '@fenster/runtime';
import { AuthenticationError, type Actor, type Permission, type TokenVerifier } from '@fenster/auth';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { subscribe } from '../../../test/support/api-client.js';
import { eventually } from '../../../test/support/eventually.js';
import { actorWith } from '../../../test/support/actor.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { startTestNats, type TestNats } from '../../../test/support/test-nats.js';
import { loadConfig } from './config.js';
import { migrations } from './migrations.js';
import { createBillingService } from './service.js';
import { envelope, queued, REGULAR_SERVICE, status, testMessage } from './testing/events.js';

const log = createLogger('test', 'silent');

let nats: TestNats;
let connection: NatsConnection;
let publishers: { channels: Publisher; conversation: Publisher };
let testDatabase: TestDatabase;
let database: Database;
let service: Service;
let objects: string;

beforeAll(async () => {
  [nats, testDatabase] = await Promise.all([startTestNats(), createTestDatabase('billing', migrations)]);
  objects = mkdtempSync(join(tmpdir(), 'fenster-objects-'));
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
  rmSync(objects, { recursive: true, force: true });
});

async function startService(): Promise<Service> {
  const env = {
    DATABASE_URL: testDatabase.url,
    NATS_URL: nats.url,
    JWKS_URL: 'http://127.0.0.1:1/jwks',
    LOG_LEVEL: 'silent',
    SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
    OBJECT_STORE_DIRECTORY: objects,
    ALERT_WEBHOOKS_ALLOW_LOOPBACK: 'true',
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

    await eventually(async () => {
      expect(await costOf(message)).toEqual({
        totals: [{ amountMicros: 45_600, currency: 'EUR' }],
        chargedMessages: 1,
      });
    });
    await eventually(() => expect(announced).toHaveLength(1));
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
    await eventually(async () => expect(await costOf(before)).toMatchObject({ chargedMessages: 1 }));

    await service.stop();
    await publish(...events, ...events, status(before, 'delivered', { pricing: REGULAR_SERVICE }), queued(during));
    await publish(status(during, 'read', { pricing: REGULAR_SERVICE }), status(before, 'read'));
    service = await startService();
    await eventually(async () => expect(await costOf(before)).toMatchObject({ chargedMessages: 2 }));

    // Everything published so far was handled before this one.
    const last = testMessage();
    await publish(queued(last), status(last, 'delivered', { pricing: REGULAR_SERVICE }));
    await eventually(async () => expect(await costOf(last)).toMatchObject({ chargedMessages: 1 }));
    expect(await costOf(before)).toEqual({ totals: [{ amountMicros: 91_200, currency: 'EUR' }], chargedMessages: 2 });
  });

  it('puts an event that it cannot handle among the dead letters and goes on', async () => {
    const message = testMessage();
    const poison = status(message, 'delivered', { pricing: { ...REGULAR_SERVICE, category: 'nul \u0000 byte' } });
    const healthy = testMessage({ workspaceId: message.workspaceId });
    await publish(queued(message), queued(healthy), poison, status(healthy, 'delivered', { pricing: REGULAR_SERVICE }));
    await eventually(async () => expect(await costOf(healthy)).toMatchObject({ chargedMessages: 1 }));
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

  it('writes an export, and hands it out by its URL alone', async () => {
    const message = testMessage();
    await publish(queued(message), status(message, 'delivered', { pricing: REGULAR_SERVICE }));
    await eventually(async () => expect(await costOf(message)).toMatchObject({ chargedMessages: 1 }));
    const start = `mutation ($input: StartCostExportInput!) { startCostExport(input: $input) { ... on CostExport { id } } }`;
    const period = { from: '2026-11-01', to: '2026-11-30' };
    const started = await ask(message.workspaceId, start, { input: { period, format: 'CSV', idempotencyKey: 'a' } });
    const { id } = (started.body.data as { startCostExport: { id: string } }).startCostExport;
    const query = 'query ($id: ID!) { costExport(id: $id) { state position total downloadUrl } }';
    let downloadUrl = '';
    await eventually(async () => {
      const { body } = await ask(message.workspaceId, query, { id });
      const { costExport } = body.data as { costExport: { downloadUrl: string } };
      expect(costExport).toMatchObject({ state: 'COMPLETED', position: 1, total: 1 });
      ({ downloadUrl } = costExport);
    });
    const response = await fetch(downloadUrl);
    expect(response.headers.get('content-disposition')).toBe(
      'attachment; filename="costs-ledger-2026-11-01-2026-11-30.csv"',
    );
    expect(await response.text()).toContain(message.messageId);
    const changed = downloadUrl.replace(/[^/]+$/, (token) => (token.startsWith('A') ? 'B' : 'A') + token.slice(1));
    expect((await fetch(changed)).status).toBe(404);
  });

  it('alerts by event and webhook, live, and says who has looked at it', async () => {
    const message = testMessage();
    const { workspaceId } = message;
    const posted: string[] = [];
    const receiver = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => posted.push(chunk.toString()));
      request.on('end', () => response.end());
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const { port } = receiver.address() as AddressInfo;
    const create = `mutation ($input: CreateAlertWebhookInput!) { createAlertWebhook(input: $input) { __typename } }`;
    const input = { url: `http://127.0.0.1:${port}`, alerts: ['TEMPLATE_CATEGORY_CHANGED'], idempotencyKey: 'a' };
    await ask(workspaceId, create, { input }, 'cost_manage');

    type Told = { alertEvents: { __typename: string; alert?: { id: string; kind: string } } };
    const events = `subscription ($after: Cursor) { alertEvents(after: $after) { __typename cursor
      ... on AlertRaised { alert { id kind } } ... on AlertAcknowledged { alert { id kind } } } }`;
    const follow = (of: string) => subscribe<Told>(`${service.url}/graphql`, events, `${of}.cost_read.x`);
    const [live, elsewhere] = [follow(workspaceId), follow(newId())];
    const told = () => live.received.map(({ alertEvents: { __typename } }) => __typename);
    await eventually(() =>
      expect([live.errors, told(), elsewhere.received.length]).toEqual([[], ['AlertsLiveStarted'], 1]),
    );
    const drift = { templateId: newId(), name: 'news', language: 'de', from: 'UTILITY', to: 'MARKETING' } as const;
    await publish(envelope(templateCategoryChanged, message, { ...drift, phase: 'DONE' }));
    await eventually(() => expect(told().at(-1)).toBe('AlertRaised'));
    const { alert } = live.received.at(-1)!.alertEvents;
    await eventually(() =>
      expect(posted.map((body) => JSON.parse(body) as object)).toMatchObject([{ data: { alertId: alert!.id } }]),
    );
    await ask(
      workspaceId,
      'mutation ($id: ID!) { acknowledgeAlert(id: $id) { __typename } }',
      { id: alert!.id },
      'cost_manage',
    );
    await eventually(() => expect(told()).toEqual(['AlertsLiveStarted', 'AlertRaised', 'AlertAcknowledged']));
    expect(elsewhere.received).toHaveLength(1);
    await Promise.all([live.stop(), elsewhere.stop()]);
    receiver.close();
    receiver.closeAllConnections();
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
