import type { Actor, Permission } from '@fenster/auth';
import type { Envelope } from '@fenster/contracts';
import {
  openDatabase,
  transact,
  type ConsumerDefinition,
  type Ctx,
  type Database,
  type LiveLog,
} from '@fenster/database';
import { buildSubgraph, createContext, formatError } from '@fenster/graphql';
import { createLogger, newId } from '@fenster/runtime';
import { graphql } from 'graphql';
import { actorWith } from '../../../../test/support/actor.js';
import { createTestDatabase } from '../../../../test/support/test-database.js';
import type { BillingApp } from '../context.js';
import { messageQueuedConsumer } from '../messages/message-queued.consumer.js';
import { statusReceivedConsumer } from '../messages/status-received.consumer.js';
import { migrations } from '../migrations.js';
import { Books } from '../price-books/books.js';
import { readPriceBook, shipPriceBook } from '../price-books/stored-price-book.js';
import { entities, subgraph } from '../service.js';
import { queued, REGULAR_SERVICE, status, type TestMessage } from './events.js';

export const NOW = new Date('2026-11-22T12:00:00Z');
export const SECRET_KEY = Buffer.alloc(32, 7);
const log = createLogger('test', 'silent');
/** There is no event path. */
const NO_LIVE_LOG: LiveLog = {
  async *follow() {},
  start() {},
  async stop() {},
};

export interface BillingUnderTest {
  ctx: Ctx;
  database: Database;
  books: Books;
  /** Of the book that ships. */
  text: string;
  handle(consumer: ConsumerDefinition, ...events: Envelope[]): Promise<void>;
  /** Queued by us, and delivered and priced by the provider. */
  deliver(
    message: TestMessage,
    said?: Parameters<typeof status>[2],
    ofQueued?: Parameters<typeof queued>[1],
  ): Promise<void>;
  /** Executes as the gateway does. */
  ask<Data = unknown>(
    actor: Actor,
    source: string,
    variables?: Record<string, unknown>,
  ): Promise<{ data: Data; errors: unknown[] | undefined }>;
  stop(): Promise<void>;
}

/** Tables, rules and schema of the service on a database of their own; no event path. */
export async function billingUnderTest(): Promise<BillingUnderTest> {
  const file = await readPriceBook(new URL('../../data/rates.csv', import.meta.url));
  const books = new Books(file.book);
  const testDatabase = await createTestDatabase('billing', migrations);
  const database = await openDatabase({ service: 'billing', url: testDatabase.url, poolSize: 3, entities, log });
  const schema = await buildSubgraph(subgraph);
  const infrastructure = { database, now: () => NOW, log, wakeRelay: () => {} };
  const ctx: Ctx = { ...infrastructure, origin: { actor: { kind: 'system' }, correlationId: 'test' } };
  await shipPriceBook(ctx, file);
  const handle: BillingUnderTest['handle'] = (consumer, ...events) =>
    transact(ctx, (tx) => consumer.subscriptions[0]!.handle(tx, events));
  return {
    ctx,
    database,
    books,
    text: file.text,
    handle,
    async deliver(message, said = {}, ofQueued = {}) {
      await handle(messageQueuedConsumer(books), queued(message, ofQueued));
      await handle(statusReceivedConsumer(books), status(message, 'delivered', { pricing: REGULAR_SERVICE, ...said }));
    },
    async ask<Data>(actor: Actor, source: string, variableValues: Record<string, unknown> = {}) {
      const app: BillingApp = {
        books,
        wakeRating: () => {},
        wakeJobs: () => {},
        liveLog: NO_LIVE_LOG,
        alerts: { allowLoopback: true, sendsMail: true },
        secretKey: SECRET_KEY,
        filesUrl: () => 'http://files.test/files',
      };
      const contextValue = createContext({ app, ...infrastructure }, actor, 'test');
      const { data, errors } = await graphql({ schema, source, variableValues, contextValue });
      return {
        data: JSON.parse(JSON.stringify(data ?? null)) as Data,
        errors: errors?.map((error) => formatError(error, log).extensions),
      };
    },
    async stop() {
      await database.close();
      await testDatabase.drop();
    },
  };
}

const FINANCE: readonly Permission[] = ['cost:read', 'cost:manage', 'conversation:read', 'conversation:read_all'];

/** Somebody of finance, or with these permissions. */
export function personOf(workspaceId: string = newId(), permissions = FINANCE): Actor {
  return actorWith({ workspaceId, permissions });
}
