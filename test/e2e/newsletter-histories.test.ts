import {
  channelChanged,
  channelMessageFailed,
  channelMessageReceived,
  channelStatusReceived,
  consentChanged,
  messageQueued,
  newsletterMessageDue,
  newsletterMessagesStopped,
  templateChanged,
  type ConsentChanged,
  type Envelope,
  type EventData,
  type EventDefinition,
  type MessageQueued,
} from '@fenster/contracts';
import {
  openDatabase,
  readLog,
  sql,
  transact,
  type ConsumerDefinition,
  type Ctx,
  type Database,
} from '@fenster/database';
import type { BatchLoad } from '@fenster/graphql';
import { createLogger, createPersonMark, newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendConsentEvents } from '../../services/contacts/src/consent/append-consent-events.js';
import type { Statement } from '../../services/contacts/src/consent/consent-chain.js';
import { createConsentSigner, type ConsentSigner } from '../../services/contacts/src/consent/consent-signer.js';
import { consumersOf } from '../../services/contacts/src/consumers.js';
import type { ContactsContext } from '../../services/contacts/src/context.js';
import { entities as contactsEntities } from '../../services/contacts/src/entities.js';
import { recordSightings } from '../../services/contacts/src/identities/record-identities.js';
import { migrations as contactsMigrations } from '../../services/contacts/src/migrations.js';
import {
  cancelNewsletter,
  createNewsletter,
  pauseNewsletter,
  resumeNewsletter,
  scheduleNewsletter,
} from '../../services/contacts/src/newsletters/newsletter.commands.js';
import { runNewsletters } from '../../services/contacts/src/newsletters/newsletter-runner.js';
import { consumers as conversationConsumers } from '../../services/conversation/src/consumers.js';
import { entities as conversationEntities } from '../../services/conversation/src/entities.js';
import { migrations as conversationMigrations } from '../../services/conversation/src/migrations.js';
import { actorWith } from '../support/actor.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const log = createLogger('test', 'silent');
const SECRET = Buffer.alloc(32, 7);
const BEGIN = Date.UTC(2026, 10, 23, 9);
let now = BEGIN;
const clock = () => new Date(now);
let dropped: TestDatabase[];
let signer: ConsentSigner;
const services = {} as Record<'contacts' | 'conversation', { ctx: Ctx; consumers: readonly ConsumerDefinition[] }>;

async function open(service: 'contacts' | 'conversation'): Promise<TestDatabase> {
  const [migrations, entities] =
    service === 'contacts' ? [contactsMigrations, contactsEntities] : [conversationMigrations, conversationEntities];
  const database = await createTestDatabase(service, migrations);
  const opened: Database = await openDatabase({
    service,
    url: database.url,
    poolSize: 3,
    entities: entities as never,
    log,
  });
  const origin = { actor: { kind: 'system' }, correlationId: 'test' } as const;
  const ctx: Ctx = { database: opened, now: clock, log, wakeRelay: () => {}, origin };
  services[service] = { ctx, consumers: conversationConsumers };
  return { ...database, drop: async () => (await opened.close(), database.drop()) };
}

beforeAll(async () => {
  dropped = await Promise.all([open('contacts'), open('conversation')]);
  signer = createConsentSigner(services.contacts.ctx, SECRET);
  await signer.ensureKey();
  const erasures = { markOf: createPersonMark(SECRET), wakeCleaner: () => {}, backupRetentionDays: 1 };
  services.contacts.consumers = consumersOf(() => signer, erasures, {} as never);
});
afterAll(() => Promise.all(dropped.map((each) => each.drop())));

/** It was under way, and is gone: nothing of it happened. */
class Crash extends Error {}

/** What a service reads of these events, in one transaction, as its consumers do; in the order of its subscriptions. */
async function handle(to: keyof typeof services, events: readonly Envelope[], crashes = false): Promise<void> {
  const { ctx, consumers } = services[to];
  try {
    await transact(ctx, async (tx) => {
      for (const { event, handle: take } of consumers.flatMap(({ subscriptions }) => subscriptions)) {
        const wanted = events.filter(({ name }) => name === event.name);
        if (wanted.length > 0) await take(tx, wanted as Envelope<never>[]);
      }
      if (crashes) throw new Crash();
    });
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  }
}

function envelope<D extends EventDefinition>(workspaceId: string, event: D, data: EventData<D>): Envelope {
  return {
    id: newId(),
    name: event.name,
    version: event.version,
    workspaceId,
    seq: 1,
    entityId: newId(),
    occurredAt: clock().toISOString(),
    recordedAt: clock().toISOString(),
    actor: { kind: 'provider' },
    correlationId: 'test',
    dataClass: event.dataClass,
    data,
  };
}

const PEOPLE = 5;
/** What stands in the placeholder of each; of the first one nobody knows a name. */
const nameOf = (person: number) => (person === 0 ? 'du' : `Person ${person}`);
const phoneOf = (person: number) => `+49170100000${person}`;
const TEMPLATE = {
  accountId: 'waba1',
  name: 'offer',
  language: 'de',
  quality: 'GREEN',
  parameterFormat: 'POSITIONAL',
} as const;

/** One workspace, its newsletter, and two logs of which each service has read as much as it has. */
class History {
  readonly workspaceId = newId();
  readonly channelId = newId();
  readonly templateId = newId();
  readonly #read = { contacts: 0, conversation: 0 };
  readonly ended = new Set<number>();
  readonly #settled = new Set<string>();
  /** What channels has sent. */
  readonly sent: MessageQueued[] = [];
  /** By message: how much of contacts' log had been read when it was queued. */
  readonly known = new Map<string, number>();
  newsletterId = '';
  isCancelled = false;

  /** As a request has it. */
  get #context(): ContactsContext {
    const { workspaceId } = this;
    const actor = actorWith({
      workspaceId,
      permissions: ['contact:read', 'contact:manage', 'message:send', 'conversation:read_all'],
    });
    const { ctx } = services.contacts;
    const context = {
      ...ctx,
      workspaceId,
      actor,
      origin: { actor: { kind: 'member', id: actor.id }, correlationId: 'test' },
      em: ctx.database.forTenant(workspaceId),
      requireActor: () => actor,
      loader: (load: BatchLoad<string, unknown>) => ({
        load: async (id: string) => (await load(context as never, [id])).get(id),
      }),
      app: { wakeNewsletters: () => {} },
    } as unknown as ContactsContext;
    return context;
  }

  /** Who is known from a chat and who from a file; who has agreed at the beginning and who has not. */
  async begin(chats: readonly boolean[], agreed: readonly boolean[]): Promise<void> {
    const { workspaceId, channelId } = this;
    const limits = { messagesPerSecond: 4 };
    const channel = { channelId, name: 'WhatsApp', accountId: 'waba1', state: 'ACTIVE', limits } as const;
    const told = envelope(workspaceId, channelChanged, channel);
    await handle('contacts', [told]);
    await handle('conversation', [told]);
    await this.template('APPROVED');
    const all = Array.from({ length: PEOPLE }, (_, person) => person);
    await this.write(
      all.filter((person) => chats[person]),
      'Hallo',
    );
    await this.sight(all.filter((person) => !chats[person]));
    await this.carry('conversation', 1_000);
    await this.say(
      all.filter((person) => agreed[person]),
      'CONFIRMED',
    );
    const segmentId = newId();
    await sql`
      insert into segment (workspace_id, id, name, filter, created_at, updated_at)
      values (${workspaceId}, ${segmentId}, 'all', '{}', ${clock()}, ${clock()})
    `.execute(services.contacts.ctx.database.system().getKysely());
    for (const person of all.slice(1)) {
      await sql`
        update contact set given_name = ${`Person\n ${person}`} where workspace_id = ${workspaceId} and id in (
          select contact_id from contact_identity where workspace_id = ${workspaceId} and value = ${phoneOf(person)}
        )
      `.execute(services.contacts.ctx.database.system().getKysely());
    }
    const input = {
      name: 'Herbst',
      channelId,
      segmentId,
      template: { templateId: this.templateId, body: [{ placeholder: { fallback: 'du' } }] },
      idempotencyKey: newId(),
    };
    ({ id: this.newsletterId } = await createNewsletter(this.#context, input));
    await scheduleNewsletter(this.#context, { newsletterId: this.newsletterId });
  }

  template(status: 'APPROVED' | 'PAUSED') {
    const definition = {
      body: { text: 'Hallo {{1}}, nur heute! STOP beendet Werbung.', examples: [] },
      buttons: [],
      unknownParts: [],
    };
    const data = { ...TEMPLATE, templateId: this.templateId, status, category: 'MARKETING' as const, definition };
    return handle('conversation', [envelope(this.workspaceId, templateChanged, data)]);
  }

  write(people: readonly number[], text: string) {
    const written = people.map((person) => ({
      channelId: this.channelId,
      identity: { phone: phoneOf(person) },
      providerMessageId: newId(),
      type: 'text' as const,
      text,
      sentAt: clock().toISOString(),
      opensWindow: true,
    }));
    if (text === 'STOP') for (const person of people) this.ended.add(person);
    return handle(
      'conversation',
      written.map((data) => envelope(this.workspaceId, channelMessageReceived, data)),
    );
  }

  /** In a file, say: the conversation service has never heard of them. */
  sight(people: readonly number[]) {
    const { workspaceId, channelId } = this;
    const sightings = people.map((person) => ({
      workspaceId,
      channelId,
      contactId: newId(),
      identity: { phone: phoneOf(person) },
      former: undefined,
      at: clock(),
    }));
    const suppressions = { markOf: createPersonMark(SECRET), signingKey: () => signer.key() };
    return transact(services.contacts.ctx, (tx) => recordSightings(tx, sightings, suppressions));
  }

  /** On a form: contacts knows it at once, and the other one once it has read it. */
  async say(people: readonly number[], kind: 'CONFIRMED' | 'WITHDRAWN'): Promise<void> {
    if (kind === 'WITHDRAWN') for (const person of people) this.ended.add(person);
    const { workspaceId, channelId } = this;
    const key = await signer.key();
    await transact(services.contacts.ctx, async (tx) => {
      const { rows } = await sql<{ identityId: string; contactId: string }>`
        select id as "identityId", contact_id as "contactId" from contact_identity
        where workspace_id = ${workspaceId} and kind = 'PHONE' and value = any(${people.map(phoneOf)}::text[])
          and valid_to is null
      `.execute(tx.sql);
      const statements = rows.map((row): Statement => ({
        ...row,
        workspaceId,
        kind,
        identityKind: 'PHONE',
        channelId,
        purpose: 'marketing',
        textHash: null,
        locale: null,
        source: 'FORM',
        evidence: {},
        actor: { kind: 'system' },
        occurredAt: clock(),
        recordedAt: clock(),
        key: newId(),
      }));
      await appendConsentEvents(tx, key, statements);
    });
  }

  log(of: keyof typeof services): Promise<Envelope[]> {
    return readLog(services[of].ctx.database.forTenant(this.workspaceId), 0, 10_000);
  }

  /** The other one reads on, up to so many events. */
  async carry(of: keyof typeof services, count: number, crashes = false): Promise<void> {
    const events = (await this.log(of)).slice(this.#read[of], this.#read[of] + count);
    await handle(of === 'contacts' ? 'conversation' : 'contacts', events, crashes);
    if (!crashes) this.#read[of] += events.length;
    await this.#noteKnown();
  }

  /** How much of what contacts told was read where these were queued; what is read together counts before anything is sent. */
  async #noteKnown(): Promise<void> {
    for (const { messageId } of await this.queued()) {
      if (!this.known.has(messageId)) this.known.set(messageId, this.#read.contacts);
    }
  }

  /** Channels sends what waits, up to so many, but for what was queued before the newsletter was stopped. */
  async leave(count: number): Promise<void> {
    const log = await this.log('conversation');
    const stoppedAt = log.findLastIndex(({ name }) => name === newsletterMessagesStopped.name);
    const waiting = log
      .map(({ name, data }, place) => ({ name, place, message: data as MessageQueued }))
      .filter(({ name, message }) => name === messageQueued.name && !this.#settled.has(message.messageId));
    const said = waiting.slice(0, count).map(({ place, message }) => {
      const { messageId, channelId } = message;
      this.#settled.add(messageId);
      const at = clock().toISOString();
      if (place < stoppedAt) {
        const error = { code: -8, title: 'Stopped', reason: 'newsletter_stopped' as const };
        const data = { channelId, messageId, outcome: 'rejected' as const, error, failedAt: at };
        return envelope(this.workspaceId, channelMessageFailed, data);
      }
      this.sent.push(message);
      const status = { channelId, messageId, providerMessageId: messageId, status: 'sent' as const, errors: [] };
      return envelope(this.workspaceId, channelStatusReceived, { ...status, occurredAt: at });
    });
    if (said.length > 0) await handle('conversation', said);
  }

  /** A message that is due is told once more, as if nobody had noticed. */
  async repeat(): Promise<void> {
    const read = (await this.log('contacts')).slice(0, this.#read.contacts);
    await handle(
      'conversation',
      read.filter(({ name }) => name === newsletterMessageDue.name),
    );
    await this.#noteKnown();
  }

  async tick(): Promise<void> {
    now += 1_000;
    await runNewsletters(services.contacts.ctx);
  }

  async change(command: 'pause' | 'resume' | 'cancel'): Promise<void> {
    const commands = { pause: pauseNewsletter, resume: resumeNewsletter, cancel: cancelNewsletter };
    try {
      await commands[command](this.#context, this.newsletterId);
      this.isCancelled ||= command === 'cancel';
    } catch (error) {
      expect(error).toMatchObject({ code: 'NEWSLETTER_STATE' });
    }
  }

  async state(): Promise<string> {
    const { rows } = await sql<{ state: string }>`
      select state from newsletter where id = ${this.newsletterId}
    `.execute(services.contacts.ctx.database.system().getKysely());
    return rows[0]!.state;
  }

  async finish(): Promise<void> {
    await this.template('APPROVED');
    for (let round = 0; round < 40; round += 1) {
      await this.carry('contacts', 1_000);
      await this.leave(1_000);
      await this.carry('conversation', 1_000);
      const state = await this.state();
      if (state === 'COMPLETED' || state === 'CANCELLED') return;
      if (state === 'PAUSED') await this.change('resume');
      await this.tick();
    }
    throw new Error('It does not come to an end.');
  }

  async queued(): Promise<MessageQueued[]> {
    return (await this.log('conversation'))
      .filter(({ name }) => name === messageQueued.name)
      .map(({ data }) => data as MessageQueued)
      .filter(({ newsletterId }) => newsletterId === this.newsletterId);
  }
}

const person = fc.nat({ max: PEOPLE - 1 });
const steps = fc.oneof(
  fc.record({ kind: fc.constant('tick' as const) }),
  fc.record({
    kind: fc.constant('carry' as const),
    of: fc.constantFrom('contacts' as const, 'conversation' as const),
    count: fc.integer({ min: 1, max: 12 }),
    crashes: fc.boolean(),
  }),
  fc.record({ kind: fc.constantFrom('STOP' as const, 'WITHDRAWN' as const, 'CONFIRMED' as const), person }),
  fc.record({ kind: fc.constantFrom('pause' as const, 'resume' as const, 'repeat' as const) }),
  fc.record({ kind: fc.constant('leave' as const), count: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constantFrom('PAUSED' as const, 'APPROVED' as const) }),
  fc.record({ kind: fc.constantFrom('cancel' as const, 'tick' as const, 'tick' as const, 'tick' as const) }),
);
/** Some are under way, and some wait. */
const FIRST_ONES = [{ kind: 'tick' }, { kind: 'carry', of: 'contacts', count: 1_000, crashes: false }] as const;
const ALL = Array.from({ length: PEOPLE }, () => true);
const flags = fc.array(fc.boolean(), { minLength: PEOPLE, maxLength: PEOPLE });

async function take(
  history: History,
  step: typeof steps extends fc.Arbitrary<infer Step> ? Step : never,
): Promise<void> {
  switch (step.kind) {
    case 'tick':
      return history.tick();
    case 'carry':
      return history.carry(step.of, step.count, step.crashes);
    case 'STOP':
      // What people write comes with whole seconds.
      now += 1_000;
      return history.write([step.person], 'STOP');
    case 'WITHDRAWN':
    case 'CONFIRMED':
      now += 1_000;
      return history.say([step.person], step.kind);
    case 'repeat':
      return history.repeat();
    case 'leave':
      return history.leave(step.count);
    case 'PAUSED':
    case 'APPROVED':
      return history.template(step.kind);
    default:
      return history.change(step.kind);
  }
}

describe('a newsletter, whatever happens while it is sent', () => {
  it('goes to nobody without a confirmed consent, to nobody twice, and to everybody else once', async () => {
    let [sent, withheld, cancelled] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(
        flags,
        flags,
        fc.array(steps, { minLength: 8, maxLength: 25 }),
        async (chats, agreed, history) => {
          now = BEGIN;
          const run = new History();
          await run.begin(chats, agreed);
          now += 1_000;
          for (const step of history) await take(run, step);
          await run.finish();

          const queued = await run.queued();
          const phones = run.sent.map(({ to }) => to.phone!);
          expect(new Set(phones).size).toBe(phones.length);
          await expectConsents(run, queued);
          // Everybody is called by their own name, and nobody by another's.
          for (const message of queued) {
            const name = nameOf(Number(message.to.phone!.at(-1)));
            expect(message).toMatchObject({ content: { text: `Hallo ${name}, nur heute! STOP beendet Werbung.` } });
          }
          const due = Array.from({ length: PEOPLE }, (_, index) => index).filter(
            (index) => agreed[index] && !run.ended.has(index),
          );
          if (!run.isCancelled) expect(phones).toEqual(expect.arrayContaining(due.map(phoneOf)));
          sent += phones.length;
          withheld += run.ended.size;
          cancelled += Number(run.isCancelled);
        },
      ),
      {
        numRuns: 15,
        examples: [
          [ALL, ALL, [...FIRST_ONES, { kind: 'WITHDRAWN', person: 4 }, { kind: 'STOP', person: 3 }]],
          [ALL, ALL, [...FIRST_ONES, { kind: 'cancel' }]],
          [ALL, ALL, [...FIRST_ONES, { kind: 'leave', count: 1 }, { kind: 'pause' }, { kind: 'resume' }]],
          [ALL, ALL, [...FIRST_ONES, { kind: 'repeat' }]],
        ],
      },
    );
    expect(Math.min(sent, withheld, cancelled)).toBeGreaterThan(0);
  }, 240_000);
});

/** By the two logs alone: what each service had told, and been told, when the message left. */
async function expectConsents(run: History, queued: readonly MessageQueued[]): Promise<void> {
  const told = await run.log('contacts');
  const done = await run.log('conversation');
  for (const { messageId, to } of queued) {
    const consent = told
      .slice(0, run.known.get(messageId))
      .filter(({ name, data }) => name === consentChanged.name && (data as ConsentChanged).identity.value === to.phone)
      .at(-1)?.data as ConsentChanged | undefined;
    expect(consent, `consent of ${to.phone}`).toMatchObject({ isGranted: true });
    const leftAt = done.findIndex(
      ({ name, data }) => name === messageQueued.name && (data as MessageQueued).messageId === messageId,
    );
    const stop = done
      .slice(0, leftAt)
      .findLast(
        ({ name, data }) =>
          name === 'conversation.thread.consent_stated' &&
          (data as { kind: string; identity: { phone?: string } }).kind === 'WITHDRAWN' &&
          (data as { identity: { phone?: string } }).identity.phone === to.phone,
      );
    // Who has ended it and agreed again has agreed later.
    if (stop) expect(new Date(consent!.since).getTime()).toBeGreaterThan(new Date(stop.occurredAt).getTime());
  }
}
