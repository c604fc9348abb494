import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuthenticationError, type Actor, type Permission, type TokenVerifier } from '@fenster/auth';
import {
  streamOf,
  subjectOf,
  threadConsentStated,
  threadIdentityChanged,
  threadOpened,
  type ChannelIdentity,
  type Envelope,
  type ThreadConsentStated,
  type ThreadIdentityChanged,
  type ThreadOpened,
} from '@fenster/contracts';
import { openDatabase, transact, type Ctx, type Database, type Tx } from '@fenster/database';
import { connectNats, createPublisher, ensureStream, type NatsConnection, type Publisher } from '@fenster/messaging';
import { createLogger, createPersonMark, newId, systemClock, type Service } from '@fenster/runtime';
import pg from 'pg';
import { actorWith } from '../../../../test/support/actor.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/test-database.js';
import { startTestNats, type TestNats } from '../../../../test/support/test-nats.js';
import { loadConfig } from '../config.js';
import { entities } from '../entities.js';
import { migrations } from '../migrations.js';
import { createContactsService } from '../service.js';

export interface Answer {
  status: number;
  data?: Record<string, unknown> | null;
  errors?: { message: string; extensions: { code: string; field?: string } }[];
}

export type ThreadEvent = Envelope<ThreadOpened | ThreadIdentityChanged | ThreadConsentStated>;

const log = createLogger('test', 'silent');
const SECRET_KEY = Buffer.alloc(32, 7);

/** Contacts as it runs, on a database and a NATS server of its own. */
export class ContactsUnderTest {
  database!: Database;
  /** What is kept of a name of somebody who was forgotten. */
  readonly markOf = createPersonMark(SECRET_KEY);
  /** Of its owner, whom neither grants nor policies bind. */
  databaseUrl!: string;
  service!: Service;
  #testDatabase!: TestDatabase;
  #nats!: TestNats;
  #connection!: NatsConnection;
  /** By stream: each expects what it published last. */
  readonly #publishers = new Map<string, Publisher>();
  objectsDirectory!: string;
  /** Besides what every test needs. */
  env: Record<string, string> = {};
  /** Hears what is asked of the database, but for work across tenants. */
  onStatement: (text: string) => void = () => {};
  #seq = 0;
  readonly #actors = new Map<string, Actor>();

  async start(): Promise<void> {
    [this.#testDatabase, this.#nats] = await Promise.all([createTestDatabase('contacts', migrations), startTestNats()]);
    this.objectsDirectory = mkdtempSync(join(tmpdir(), 'fenster-objects-'));
    this.databaseUrl = this.#testDatabase.url;
    this.database = await openDatabase({
      service: 'contacts',
      url: this.#testDatabase.url,
      poolSize: 4,
      entities,
      log,
    });
    this.#connection = await connectNats({ url: this.#nats.url, name: 'test', log });
    await this.startService();
  }

  async startService(): Promise<void> {
    const config = loadConfig({
      DATABASE_URL: this.#testDatabase.url,
      NATS_URL: this.#nats.url,
      JWKS_URL: 'http://127.0.0.1:1/unused',
      LOG_LEVEL: 'silent',
      OBJECT_STORE_DIRECTORY: this.objectsDirectory,
      SECRET_KEY: SECRET_KEY.toString('base64'),
      ...this.env,
    });
    // These tests are not about signatures: a token is a name for an actor.
    const verifier: TokenVerifier = {
      verify: async (token) => {
        const actor = this.#actors.get(token);
        if (!actor) throw new AuthenticationError();
        return actor;
      },
    };
    this.service = await createContactsService(config, {
      verifier,
      onStatement: (text) => this.onStatement(text),
    });
    await this.service.start();
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await this.#connection.close();
    await this.database.close();
    await Promise.all([this.#testDatabase.drop(), this.#nats.stop()]);
    rmSync(this.objectsDirectory, { recursive: true, force: true });
  }

  asSystem(): Ctx {
    const origin = { actor: { kind: 'system', id: 'test' }, correlationId: 'test' } as const;
    return { database: this.database, origin, log, now: systemClock, wakeRelay: () => {} };
  }

  transact<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return transact(this.asSystem(), work);
  }

  /** By the owner of the database, who alone changes tables. */
  async alter(statement: string): Promise<void> {
    const owner = new pg.Client({ connectionString: this.databaseUrl });
    await owner.connect();
    await owner.query(statement).finally(() => owner.end());
  }

  token(workspaceId: string, ...permissions: Permission[]): string {
    return this.tokenOf({ workspaceId, permissions });
  }

  tokenOf(rights: Partial<Actor>): string {
    const token = `a.${newId()}.b`;
    this.#actors.set(token, actorWith({ ...rights, expiresAt: new Date(Date.now() + 3_600_000) }));
    return token;
  }

  async query(
    query: string,
    token: string | undefined,
    variables: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.service.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }), ...headers },
      body: JSON.stringify({ query, variables }),
    });
    return { status: response.status, ...((await response.json()) as object) };
  }

  /** As the conversation service emits it. */
  event(
    kind: 'opened' | 'identity_changed',
    { workspaceId, ...data }: { workspaceId: string; contactId: string; channelId: string; identity: ChannelIdentity },
    occurredAt = new Date(),
  ): ThreadEvent {
    const definition = kind === 'opened' ? threadOpened : threadIdentityChanged;
    const threadId = newId();
    this.#seq += 1;
    return {
      id: newId(),
      name: definition.name,
      version: definition.version,
      workspaceId,
      seq: this.#seq,
      entityId: threadId,
      occurredAt: occurredAt.toISOString(),
      recordedAt: occurredAt.toISOString(),
      actor: { kind: 'provider' },
      correlationId: 'test',
      dataClass: definition.dataClass,
      data: { ...data, threadId },
    };
  }

  /** Another service answers what contacts asks. Returns how to end that. */
  async answer(subject: string, reply: (message: { respond(data: string, options: object): void }) => void) {
    const subscription = this.#connection.subscribe(subject, {
      callback: (failure, message) => {
        if (!failure) reply(message as never);
      },
    });
    await this.#connection.flush();
    return () => subscription.unsubscribe();
  }

  /** What the conversation service tells of consent. */
  stated(
    workspaceId: string,
    data: Omit<ThreadConsentStated, 'threadId' | 'conversationId' | 'statedAt'>,
    statedAt = new Date(),
  ): ThreadEvent {
    const opened = this.event('opened', { workspaceId, ...data }, statedAt);
    const { name, version, dataClass } = threadConsentStated;
    const about = { threadId: newId(), conversationId: newId(), statedAt: statedAt.toISOString() };
    return { ...opened, name, version, dataClass, data: { ...data, ...about } };
  }

  /** One message in the stream; each delivery has a message id of its own, so the broker takes none for a duplicate. */
  async publish(...events: ThreadEvent[]): Promise<void> {
    const [first] = events;
    const subject = subjectOf(first!, first!.workspaceId);
    const stream = streamOf(first!.name);
    if (!this.#publishers.has(stream)) {
      await ensureStream(this.#connection, stream);
      this.#publishers.set(stream, createPublisher(this.#connection));
    }
    await this.#publishers.get(stream)!.publish([{ id: newId(), subject, data: Buffer.from(JSON.stringify(events)) }]);
  }

  /** Resolves when everything that was published is handled: the stream is read in order, so one last event shows it. */
  async settle(): Promise<void> {
    const workspaceId = newId();
    const last = this.event('opened', {
      workspaceId,
      contactId: newId(),
      channelId: newId(),
      identity: { bsuid: 'XX.last' },
    });
    await this.publish(last);
    const em = this.database.system();
    for (;;) {
      const rows = await em.execute('select 1 from inbox where event_id = ?', [last.id]);
      if (rows.length > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
