import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { createTokenVerifier, PERMISSIONS, signToken, type Actor, type Permission } from '@fenster/auth';
import {
  channelChanged,
  streamOf,
  subjectOf,
  type ChannelMessageAccepted,
  type ChannelMessageChanged,
  type ChannelMessageReceived,
  type ChannelStatusReceived,
  type Envelope,
  type EventData,
  type EventDefinition,
} from '@fenster/contracts';
import { openDatabase, readLog, transact, type Ctx, type Database } from '@fenster/database';
import { connectNats, ensureStream, type NatsConnection } from '@fenster/messaging';
import { createLogger, newId, systemClock, type Clock, type Service } from '@fenster/runtime';
import { jetstream } from '@nats-io/jetstream';
import { exportJWK } from 'jose';
import { actorWith } from '../../../../test/support/actor.js';
import { createTestDatabase } from '../../../../test/support/test-database.js';
import { eventually } from '../../../../test/support/eventually.js';
import { startTestNats } from '../../../../test/support/test-nats.js';
import { expect } from 'vitest';
import { Channel } from '../channels/channel.entity.js';
import { consumers } from '../consumers.js';
import { entities } from '../entities.js';
import { migrations } from '../migrations.js';
import { createService } from '../index.js';
import { runDueTimers } from '../timers/timer-runner.js';
import { timers } from '../timers/timers.js';

const log = createLogger('test', 'silent');
/** Of the `database` that tests are given. */
export const POOL_SIZE = 4;

export interface TestConversation {
  database: Database;
  channelId: string;
  /** Of what events tell the hash of the webhook that brought it; `test` unless said otherwise. */
  correlationOf: (data: unknown) => string;
  /** Hands events to the consumers' handlers in one transaction, as the event path does. */
  receive<D extends EventDefinition>(workspaceId: string, event: D, ...data: EventData<D>[]): Promise<void>;
  /** Lets all timers take effect that are due. */
  letTimersRun(): Promise<void>;
  logOf(workspaceId: string): Promise<Envelope[]>;
  close(): Promise<void>;
}

/** The service's database and handlers, without a process around them. */
export async function createTestConversation(now: Clock = systemClock): Promise<TestConversation> {
  const { url, drop } = await createTestDatabase('conversation', migrations);
  const database = await openDatabase({ service: 'conversation', url, poolSize: POOL_SIZE, entities, log });
  const ctx: Ctx = {
    database,
    now,
    log,
    wakeRelay: () => {},
    origin: { actor: { kind: 'system' }, correlationId: 'test' },
  };
  const running: TestConversation = {
    database,
    channelId: newId(),
    correlationOf: () => 'test',
    async receive(workspaceId, event, ...data) {
      const subscription = consumers
        .flatMap((consumer) => consumer.subscriptions)
        .find((each) => each.event === event)!;
      await transact(ctx, (tx) =>
        subscription.handle(
          tx,
          data.map((each) => ({ ...envelopeOf(workspaceId, event, each), correlationId: running.correlationOf(each) })),
        ),
      );
    },
    async letTimersRun() {
      while ((await runDueTimers(ctx, timers)) > 0);
    },
    logOf: (workspaceId) => readLog(database.forTenant(workspaceId), 0, 10_000),
    async close() {
      await database.close();
      await drop();
    },
  };
  return running;
}

function envelopeOf<D extends EventDefinition>(workspaceId: string, event: D, data: EventData<D>, seq = 1): Envelope {
  const now = new Date().toISOString();
  return {
    id: newId(),
    name: event.name,
    version: event.version,
    workspaceId,
    seq,
    entityId: newId(),
    occurredAt: now,
    recordedAt: now,
    actor: { kind: 'provider' },
    correlationId: 'test',
    dataClass: event.dataClass,
    data,
  };
}

export interface RunningConversation {
  url: string;
  database: Database;
  channelId: string;
  tokenOf(workspaceId: string, permissions?: readonly Permission[], rights?: Partial<Actor>): Promise<string>;
  publish<D extends EventDefinition>(workspaceId: string, event: D, ...data: EventData<D>[]): Promise<void>;
  /** The workspace has a channel, this one unless another is named: to be set, not to be written to. */
  connectChannel(workspaceId: string, channel?: { id?: string; name?: string }): Promise<string>;
  /** Of the service and of tests that listen. */
  connection: NatsConnection;
  /** One more process of the service, on the same database and broker. */
  startAnother(): Promise<{ url: string; stop(): Promise<void> }>;
  stop(): Promise<void>;
}

/** The whole service with NATS, as its own process would run it. */
export async function startConversation({
  now = systemClock,
  onStatement,
}: { now?: Clock; onStatement?: (text: string) => void } = {}): Promise<RunningConversation> {
  const [{ url: databaseUrl, drop }, nats, keys] = await Promise.all([
    createTestDatabase('conversation', migrations),
    startTestNats(),
    promisify(generateKeyPair)('ed25519'),
  ]);
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'test', alg: 'EdDSA' };
  const startOne = async (): Promise<Service> => {
    const service = await createService(
      {
        HOST: '127.0.0.1',
        PORT: 0,
        LOG_LEVEL: 'silent',
        NATS_URL: nats.url,
        DATABASE_URL: databaseUrl,
        DATABASE_POOL_SIZE: 6,
        DEAD_LETTER_RETENTION_DAYS: 30,
        JWKS_URL: '',
      },
      {
        now,
        verifier: createTokenVerifier({ jwks: async () => ({ keys: [jwk] }) }),
        ...(onStatement && { onStatement }),
      },
    );
    await service.start();
    return service;
  };
  const service = await startOne();
  const database = await openDatabase({
    service: 'conversation',
    url: databaseUrl,
    poolSize: POOL_SIZE,
    entities,
    log,
  });
  const connection: NatsConnection = await connectNats({ url: nats.url, name: 'test', log });
  const channelId = newId();
  const publish: RunningConversation['publish'] = async (workspaceId, event, ...data) => {
    const envelopes = data.map((each, index) => envelopeOf(workspaceId, event, each, index + 1));
    // The service makes it too, but perhaps a moment later.
    await ensureStream(connection, streamOf(subjectOf(event, workspaceId)));
    await jetstream(connection).publish(subjectOf(event, workspaceId), JSON.stringify(envelopes));
  };
  return {
    url: `${service.url}/graphql`,
    database,
    connection,
    channelId,
    async connectChannel(workspaceId, { id = channelId, name = 'WhatsApp' } = {}) {
      await publish(workspaceId, channelChanged, { channelId: id, name, state: 'ACTIVE' });
      await eventually(async () => {
        expect(await database.forTenant(workspaceId).findOne(Channel, { id, name })).not.toBeNull();
      });
      return id;
    },
    async startAnother() {
      const other = await startOne();
      return { url: `${other.url}/graphql`, stop: () => other.stop() };
    },
    tokenOf: (workspaceId, permissions = PERMISSIONS, rights = {}) =>
      signToken(
        { kid: 'test', privateKey: keys.privateKey as never },
        actorWith({ workspaceId, permissions, ...rights }),
        new Date(),
        new Date(Date.now() + 600_000),
      ),
    publish,
    async stop() {
      await connection.close();
      await database.close();
      await service.stop();
      await nats.stop();
      await drop();
    },
  };
}

let counter = 0;
const unique = () => (counter += 1);

export function customerMessage(
  channelId: string,
  overrides: Partial<ChannelMessageReceived> = {},
): ChannelMessageReceived {
  return {
    channelId,
    identity: { phone: '+491701234567', bsuid: 'DE.1', profileName: 'Ada' },
    providerMessageId: `wamid.in${unique()}`,
    type: 'text',
    text: 'Hallo',
    sentAt: new Date().toISOString(),
    opensWindow: true,
    ...overrides,
  };
}

/** Somebody reacts to, edits or revokes the message that the provider calls so. */
export function messageChange(
  channelId: string,
  targetProviderMessageId: string,
  change: ChannelMessageChanged['change'],
  overrides: Partial<ChannelMessageChanged> = {},
): ChannelMessageChanged {
  return {
    channelId,
    targetProviderMessageId,
    providerMessageId: `wamid.change${unique()}`,
    by: 'customer',
    change,
    sentAt: new Date().toISOString(),
    ...overrides,
  };
}

export function status(
  channelId: string,
  about: { messageId?: string; providerMessageId?: string },
  value: ChannelStatusReceived['status'],
  errors: ChannelStatusReceived['errors'] = [],
): ChannelStatusReceived {
  return {
    channelId,
    providerMessageId: about.providerMessageId ?? `wamid.out${unique()}`,
    ...(about.messageId && { messageId: about.messageId }),
    status: value,
    occurredAt: new Date().toISOString(),
    account: { currency: 'EUR', timeZone: 'Europe/Berlin' },
    errors,
  };
}

export function acceptance(channelId: string, messageId: string, providerMessageId: string): ChannelMessageAccepted {
  return { channelId, messageId, providerMessageId, acceptedAt: new Date().toISOString() };
}
