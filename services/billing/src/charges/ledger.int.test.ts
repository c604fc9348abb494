import type { ChannelStatusReceived, Envelope } from '@fenster/contracts';
import { openDatabase, transact, type ConsumerDefinition, type Ctx, type Database } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/test-database.js';
import { messageAcceptedConsumer } from '../messages/message-accepted.consumer.js';
import { messageQueuedConsumer } from '../messages/message-queued.consumer.js';
import { statusReceivedConsumer } from '../messages/status-received.consumer.js';
import { migrations } from '../migrations.js';
import { readPriceBook, storePriceBook } from '../price-books/stored-price-book.js';
import { rateMessage } from '../ratings/rate.js';
import {
  accepted,
  DELIVERED_AT,
  queued,
  REGULAR_SERVICE,
  status,
  testMessage,
  type TestMessage,
} from '../testing/events.js';

const file = await readPriceBook(new URL('../../data/rates.csv', import.meta.url));
const statuses = statusReceivedConsumer(file.book);
const attributions = messageQueuedConsumer(file.book);
const acceptances = messageAcceptedConsumer(file.book);

let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await createTestDatabase('billing', migrations);
  database = await openDatabase({ service: 'billing', url: testDatabase.url, poolSize: 2, entities: [], log });
  await storePriceBook(database, file, NOW);
});
afterAll(async () => {
  await database?.close();
  await testDatabase?.drop();
});

const log = createLogger('test', 'silent');
const NOW = new Date('2026-11-21T12:30:00Z');

/** One batch, in a transaction of its own, as the event path hands it over, but without its inbox. */
async function handle(
  consumer: ConsumerDefinition,
  events: readonly Envelope[],
  beforeCommit?: () => Promise<void>,
): Promise<void> {
  const origin = { actor: { kind: 'system' }, correlationId: 'test' } as const;
  const ctx: Ctx = { database, now: () => NOW, log, wakeRelay: () => {}, origin };
  await transact(ctx, async (tx) => {
    await consumer.subscriptions[0]!.handle(tx, events);
    await beforeCommit?.();
  });
}

interface ChargeRow {
  id: string;
  message_id: string;
  conversation_id: string;
  amount_micros: string;
  currency: string;
  category: string;
  market: string | null;
  free_reason: string | null;
  local_date: string;
  price_book_version: string;
  rate_line: number | null;
  trace: { fact: string; value: unknown }[];
}

const rowsOf = <Row extends object>(table: string, { workspaceId }: Pick<TestMessage, 'workspaceId'>) =>
  database.system().execute<Row[]>(`select * from ${table} where workspace_id = ?`, [workspaceId]);
const chargesOf = (of: Pick<TestMessage, 'workspaceId'>) => rowsOf<ChargeRow>('charge', of);
const eventsOf = async (of: Pick<TestMessage, 'workspaceId'>) =>
  (await rowsOf<{ envelope: string }>('outbox', of)).map(({ envelope }) => JSON.parse(envelope) as Envelope);

describe('a charge', () => {
  const priced = { pricing: REGULAR_SERVICE };

  it('is recorded once the message is attributed, priced and delivered, in every order of the three', async () => {
    const steps = (message: TestMessage) => [
      () => handle(attributions, [queued(message)]),
      () => handle(statuses, [status(message, 'sent', priced)]),
      () => handle(statuses, [status(message, 'delivered')]),
    ];
    for (const order of [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]) {
      const message = testMessage();
      const [first, second, third] = order.map((index) => steps(message)[index]!);
      await first!();
      await second!();
      expect(await chargesOf(message), order.join()).toEqual([]);
      await third!();
      expect(await chargesOf(message), order.join()).toHaveLength(1);
    }
  });

  it('says what it is for, what it is, and why', async () => {
    const message = testMessage();
    const delivered = status(message, 'delivered', priced);
    await handle(attributions, [queued(message)]);
    await handle(statuses, [delivered]);

    const [charge] = await chargesOf(message);
    expect(charge).toMatchObject({
      message_id: message.messageId,
      conversation_id: message.conversationId,
      amount_micros: '45600',
      currency: 'EUR',
      category: 'service',
      market: 'Germany',
      free_reason: null,
      local_date: '2026-11-21',
      price_book_version: file.book.version,
    });
    const line = file.text.split('\n')[charge!.rate_line! - 1];
    expect(line).toContain('PMP,Germany,service,EUR,0.0456,');
    expect(charge!.trace).toContainEqual({ fact: 'rate.micros', value: 45_600 });
    expect(await eventsOf(message)).toMatchObject([
      {
        name: 'billing.charge.recorded',
        entityId: charge!.id,
        causationId: delivered.id,
        correlationId: delivered.correlationId,
        data: {
          chargeId: charge!.id,
          messageId: message.messageId,
          conversationId: message.conversationId,
          amountMicros: 45_600,
          currency: 'EUR',
          category: 'service',
        },
      },
    ]);
  });

  it('holds neither the phone number nor the text nor the provider message id', async () => {
    const message = testMessage();
    await handle(attributions, [queued(message)]);
    await handle(statuses, [status(message, 'delivered', priced)]);
    const stored = JSON.stringify([
      await chargesOf(message),
      await eventsOf(message),
      await rowsOf('billable_message', message),
    ]);
    expect(stored).toContain(message.messageId);
    expect(stored).not.toMatch(/491701234567|Guten Tag|wamid/);
  });

  it('stays the same when everything is reported again under new event ids', async () => {
    const message = testMessage();
    for (let repetition = 0; repetition < 3; repetition += 1) {
      await handle(attributions, [queued(message)]);
      await handle(statuses, [
        status(message, 'delivered', priced),
        status(message, 'delivered', priced),
        status(message, 'read'),
      ]);
      await handle(acceptances, [accepted(message)]);
    }
    expect(await chargesOf(message)).toHaveLength(1);
    expect(await eventsOf(message)).toHaveLength(1);
    expect(await rowsOf('conversation_cost', message)).toMatchObject([{ amount_micros: '45600', messages: '1' }]);
  });

  it('is due on `read` and on `played` when `delivered` never comes', async () => {
    for (const kind of ['read', 'played'] as const) {
      const message = testMessage();
      await handle(attributions, [queued(message)]);
      await handle(statuses, [status(message, kind, priced)]);
      expect(await chargesOf(message), kind).toHaveLength(1);
    }
  });

  it('is not due for a message that was priced and never delivered, nor for one that failed', async () => {
    for (const kind of ['sent', 'failed'] as const) {
      const message = testMessage();
      await handle(attributions, [queued(message)]);
      await handle(statuses, [status(message, kind, priced)]);
      expect(await chargesOf(message), kind).toEqual([]);
      expect(await rowsOf('unrated_message', message), kind).toEqual([]);
    }
  });

  it('of a free message is a zero with its reason, and counts as a message', async () => {
    const message = testMessage();
    await handle(attributions, [queued(message)]);
    await handle(statuses, [
      status(message, 'delivered', { pricing: { ...REGULAR_SERVICE, type: 'free_customer_service', billable: false } }),
    ]);
    expect(await chargesOf(message)).toMatchObject([
      { amount_micros: '0', free_reason: 'SERVICE_ALLOWANCE', rate_line: null },
    ]);
    expect(await rowsOf('conversation_cost', message)).toMatchObject([{ amount_micros: '0', messages: '1' }]);
  });

  it.each([
    ['service', 'marketing'],
    ['marketing', 'service'],
  ])('follows the first price that was reported: %s, not %s', async (first, second) => {
    const message = testMessage();
    await handle(statuses, [status(message, 'sent', { pricing: { ...REGULAR_SERVICE, category: first } })]);
    await handle(statuses, [status(message, 'delivered', { pricing: { ...REGULAR_SERVICE, category: second } })]);
    await handle(attributions, [queued(message)]);
    expect(await chargesOf(message)).toMatchObject([{ category: first }]);
  });

  it('is rated on the day of the earliest delivery known when it is recorded', async () => {
    const message = testMessage();
    await handle(statuses, [status(message, 'read', { ...priced, occurredAt: '2026-10-02T10:00:00Z' })]);
    await handle(statuses, [status(message, 'delivered', { occurredAt: '2026-09-30T21:00:00Z' })]);
    await handle(attributions, [queued(message)]);
    await handle(statuses, [status(message, 'delivered', { occurredAt: '2026-09-29T21:00:00Z' })]);
    expect(await chargesOf(message)).toMatchObject([{ local_date: '2026-09-30', amount_micros: '0' }]);
  });

  it('adds up per conversation and currency', async () => {
    const { workspaceId, conversationId } = testMessage();
    const inEuro = [testMessage({ workspaceId, conversationId }), testMessage({ workspaceId, conversationId })];
    const inDollar = testMessage({ workspaceId, conversationId });
    const account = { currency: 'USD', timeZone: 'Europe/Berlin' };
    await handle(attributions, [...inEuro, inDollar].map(queued));
    await handle(statuses, [
      ...inEuro.map((message) => status(message, 'delivered', priced)),
      status(inDollar, 'read', { ...priced, account }),
    ]);
    const totals = await rowsOf<{ currency: string }>('conversation_cost', { workspaceId });
    expect(totals.toSorted((a, b) => a.currency.localeCompare(b.currency))).toMatchObject([
      { conversation_id: conversationId, currency: 'EUR', amount_micros: '91200', messages: '2' },
      { conversation_id: conversationId, currency: 'USD', amount_micros: '55000', messages: '1' },
    ]);
  });

  it('can be changed and deleted by nobody, the owner included', async () => {
    const message = testMessage();
    await handle(attributions, [queued(message)]);
    await handle(statuses, [status(message, 'delivered', priced)]);
    for (const statement of ['update charge set amount_micros = 0', 'delete from charge', 'truncate charge']) {
      await expect(database.forTenant(message.workspaceId).execute(statement), statement).rejects.toThrow(
        /permission denied/,
      );
      await expect(database.system().execute(statement), statement).rejects.toThrow(/permission denied/);
      const asOwner = database.system().transactional(async (em) => {
        await em.execute('reset role');
        await em.execute(`set local role billing`);
        await em.execute(statement);
      });
      await expect(asOwner, statement).rejects.toThrow(/charge is append-only/);
    }
    const insert = database.forTenant(message.workspaceId).execute('insert into charge select * from charge');
    await expect(insert).rejects.toThrow(/permission denied/);
    expect(await chargesOf(message)).toMatchObject([{ amount_micros: '45600' }]);
  });
});

describe('a message that cannot be rated', () => {
  it('is stored with its reason, never as zero, and is charged when the missing fact arrives', async () => {
    const message = testMessage();
    await handle(attributions, [queued(message)]);
    await handle(statuses, [status(message, 'delivered', { pricing: REGULAR_SERVICE, recipientCountry: undefined })]);
    expect(await chargesOf(message)).toEqual([]);
    expect(await rowsOf('conversation_cost', message)).toEqual([]);
    expect(await eventsOf(message)).toEqual([]);
    expect(await rowsOf('unrated_message', message)).toMatchObject([
      {
        message_id: message.messageId,
        conversation_id: message.conversationId,
        reason: 'RECIPIENT_COUNTRY_UNKNOWN',
        detail: 'the country of the recipient is not known',
        price_book_version: file.book.version,
      },
    ]);

    await handle(statuses, [status(message, 'read')]);
    expect(await chargesOf(message)).toMatchObject([{ amount_micros: '45600' }]);
    expect(await rowsOf('unrated_message', message)).toEqual([]);
  });

  it('leaves a charge alone that was recorded before', async () => {
    const message = testMessage();
    await handle(attributions, [queued(message)]);
    await handle(statuses, [status(message, 'read', { pricing: REGULAR_SERVICE })]);
    // For this day the price book has no rate: taken alone, the message would be unrated.
    await handle(statuses, [status(message, 'delivered', { occurredAt: '2019-01-01T00:00:00Z' })]);
    expect(await chargesOf(message)).toHaveLength(1);
    expect(await rowsOf('unrated_message', message)).toEqual([]);
  });
});

describe('a status that does not name our message', () => {
  const nameless = (
    message: TestMessage,
    kind: ChannelStatusReceived['status'],
    overrides: Partial<ChannelStatusReceived> = {},
  ) => status(message, kind, { messageId: undefined, ...overrides });

  it('is kept until another status names it', async () => {
    const message = testMessage();
    await handle(attributions, [queued(message)]);
    await handle(statuses, [nameless(message, 'delivered', { pricing: REGULAR_SERVICE })]);
    expect(await rowsOf('unattributed_status', message)).toHaveLength(1);
    expect(await chargesOf(message)).toEqual([]);

    await handle(statuses, [status(message, 'read')]);
    expect(await chargesOf(message)).toHaveLength(1);
    expect(await rowsOf('unattributed_status', message)).toEqual([]);
  });

  it('is kept until the acceptance of the message names it', async () => {
    const message = testMessage();
    await handle(attributions, [queued(message)]);
    await handle(statuses, [nameless(message, 'delivered', { pricing: REGULAR_SERVICE })]);
    await handle(acceptances, [accepted(message)]);
    expect(await chargesOf(message)).toHaveLength(1);
    expect(await rowsOf('unattributed_status', message)).toEqual([]);
  });

  it('is joined at once where the pair is known, also from within the same batch', async () => {
    const [byStatus, byAcceptance, byBatch] = [testMessage(), testMessage(), testMessage()];
    await handle(attributions, [byStatus, byAcceptance, byBatch].map(queued));
    await handle(statuses, [status(byStatus, 'sent', { pricing: REGULAR_SERVICE })]);
    await handle(acceptances, [accepted(byAcceptance)]);
    await handle(statuses, [
      nameless(byStatus, 'delivered'),
      nameless(byAcceptance, 'delivered', { pricing: REGULAR_SERVICE }),
      nameless(byBatch, 'delivered', { pricing: REGULAR_SERVICE }),
      status(byBatch, 'sent'),
    ]);
    for (const message of [byStatus, byAcceptance, byBatch]) {
      expect(await chargesOf(message)).toHaveLength(1);
      expect(await rowsOf('unattributed_status', message)).toEqual([]);
    }
  });

  it('is not joined to a message of another workspace or channel', async () => {
    const message = testMessage();
    await handle(acceptances, [accepted(message)]);
    for (const stranger of [
      { ...message, workspaceId: newId() },
      { ...message, channelId: newId() },
    ]) {
      await handle(statuses, [nameless(stranger, 'delivered', { pricing: REGULAR_SERVICE })]);
      expect(await rowsOf('unattributed_status', stranger)).toHaveLength(1);
    }
    await handle(attributions, [queued(message)]);
    expect(await chargesOf(message)).toEqual([]);
  });
});

describe('two consumers at the same moment', () => {
  const priced = { pricing: REGULAR_SERVICE };
  const nameless = { ...priced, messageId: undefined };

  /** Commits `first` only when `second` has either finished or waits for a lock that `first` holds. */
  async function overlap(first: [ConsumerDefinition, Envelope], second: [ConsumerDefinition, Envelope]): Promise<void> {
    let isFinished = false;
    let following: Promise<void> | undefined;
    await handle(first[0], [first[1]], async () => {
      following = handle(second[0], [second[1]]).finally(() => (isFinished = true));
      await vi.waitFor(async () => {
        const waiting = await database.system().execute(
          `select 1 from pg_locks where not granted
           and pid in (select pid from pg_stat_activity where datname = current_database())`,
        );
        if (waiting.length === 0 && !isFinished) throw new Error('still running');
      });
    });
    await following;
  }

  it.each<[string, (message: TestMessage) => [ConsumerDefinition, Envelope][]]>([
    [
      'a status and the attribution',
      (message) => [
        [statuses, status(message, 'delivered', priced)],
        [attributions, queued(message)],
      ],
    ],
    [
      'a nameless status and the acceptance',
      (message) => [
        [statuses, status(message, 'delivered', nameless)],
        [acceptances, accepted(message)],
      ],
    ],
  ])('lose nothing between %s', async (_pair, sidesOf) => {
    for (const isReversed of [false, true]) {
      const message = testMessage();
      const [one, other] = isReversed ? sidesOf(message).toReversed() : sidesOf(message);
      await overlap(one!, other!);
      await handle(attributions, [queued(message)]);
      expect(await chargesOf(message)).toHaveLength(1);
      expect(await rowsOf('unattributed_status', message)).toEqual([]);
    }
  });
});

describe('any history of events', () => {
  const PRICINGS = [
    REGULAR_SERVICE,
    { ...REGULAR_SERVICE, category: 'marketing' },
    { ...REGULAR_SERVICE, type: 'free_customer_service', billable: false },
    { ...REGULAR_SERVICE, category: 'poetry' },
  ];
  const reports = fc.array(
    fc.record({
      kind: fc.constantFrom('sent' as const, 'delivered' as const, 'read' as const, 'failed' as const),
      isPriced: fc.boolean(),
      namesMessage: fc.boolean(),
      namesCountry: fc.boolean(),
      copies: fc.integer({ min: 1, max: 2 }),
    }),
    { maxLength: 4 },
  );
  const histories = fc.record({
    messages: fc.array(
      fc.record({
        workspace: fc.nat(1),
        conversation: fc.nat(2),
        currency: fc.constantFrom('EUR', 'USD'),
        pricing: fc.constantFrom(...PRICINGS),
        isQueued: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
        isAccepted: fc.boolean(),
        reports,
      }),
      { minLength: 1, maxLength: 8 },
    ),
    shuffle: fc.infiniteStream(fc.nat(1_000_000)),
    cuts: fc.infiniteStream(fc.integer({ min: 1, max: 7 })),
  });

  it('charges each message once that is due, and the sums equal the sum of the charges', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async ({ messages, shuffle, cuts }) => {
        const workspaces = [newId(), newId()];
        const conversations = workspaces.map(() => [newId(), newId(), newId()]);
        const cases = messages.map((spec) => {
          const message = testMessage({
            workspaceId: workspaces[spec.workspace]!,
            conversationId: conversations[spec.workspace]![spec.conversation]!,
          });
          const reported = spec.reports.flatMap(({ copies, ...report }) =>
            Array.from({ length: copies }, () =>
              status(message, report.kind, {
                account: { currency: spec.currency, timeZone: 'Europe/Berlin' },
                pricing: report.isPriced ? spec.pricing : undefined,
                messageId: report.namesMessage ? message.messageId : undefined,
                recipientCountry: report.namesCountry ? 'DE' : undefined,
              }),
            ),
          );
          return { spec, message, reported };
        });

        /** Every event also comes a second time under its own id; then everything is shuffled and cut into batches. */
        const deliver = async (consumer: ConsumerDefinition, events: Envelope[]) => {
          const keyed = [...events, ...events].map((event) => ({ event, key: shuffle.next().value }));
          const queue = keyed.toSorted((a, b) => a.key - b.key).map(({ event }) => event);
          while (queue.length > 0) await handle(consumer, queue.splice(0, cuts.next().value));
        };
        await Promise.all([
          deliver(
            statuses,
            cases.flatMap(({ reported }) => reported),
          ),
          deliver(
            attributions,
            cases.flatMap(({ spec, message }) => (spec.isQueued ? [queued(message)] : [])),
          ),
          deliver(
            acceptances,
            cases.flatMap(({ spec, message }) => (spec.isAccepted ? [accepted(message)] : [])),
          ),
        ]);

        const expected = cases.flatMap(({ spec, message, reported }) => {
          const isJoined = spec.isAccepted || reported.some(({ data }) => data.messageId);
          const isDelivered = reported.some(({ data }) => data.status === 'delivered' || data.status === 'read');
          const pricing = reported.find(({ data }) => data.pricing)?.data.pricing;
          if (!spec.isQueued || !isJoined || !isDelivered || !pricing) return [];
          const recipientCountry = reported.find(({ data }) => data.recipientCountry)?.data.recipientCountry;
          const { currency } = spec;
          const facts = {
            pricing,
            recipientCountry,
            currency,
            deliveredAt: new Date(DELIVERED_AT),
            accountTimeZone: 'Europe/Berlin',
          };
          return [{ ...message, rating: rateMessage(facts, file.book) }];
        });
        const expectedUnattributed = cases.flatMap(({ spec, reported }) =>
          spec.isAccepted || reported.some(({ data }) => data.messageId) ? [] : reported.map(({ id }) => id),
        );

        const gather = async <Row extends object>(table: string) =>
          (await Promise.all(workspaces.map((workspaceId) => rowsOf<Row>(table, { workspaceId })))).flat();
        const charges = await gather<ChargeRow>('charge');
        const amounts = (rows: [string, number][]) => rows.toSorted(([a], [b]) => (a < b ? -1 : 1));
        expect(amounts(charges.map((row) => [row.message_id, Number(row.amount_micros)]))).toEqual(
          amounts(
            expected.flatMap(({ messageId, rating }) =>
              rating.kind === 'charge' ? [[messageId, rating.amountMicros]] : [],
            ),
          ),
        );
        expect((await gather<ChargeRow>('unrated_message')).map((row) => row.message_id).toSorted()).toEqual(
          expected.flatMap(({ messageId, rating }) => (rating.kind === 'unrated' ? [messageId] : [])).toSorted(),
        );
        expect(
          (await gather<{ event_id: string }>('unattributed_status')).map((row) => row.event_id).toSorted(),
        ).toEqual(expectedUnattributed.toSorted());
        expect((await gather('outbox')).length).toBe(charges.length);

        const sums = new Map<string, { amount: number; messages: number }>();
        for (const { conversation_id, currency, amount_micros } of charges) {
          const sum = sums.get(`${conversation_id} ${currency}`) ?? { amount: 0, messages: 0 };
          sums.set(`${conversation_id} ${currency}`, {
            amount: sum.amount + Number(amount_micros),
            messages: sum.messages + 1,
          });
        }
        const totals = await gather<ChargeRow & { messages: string }>('conversation_cost');
        expect(
          new Map(
            totals.map((row) => [
              `${row.conversation_id} ${row.currency}`,
              { amount: Number(row.amount_micros), messages: Number(row.messages) },
            ]),
          ),
        ).toEqual(sums);
      }),
      { numRuns: 40 },
    );
  });
});
