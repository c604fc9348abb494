import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPublisher, connectNats, ensureStream } from '@fenster/messaging';
import {
  messageQueued,
  subjectOf,
  type Envelope,
  type EventData,
  type EventDefinition,
  type MessageQueued,
} from '@fenster/contracts';
import { openDatabase, sql, type Database } from '@fenster/database';
import { createLogger, newId, type Clock } from '@fenster/runtime';
import { request } from 'undici';
import { vi } from 'vitest';
import type { Actor, Permission, TokenVerifier } from '@fenster/auth';
import { actorWith } from '../../../../test/support/actor.js';
import { createTestDatabase } from '../../../../test/support/test-database.js';
import { startTestNats } from '../../../../test/support/test-nats.js';
import { loadConfig } from '../config.js';
import type { DemoChannel } from '../demo.js';
import { migrations } from '../migrations.js';
import { createChannelsService } from '../service.js';

export const APP_SECRET = 'app-secret';
export const VERIFY_TOKEN = 'verify-token';
export const NUMBER = '106540352242922';
export const SECRET_KEY = randomBytes(32);

const log = createLogger('test', 'silent');

/** Waits until `condition` is truthy, and returns what it was. */
export function until<T>(condition: () => T | Promise<T>) {
  return vi.waitUntil(condition, { timeout: 15_000 });
}

/** A channels service on a database and a NATS server of its own, with one connected number. */
export async function startChannels(
  options: {
    env?: Record<string, string>;
    now?: Clock;
    /** Puts something between the service and its database. */
    throughUrl?: (databaseUrl: string) => Promise<string>;
    channel?: Partial<DemoChannel>;
  } = {},
) {
  const [testDatabase, nats] = await Promise.all([createTestDatabase('channels', migrations), startTestNats()]);
  const database = await openDatabase({ service: 'channels', url: testDatabase.url, poolSize: 4, entities: [], log });
  const workspaceId = newId();
  const mediaDirectory = mkdtempSync(join(tmpdir(), 'fenster-media-'));
  const config = loadConfig({
    LOG_LEVEL: 'silent',
    NATS_URL: nats.url,
    DATABASE_URL: (await options.throughUrl?.(testDatabase.url)) ?? testDatabase.url,
    JWKS_URL: 'http://127.0.0.1:1/unused',
    SECRET_KEY: SECRET_KEY.toString('base64'),
    OBJECT_STORE_DIRECTORY: mediaDirectory,
    MEDIA_FETCH_POLL_MS: '250',
    HOUSEKEEPING_POLL_MS: '250',
    ...options.env,
  });
  const start = async () => {
    const service = await createChannelsService(config, { verifier, ...(options.now && { now: options.now }) });
    await service.start();
    return service;
  };
  let service = await start();
  const { channelId } = await service.seedDemo(demoNumber(workspaceId, options.channel));

  return {
    workspaceId,
    channelId,
    database,
    mediaDirectory,
    natsUrl: nats.url,
    databaseUrl: testDatabase.url,
    get service() {
      return service;
    },
    get url() {
      return service.url;
    },
    /** Ends the running instance; `resume` starts another one on the same database. */
    pause: () => service.stop(),
    async resume() {
      service = await start();
    },
    /** One more instance, besides the running one. */
    startSecond: start,
    post: (body: string | Buffer | object, headers?: Record<string, string | undefined>) =>
      post(service.url, body, headers),
    async graphql(query: string, permissions: readonly Permission[], variables: object = {}, workspace = workspaceId) {
      const response = await request(`${service.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${tokenFor(workspace, permissions)}` },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.body.json()) as {
        data?: Record<string, unknown> | null;
        errors?: { extensions: { code: string } }[];
      };
    },
    async stop() {
      await service.stop();
      await database.close();
      rmSync(mediaDirectory, { recursive: true, force: true });
      await Promise.all([testDatabase.drop(), nats.stop()]);
    },
  };
}
export type Channels = Awaited<ReturnType<typeof startChannels>>;

export function demoNumber(workspaceId: string, overrides: Partial<DemoChannel> = {}): DemoChannel {
  return {
    workspaceId,
    phoneNumberId: NUMBER,
    displayPhoneNumber: '4930901820',
    apiBaseUrl: 'http://127.0.0.1:9',
    accessToken: 'access-token',
    appSecret: APP_SECRET,
    verifyToken: VERIFY_TOKEN,
    ...overrides,
  };
}

/** The token says who the actor is: these tests are not about signatures of tokens. */
const verifier: TokenVerifier = {
  verify: async (token) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Actor,
};
const MEMBER_ID = newId();
function tokenFor(workspaceId: string, permissions: readonly Permission[]): string {
  return `a.${Buffer.from(JSON.stringify(actorWith({ id: MEMBER_ID, workspaceId, permissions }))).toString('base64url')}.b`;
}

export function sign(raw: Buffer | string, secret = APP_SECRET): string {
  return `sha256=${createHmac('sha256', secret).update(raw).digest('hex')}`;
}

/** Posts a webhook, rightly signed unless the headers say otherwise; a header that is undefined is left out. */
export async function post(
  url: string,
  body: string | Buffer | object,
  headers: Record<string, string | undefined> = {},
) {
  const raw = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const all = { 'content-type': 'application/json', 'x-hub-signature-256': sign(raw), ...headers };
  const present = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const response = await request(`${url}/webhooks/whatsapp`, {
    method: 'POST',
    headers: Object.fromEntries(present),
    body: raw,
  });
  return { status: response.statusCode, headers: response.headers, text: await response.body.text() };
}

const value = (phoneNumberId: string, content: object) => ({
  field: 'messages',
  value: {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: '4930901820', phone_number_id: phoneNumberId },
    ...content,
  },
});

export const body = (...changes: object[]) => ({
  object: 'whatsapp_business_account',
  entry: [{ id: '419561257915477', changes }],
});

export function messages(...ids: string[]) {
  return messagesFor(NUMBER, ...ids.map((id) => ({ id })));
}

export function messagesFor(phoneNumberId: string, ...overrides: Record<string, unknown>[]) {
  return value(phoneNumberId, {
    contacts: [{ profile: { name: 'Anna Bauer' }, wa_id: '4915112345678', user_id: 'DE.1349' }],
    messages: overrides.map((override) => ({
      from: '4915112345678',
      from_user_id: 'DE.1349',
      timestamp: '1795208400',
      type: 'text',
      text: { body: 'Grüß Gott' },
      ...override,
    })),
  });
}

export function statuses(...overrides: Record<string, unknown>[]) {
  return value(NUMBER, {
    statuses: overrides.map((override) => ({
      status: 'sent',
      timestamp: '1795208401',
      recipient_id: '4915112345678',
      pricing: { billable: true, pricing_model: 'PMP', type: 'regular', category: 'service' },
      ...override,
    })),
  });
}

export interface EmittedEvent {
  name: string;
  data: Record<string, unknown>;
  correlationId: string;
  causationId?: string;
}

/** A workspace's log, in order, but for the audit log's entries, and for what announces that the number was connected. */
export async function eventsOf(database: Database, workspaceId: string): Promise<EmittedEvent[]> {
  const rows = await database
    .forTenant(workspaceId)
    .execute<{ envelope: string }[]>(
      `select envelope from outbox where name <> 'channels.audit_entry.recorded' order by seq`,
    );
  const events = rows.map((row) => JSON.parse(row.envelope) as EmittedEvent);
  return events.filter(({ name, data }) => name !== 'channels.channel.changed' || data['state'] !== 'ACTIVE');
}

export async function count(database: Database, table: string): Promise<number> {
  const { rows } = await sql<{ n: string }>`select count(*) as n from ${sql.table(table)}`.execute(
    database.system().getKysely(),
  );
  return Number(rows[0]!.n);
}

export async function deadLettersOf(
  database: Database,
): Promise<{ workspace_id: string | null; reason: string; payload: string }[]> {
  const { rows } = await sql<{ workspace_id: string | null; reason: string; payload: string }>`
    select workspace_id, reason, payload from dead_letter order by id
  `.execute(database.system().getKysely());
  return rows;
}

/** In conversation's log. */
let position = 0;

/** Publishes what conversation publishes when a reply may leave. */
export function queueMessages(natsUrl: string, workspaceId: string, ...data: MessageQueued[]): Promise<void> {
  return publishOfConversation(natsUrl, workspaceId, messageQueued, ...data);
}

export async function publishOfConversation<D extends EventDefinition>(
  natsUrl: string,
  workspaceId: string,
  event: D,
  ...data: EventData<D>[]
): Promise<void> {
  const connection = await connectNats({ url: natsUrl, name: 'test', log });
  try {
    await ensureStream(connection, 'conversation');
    const now = new Date().toISOString();
    const envelopes = data.map((each): Envelope => ({
      id: newId(),
      name: event.name,
      version: event.version,
      workspaceId,
      seq: (position += 1),
      entityId: newId(),
      occurredAt: now,
      recordedAt: now,
      actor: { kind: 'member', id: newId() },
      correlationId: 'reply-1',
      dataClass: event.dataClass,
      data: each,
    }));
    await createPublisher(connection).publish([
      { id: newId(), subject: subjectOf(event, workspaceId), data: Buffer.from(JSON.stringify(envelopes)) },
    ]);
  } finally {
    await connection.close();
  }
}
