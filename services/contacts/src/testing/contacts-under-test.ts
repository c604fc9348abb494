import { AuthenticationError, type Actor, type Permission, type TokenVerifier } from '@fenster/auth';
import {
  subjectOf,
  threadIdentityChanged,
  threadOpened,
  type ChannelIdentity,
  type Envelope,
  type ThreadIdentityChanged,
  type ThreadOpened,
} from '@fenster/contracts';
import { openDatabase, type Database } from '@fenster/database';
import { connectNats, createPublisher, ensureStream, type NatsConnection, type Publisher } from '@fenster/messaging';
import { createLogger, newId, type Service } from '@fenster/runtime';
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

export type ThreadEvent = Envelope<ThreadOpened | ThreadIdentityChanged>;

const log = createLogger('test', 'silent');

/** Contacts as it runs, on a database and a NATS server of its own. */
export class ContactsUnderTest {
  database!: Database;
  service!: Service;
  #testDatabase!: TestDatabase;
  #nats!: TestNats;
  #connection!: NatsConnection;
  #publisher!: Publisher;
  #seq = 0;
  readonly #actors = new Map<string, Actor>();

  async start(): Promise<void> {
    [this.#testDatabase, this.#nats] = await Promise.all([createTestDatabase('contacts', migrations), startTestNats()]);
    this.database = await openDatabase({
      service: 'contacts',
      url: this.#testDatabase.url,
      poolSize: 4,
      entities,
      log,
    });
    this.#connection = await connectNats({ url: this.#nats.url, name: 'test', log });
    await ensureStream(this.#connection, 'conversation');
    this.#publisher = createPublisher(this.#connection);
    await this.startService();
  }

  async startService(): Promise<void> {
    const config = loadConfig({
      DATABASE_URL: this.#testDatabase.url,
      NATS_URL: this.#nats.url,
      JWKS_URL: 'http://127.0.0.1:1/unused',
      LOG_LEVEL: 'silent',
    });
    // These tests are not about signatures: a token is a name for an actor.
    const verifier: TokenVerifier = {
      verify: async (token) => {
        const actor = this.#actors.get(token);
        if (!actor) throw new AuthenticationError();
        return actor;
      },
    };
    this.service = await createContactsService(config, { verifier });
    await this.service.start();
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await this.#connection.close();
    await this.database.close();
    await Promise.all([this.#testDatabase.drop(), this.#nats.stop()]);
  }

  token(workspaceId: string, ...permissions: Permission[]): string {
    const token = `a.${newId()}.b`;
    this.#actors.set(token, actorWith({ workspaceId, permissions }));
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

  /** One message in the stream; each delivery has a message id of its own, so the broker takes none for a duplicate. */
  async publish(...events: ThreadEvent[]): Promise<void> {
    const [first] = events;
    const subject = subjectOf(first!, first!.workspaceId);
    await this.#publisher.publish([{ id: newId(), subject, data: Buffer.from(JSON.stringify(events)) }]);
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
