import { alertRaised, allowanceChanged, type ChannelStatusReceived, type Envelope } from '@fenster/contracts';
import { openDatabase, transact, type ConsumerDefinition, type Ctx, type Database } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/test-database.js';
import { channelsConsumer } from '../channels/channels.consumer.js';
import { messageAcceptedConsumer } from '../messages/message-accepted.consumer.js';
import { messageFailedConsumer } from '../messages/message-failed.consumer.js';
import { messageQueuedConsumer } from '../messages/message-queued.consumer.js';
import { statusReceivedConsumer } from '../messages/status-received.consumer.js';
import { migrations } from '../migrations.js';
import { Books } from '../price-books/books.js';
import { readPriceBook, shipPriceBook } from '../price-books/stored-price-book.js';
import { parsePriceBook, type PriceBook } from '../price-books/price-book.js';
import type { DeliveredMessage } from '../ratings/recalculate.js';
import {
  accepted,
  channel,
  failed,
  queued,
  REGULAR_SERVICE,
  status,
  testMessage,
  tierReached,
  type TestMessage,
} from '../testing/events.js';
import { rateAsCharged } from '../testing/rate-as-charged.js';
import { applyVolumeTiers } from '../volume-tiers/apply-volume-tiers.js';
import { tierAt } from '../volume-tiers/volume-tier.rule.js';
import { volumeTiersConsumer } from '../volume-tiers/volume-tiers.consumer.js';
import { applyPriceBooks } from './rate-again.js';

const file = await readPriceBook(new URL('../../data/rates.csv', import.meta.url));
const books = new Books(file.book);
const statuses = statusReceivedConsumer(books);
const attributions = messageQueuedConsumer(books);
const acceptances = messageAcceptedConsumer(books);
const channels = channelsConsumer;

let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await createTestDatabase('billing', migrations);
  database = await openDatabase({ service: 'billing', url: testDatabase.url, poolSize: 2, entities: [], log });
  await shipPriceBook(ctxOf(), file);
});
afterAll(async () => {
  await database?.close();
  await testDatabase?.drop();
});

const log = createLogger('test', 'silent');
const NOW = new Date('2026-11-21T12:30:00Z');

function ctxOf(): Ctx {
  const origin = { actor: { kind: 'system' }, correlationId: 'test' } as const;
  return { database, now: () => NOW, log, wakeRelay: () => {}, origin };
}

/** One batch, in a transaction of its own, as the event path hands it over, but without its inbox. */
async function handle(
  consumer: ConsumerDefinition,
  events: readonly Envelope[],
  beforeCommit?: () => Promise<void>,
): Promise<void> {
  await transact(ctxOf(), async (tx) => {
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
  version: number;
  position: number;
  state: string;
  line: string;
  messages: number;
  expected_micros: string;
  expected_messages: number;
  booked_on: string;
  reverses: string | null;
}

const rowsOf = <Row extends object>(table: string, { workspaceId }: Pick<TestMessage, 'workspaceId'>) =>
  database.system().execute<Row[]>(`select * from ${table} where workspace_id = ?`, [workspaceId]);
const entriesOf = async (of: Pick<TestMessage, 'workspaceId'>) =>
  (await rowsOf<ChargeRow>('charge', of)).toSorted((a, b) => a.version - b.version || a.position - b.position);
/** Without estimates. */
const chargesOf = async (of: Pick<TestMessage, 'workspaceId'>) =>
  (await entriesOf(of)).filter(({ messages }) => messages !== 0);
/** Of messages: what is left of the allowance is told beside. */
const eventsOf = async (of: Pick<TestMessage, 'workspaceId'>) =>
  (await rowsOf<{ envelope: string }>('outbox', of))
    .map(({ envelope }) => JSON.parse(envelope) as Envelope)
    .filter(({ name }) => name !== allowanceChanged.name && name !== alertRaised.name);

async function close({ workspaceId }: Pick<TestMessage, 'workspaceId'>, month: string): Promise<void> {
  await database.system().execute(
    `insert into closed_period (workspace_id, month, last_day, closed_by, closed_at)
     values (?, ?, (date (? || '-01') + interval '1 month - 1 day')::date, ?, ?)`,
    [workspaceId, month, month, newId(), NOW],
  );
}

describe('a charge', () => {
  const priced = { pricing: REGULAR_SERVICE };

  it('is none where the provider tells no prices: nothing is kept of such a message, and nothing told', async () => {
    const message = testMessage();
    await handle(attributions, [queued(message)]);
    const kept = await rowsOf<object>('billable_message', message);
    const { messageId: _, ...nameless } = status(message, 'delivered', { account: undefined }).data;
    await handle(statuses, [
      status(message, 'delivered', { account: undefined }),
      { ...status(message, 'read', { account: undefined }), data: nameless },
    ]);
    expect(await chargesOf(message)).toEqual([]);
    expect(await eventsOf(message)).toEqual([]);
    expect(await rowsOf<object>('billable_message', message)).toEqual(kept);
    expect(await rowsOf('unattributed_status', message)).toEqual([]);
    expect(await rowsOf('unrated_message', message)).toEqual([]);
  });

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
  ])('follows the price that was told first, whenever it came: %s, not %s', async (first, second) => {
    const earlier = { occurredAt: '2026-11-21T11:59:59.000Z', pricing: { ...REGULAR_SERVICE, category: first } };
    const reports: [ChannelStatusReceived['status'], Partial<ChannelStatusReceived>][] = [
      ['sent', earlier],
      ['delivered', { pricing: { ...REGULAR_SERVICE, category: second } }],
    ];
    for (const order of [reports, reports.toReversed()]) {
      const message = testMessage();
      for (const [kind, said] of order) await handle(statuses, [status(message, kind, said)]);
      await handle(attributions, [queued(message)]);
      expect(await chargesOf(message)).toMatchObject([{ category: first }]);
    }
  });

  it('is of the day of the earliest delivery, also when that becomes known later', async () => {
    const message = testMessage();
    await handle(statuses, [status(message, 'read', { ...priced, occurredAt: '2026-10-02T10:00:00Z' })]);
    await handle(statuses, [status(message, 'delivered', { occurredAt: '2026-09-30T21:00:00Z' })]);
    await handle(attributions, [queued(message)]);
    await handle(statuses, [status(message, 'delivered', { occurredAt: '2026-09-29T21:00:00Z' })]);
    expect(await chargesOf(message)).toMatchObject([
      { local_date: '2026-09-30', amount_micros: '0', state: 'RATED', messages: 1 },
      { local_date: '2026-09-30', amount_micros: '0', state: 'CORRECTED', messages: -1 },
      { local_date: '2026-09-29', amount_micros: '0', state: 'CORRECTED', messages: 1 },
    ]);
  });

  it('adds up per conversation and currency', async () => {
    const { workspaceId, conversationId } = testMessage();
    const inEuro = [testMessage({ workspaceId, conversationId }), testMessage({ workspaceId, conversationId })];
    const inDollar = testMessage({ workspaceId, conversationId });
    const account = { currency: 'USD', timeZone: 'Europe/Berlin' };
    await handle(
      attributions,
      [...inEuro, inDollar].map((each) => queued(each)),
    );
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
    const toNowhere = { to: { bsuid: 'nobody' } };
    await handle(attributions, [queued(message, toNowhere)]);
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

  it('has no charge any more, if one was recorded by what was known before', async () => {
    const message = testMessage();
    await handle(attributions, [queued(message)]);
    await handle(statuses, [status(message, 'read', { pricing: REGULAR_SERVICE })]);
    // For this day the price book has no rate.
    await handle(statuses, [status(message, 'delivered', { occurredAt: '2019-01-01T00:00:00Z' })]);
    expect(await chargesOf(message)).toMatchObject([
      { state: 'RATED', amount_micros: '45600', messages: 1 },
      { state: 'CORRECTED', amount_micros: '-45600', messages: -1 },
    ]);
    expect(await rowsOf('unrated_message', message)).toMatchObject([{ reason: 'RATE_MISSING' }]);
  });

  it('was delivered without a price: what it will cost by our own figures is known, and no charge', async () => {
    const message = testMessage();
    await handle(channels, [channel(message)]);
    await handle(attributions, [queued(message)]);
    await handle(statuses, [status(message, 'delivered')]);
    expect(await rowsOf('unrated_message', message)).toMatchObject([{ reason: 'PRICING_MISSING' }]);
    expect(await entriesOf(message)).toMatchObject([{ state: 'QUOTED', amount_micros: '0', expected_messages: 1 }]);
    await handle(statuses, [status(message, 'sent', { pricing: REGULAR_SERVICE })]);
    expect(await chargesOf(message)).toMatchObject([{ state: 'RATED', amount_micros: '45600' }]);
    expect(await rowsOf('unrated_message', message)).toEqual([]);
  });
});

describe('what a message will cost', () => {
  const conversationCost = async (message: TestMessage) =>
    (await rowsOf<{ amount_micros: string; expected_micros: string }>('conversation_cost', message)).map(
      ({ amount_micros, expected_micros }) => [amount_micros, expected_micros],
    );

  it('is known when it is queued, then by the provider’s word, and ends with the charge', async () => {
    const message = testMessage();
    await handle(channels, [channel(message)]);
    const template = {
      kind: 'template',
      templateId: newId(),
      name: 'ad',
      language: 'de',
      category: 'MARKETING',
    } as const;
    await handle(attributions, [
      queued(message, { type: 'template', content: { ...template, text: 'x', body: [], buttons: [] } } as never),
    ]);
    expect(await conversationCost(message)).toEqual([['0', '113100']]);
    await handle(statuses, [status(message, 'sent', { pricing: { ...REGULAR_SERVICE, category: 'marketing' } })]);
    expect(await conversationCost(message)).toEqual([['0', '113100']]);
    await handle(statuses, [status(message, 'delivered')]);
    expect(await conversationCost(message)).toEqual([['113100', '0']]);
    expect(
      (await entriesOf(message)).map((entry) => [entry.state, entry.amount_micros, entry.expected_micros]),
    ).toEqual([
      ['QUOTED', '0', '113100'],
      ['PROVISIONAL', '0', '0'],
      ['RATED', '113100', '-113100'],
    ]);
    expect(await eventsOf(message)).toMatchObject([{ name: 'billing.charge.recorded' }]);
  });

  it('is nothing once it has failed', async () => {
    const message = testMessage();
    await handle(statuses, [status(message, 'sent', { pricing: REGULAR_SERVICE })]);
    await handle(attributions, [queued(message)]);
    expect(await conversationCost(message)).toEqual([['0', '45600']]);
    await handle(statuses, [status(message, 'failed')]);
    expect(await conversationCost(message)).toEqual([['0', '0']]);
  });

  it('is nothing once it is rejected, and stays as long as nobody can say whether it was sent', async () => {
    const message = testMessage();
    const failures = messageFailedConsumer(books);
    const ad = { kind: 'template', templateId: newId(), name: 'ad', language: 'de', category: 'MARKETING' } as const;
    await handle(channels, [channel(message)]);
    await handle(attributions, [
      queued(message, { type: 'template', content: { ...ad, text: 'x', body: [], buttons: [] } } as never),
    ]);
    await handle(failures, [failed(message, 'unconfirmed')]);
    expect(await conversationCost(message)).toEqual([['0', '113100']]);
    await handle(failures, [failed(message, 'rejected')]);
    expect(await conversationCost(message)).toEqual([['0', '0']]);
  });

  it('is nothing in a free entry point, and takes nothing of the allowance', async () => {
    const first = testMessage();
    const queue = (parts: object) => handle(attributions, [queued({ ...first, messageId: newId() }, parts)]);
    await handle(channels, [channel(first)]);
    await queue({ freeEntryExpiresAt: '2026-11-21T13:00:00.000Z' });
    await queue({ freeEntryExpiresAt: '2026-11-21T11:00:00.000Z' });
    await queue({ freeEntryExpiresAt: null });
    expect((await entriesOf(first)).map(({ free_reason }) => free_reason).toSorted()).toEqual([
      'FREE_ENTRY_POINT',
      'SERVICE_ALLOWANCE',
      'SERVICE_ALLOWANCE',
    ]);
    expect(await rowsOf('allowance_month', first)).toMatchObject([{ taken: '2', expected: '2', charged: '0' }]);
  });

  it('counts on the free allowance of its number, as far as messages on their way have left it any', async () => {
    const first = testMessage();
    const messages = Array.from({ length: 1_001 }, () => ({ ...first, messageId: newId() }));
    await handle(channels, [channel(first)]);
    await handle(
      attributions,
      messages.slice(0, 400).map((message) => queued(message)),
    );
    await handle(
      attributions,
      messages.slice(400).map((message) => queued(message)),
    );
    const [cost] = await rowsOf('conversation_cost', first);
    expect(cost).toMatchObject({ expected_micros: '45600', expected_messages: '1001' });
    // Another number has its own, and another month.
    const elsewhere = { ...testMessage(), workspaceId: first.workspaceId };
    await handle(channels, [channel(elsewhere)]);
    await handle(attributions, [queued(elsewhere)]);
    const costs = await rowsOf<{ conversation_id: string }>('conversation_cost', first);
    expect(costs.find((row) => row.conversation_id === elsewhere.conversationId)).toMatchObject({
      expected_micros: '0',
    });
  });

  it('keeps what it was quoted when something else becomes known of it', async () => {
    const first = testMessage();
    const messages = Array.from({ length: 1_000 }, () => ({
      ...first,
      messageId: newId(),
      providerMessageId: newId(),
    }));
    await handle(channels, [channel(first)]);
    await handle(
      attributions,
      messages.map((message) => queued(message)),
    );
    const before = await entriesOf(first);
    expect(before).toHaveLength(1_000);
    await handle(acceptances, messages.slice(0, 3).map(accepted));
    expect(await entriesOf(first)).toHaveLength(1_000);
    // Whoever comes with them gets nothing of theirs.
    await handle(attributions, [queued(first), queued(messages[5]!, { teamId: newId() })]);
    expect((await rowsOf('conversation_cost', first))[0]).toMatchObject({
      expected_micros: '45600',
      expected_messages: '1001',
    });
  });

  it('counts on the allowance of the month in which it was delivered', async () => {
    const message = testMessage();
    await handle(channels, [channel(message)]);
    await handle(attributions, [{ ...queued(message), occurredAt: '2026-10-31T22:59:00.000Z' }]);
    await handle(statuses, [status(message, 'delivered', { occurredAt: '2026-10-31T23:01:00.000Z' })]);
    expect((await entriesOf(message)).at(-1)).toMatchObject({
      local_date: '2026-11-01',
      free_reason: 'SERVICE_ALLOWANCE',
      expected_micros: '0',
    });
  });

  it('is said to have differed where the provider says otherwise, and the provider counts', async () => {
    const messages = Array.from({ length: 3 }, () => testMessage());
    const [asExpected, charged, recategorised] = messages as [TestMessage, TestMessage, TestMessage];
    const free = { ...REGULAR_SERVICE, type: 'free_customer_service', billable: false };
    await handle(channels, messages.map(channel));
    await handle(
      attributions,
      messages.map((message) => queued(message)),
    );
    await handle(statuses, [
      status(asExpected, 'delivered', { pricing: free }),
      status(charged, 'delivered', { pricing: REGULAR_SERVICE }),
      status(recategorised, 'delivered', { pricing: { ...REGULAR_SERVICE, category: 'utility' } }),
    ]);
    const differences = async (message: TestMessage) =>
      (await eventsOf(message)).filter(({ name }) => name === 'billing.estimate.differed').map(({ data }) => data);
    expect(await differences(asExpected)).toEqual([]);
    expect(await differences(charged)).toMatchObject([
      {
        kind: 'ALLOWANCE',
        expected: { freeReason: 'SERVICE_ALLOWANCE', amountMicros: 0 },
        actual: { freeReason: null, amountMicros: 45_600 },
      },
    ]);
    expect(await differences(recategorised)).toMatchObject([{ kind: 'CATEGORY', actual: { category: 'utility' } }]);
    expect(await chargesOf(charged)).toMatchObject([{ amount_micros: '45600' }]);
  });
});

describe('a charge that was not as it seemed', () => {
  it('is corrected by entries: the old one is taken back where it was, the new one entered where it belongs', async () => {
    const message = testMessage();
    await handle(attributions, [queued(message)]);
    await handle(statuses, [status(message, 'delivered', { pricing: REGULAR_SERVICE })]);
    const earlier = { occurredAt: '2026-11-21T11:00:00.000Z', pricing: { ...REGULAR_SERVICE, category: 'marketing' } };
    await handle(statuses, [status(message, 'sent', earlier)]);
    const [rated, reversal, corrected] = await entriesOf(message);
    expect(rated).toMatchObject({ state: 'RATED', category: 'service', amount_micros: '45600' });
    expect(reversal).toMatchObject({
      state: 'CORRECTED',
      category: 'service',
      amount_micros: '-45600',
      messages: -1,
      reverses: rated!.id,
    });
    expect(corrected).toMatchObject({
      state: 'CORRECTED',
      category: 'marketing',
      amount_micros: '113100',
      messages: 1,
    });
    expect(await rowsOf('conversation_cost', message)).toMatchObject([{ amount_micros: '113100', messages: '1' }]);
    expect(await rowsOf('cost_by_day', message)).toHaveLength(2);
    expect((await eventsOf(message)).map(({ data }) => data)).toMatchObject([
      { amountMicros: 45_600, state: 'RATED' },
      { amountMicros: 67_500, state: 'CORRECTED' },
    ]);
  });

  it.each([
    ['delivered', 'failed'],
    ['failed', 'delivered'],
  ] as const)('stays where it was reported as %s and as %s: the delivery counts', async (first, second) => {
    const message = testMessage();
    await handle(attributions, [queued(message)]);
    await handle(statuses, [status(message, first, { pricing: REGULAR_SERVICE })]);
    await handle(statuses, [status(message, second, { pricing: REGULAR_SERVICE })]);
    expect(await chargesOf(message)).toMatchObject([{ amount_micros: '45600' }]);
  });

  it('is corrected in the first open period, when its own is closed', async () => {
    const message = testMessage();
    const pricing = { ...REGULAR_SERVICE, category: 'marketing' };
    await handle(attributions, [queued(message)]);
    await handle(statuses, [status(message, 'delivered', { pricing, occurredAt: '2026-10-30T12:00:00.000Z' })]);
    await close(message, '2026-10');
    await handle(statuses, [
      status(message, 'sent', { pricing: REGULAR_SERVICE, occurredAt: '2026-10-30T11:00:00.000Z' }),
    ]);
    expect((await chargesOf(message)).map((entry) => [entry.booked_on, entry.local_date, entry.amount_micros])).toEqual(
      [
        ['2026-10-30', '2026-10-30', '113100'],
        ['2026-11-01', '2026-10-30', '-113100'],
        ['2026-11-01', '2026-10-30', '45600'],
      ],
    );
    // Nothing new: nothing is moved because of the closing alone.
    await handle(statuses, [status(message, 'read')]);
    expect(await chargesOf(message)).toHaveLength(3);
  });

  it('that comes when its period is closed is booked in the first open one', async () => {
    const message = testMessage();
    await close(message, '2026-10');
    await handle(attributions, [queued(message)]);
    await handle(statuses, [
      status(message, 'delivered', { pricing: REGULAR_SERVICE, occurredAt: '2026-10-30T12:00:00.000Z' }),
    ]);
    expect(await chargesOf(message)).toMatchObject([{ booked_on: '2026-11-01', local_date: '2026-10-30' }]);
  });
});

describe('a meter', () => {
  it('of the time before its name told its sizes gets them by the migration', async () => {
    const message = testMessage();
    const account = { currency: 'USD', timeZone: 'Europe/Berlin' };
    await handle(attributions, [queued(message)]);
    await handle(statuses, [
      status(message, 'delivered', { pricing: { ...REGULAR_SERVICE, category: 'utility' }, account }),
    ]);
    const meters = async () => [
      (await rowsOf<{ meter: string }>('billable_message', message)).map(({ meter }) => meter),
      (await rowsOf<{ meter: string }>('meter_slot', message)).map(({ meter }) => meter).toSorted(),
    ];
    const before = await meters();
    expect(before[0]![0]).toMatch(/\|2026-11\|\d+(,\d+)+$/);
    const step = migrations.find(({ name }) => name.endsWith('meter-sizes'))!;
    await database.system().transactional(async (em) => {
      await em.execute('reset role');
      await em.execute('set local role billing');
      for (const table of ['billable_message', 'meter_slot']) {
        await em.execute(`update ${table} set meter = regexp_replace(meter, '[|][0-9,]+$', '')`);
      }
      for (const statement of step.statements) await em.execute(statement);
    });
    expect(await meters()).toEqual(before);
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
    expect(await rowsOf('unrated_message', message)).toEqual([]);
  });

  it('is kept until the acceptance of the message names it', async () => {
    const message = testMessage();
    await handle(attributions, [queued(message)]);
    await handle(statuses, [nameless(message, 'delivered', { pricing: REGULAR_SERVICE })]);
    await handle(acceptances, [accepted(message)]);
    expect(await chargesOf(message)).toHaveLength(1);
    expect(await rowsOf('unattributed_status', message)).toEqual([]);
    expect(await rowsOf('unrated_message', message)).toEqual([]);
  });

  it('is joined at once where the pair is known, also from within the same batch', async () => {
    const [byStatus, byAcceptance, byBatch] = [testMessage(), testMessage(), testMessage()];
    await handle(
      attributions,
      [byStatus, byAcceptance, byBatch].map((each) => queued(each)),
    );
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
      expect(await rowsOf('unrated_message', message)).toEqual([]);
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
      await eventually(async () => {
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
      expect(await rowsOf('unrated_message', message)).toEqual([]);
    }
  });
});

describe('any history of events', () => {
  const PMP = { model: 'PMP', type: 'regular' };
  const PRICINGS = [
    REGULAR_SERVICE,
    { ...PMP, category: 'marketing' },
    { ...PMP, category: 'utility' },
    { ...PMP, category: 'utility' },
    { ...PMP, category: 'service', type: 'free_customer_service' },
    { ...PMP, category: 'poetry' },
    { model: 'CBP', category: 'marketing', billable: true },
  ];
  const TIERED_TEXT = [
    'model,market,category,currency,rate,volume_from,volume_to,effective_from,effective_to,confidence,source',
    'PMP,Germany,service,EUR,0.0456,,,2026-10-01,,official,test',
    'PMP,Germany,marketing,EUR,0.1131,,,2026-10-01,,official,test',
    'PMP,Germany,utility,EUR,0.0456,0,1,2026-10-01,,official,test',
    'PMP,Germany,utility,EUR,0.0433,2,3,2026-10-01,,official,test',
    'PMP,Germany,utility,EUR,0.0410,4,,2026-10-01,,official,test',
    'CBP,Germany,marketing,EUR,0.1131,,,2023-06-01,,official,test',
    'PARTNER,*,*,EUR,0.0100,,,2023-06-01,,official,test',
  ].join('\n');
  const bookOf = (text: string) => {
    const parsed = parsePriceBook(text);
    if (!parsed.ok) throw new Error('not valid');
    return parsed.book;
  };
  const book = bookOf(TIERED_TEXT);
  const tiered = new Books(book);
  const CHANGED_TEXTS = {
    DEARER: TIERED_TEXT.replace('service,EUR,0.0456', 'service,EUR,0.0500').replace('0.0433,2,3', '0.0440,2,3'),
    // Another tier: what is counted is counted anew.
    CHEAPER: TIERED_TEXT.replace('0.0456,0,1', '0.0456,0,2').replace('0.0433,2,3', '0.0433,3,3'),
  };
  const consumers = {
    statuses: statusReceivedConsumer(tiered),
    attributions: messageQueuedConsumer(tiered),
    acceptances: messageAcceptedConsumer(tiered),
    channels,
    tiers: volumeTiersConsumer(() => {}),
  };
  const report = fc.record({
    kind: fc.constantFrom(
      'sent' as const,
      'delivered' as const,
      'delivered' as const,
      'read' as const,
      'failed' as const,
    ),
    pricing: fc.option(fc.constantFrom(...PRICINGS), { nil: undefined }),
    namesMessage: fc.boolean(),
    hour: fc.nat(60),
    chargedConversationId: fc.constantFrom('a', 'b', undefined),
  });
  const histories = fc.record({
    messages: fc.array(
      fc.record({
        conversation: fc.nat(2),
        isQueued: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
        isAccepted: fc.boolean(),
        reports: fc.array(report, { maxLength: 4 }),
      }),
      { minLength: 1, maxLength: 9 },
    ),
    tiers: fc.array(fc.record({ from: fc.constantFrom(0, 2, 4), hour: fc.nat(60) }), { maxLength: 4 }),
    shuffle: fc.infiniteStream(fc.nat(1_000_000)),
    cuts: fc.infiniteStream(fc.integer({ min: 1, max: 7 })),
  });
  const timeOf = (hour: number) => new Date(Date.UTC(2026, 9, 30) + hour * 3_600_000);

  it('gives the same ledger in every order and with repetitions, and every sum is the sum of its entries', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async ({ messages, tiers, shuffle, cuts }) => {
        const channelId = newId();
        const specs = named(messages);

        const runs = [newId(), newId()];
        for (const [run, workspaceId] of runs.entries()) {
          /** Every event also comes a second time under its own id; then everything is shuffled and cut into batches. */
          const deliver = async (name: keyof typeof consumers, events: Envelope[]) => {
            const queue = shuffled([...events, ...events], shuffle);
            while (queue.length > 0) await handle(consumers[name], queue.splice(0, cuts.next().value));
          };
          const streams = streamsOf(specs, { workspaceId, channelId }, tiers);
          // Side by side, then one after the other the other way round.
          if (run === 0) await Promise.all(streams.map(([name, events]) => deliver(name, events)));
          else for (const [name, events] of streams.toReversed()) await deliver(name, events);
          await applyVolumeTiers(ctxOf(), tiered);
        }

        for (const workspaceId of runs) {
          await expectRatedBy(book, specs, { workspaceId, channelId }, tiers);
          await expectSumsOfEntries(workspaceId);
        }
      }),
      { numRuns: 8 },
    );
  });

  it('changes no closed period, whatever comes later and whatever prices come in force', async () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: 1, max: 7 }) },
        { weight: 2, arbitrary: fc.constantFrom('DEARER', 'CHEAPER') },
        { weight: 1, arbitrary: fc.constant('CLOSE') },
      ),
      { minLength: 4, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(histories, steps, async ({ messages, tiers, shuffle }, history) => {
        const of = { workspaceId: newId(), channelId: newId() };
        const specs = named(messages);
        const events = streamsOf(specs, of, tiers).flatMap(([name, list]) => list.map((event) => ({ name, event })));
        const queue = shuffled([...events, ...events], shuffle);
        const deliver = async (count: number) => {
          for (const { name, event } of queue.splice(0, count)) await handle(consumers[name], [event]);
        };
        let text = TIERED_TEXT;
        let closed: unknown;
        for (const step of [...history, Infinity]) {
          if (typeof step === 'number') await deliver(step);
          else if (step === 'CLOSE') {
            if (closed === undefined) await close(of, '2026-10');
            closed ??= await bookedIn(of, '2026-10');
          } else {
            text = CHANGED_TEXTS[step];
            await putInForce(of, text);
            await applyPriceBooks(ctxOf(), tiered);
          }
          if (closed !== undefined) expect(await bookedIn(of, '2026-10')).toEqual(closed);
        }
        await applyVolumeTiers(ctxOf(), tiered);
        if (closed !== undefined) expect(await bookedIn(of, '2026-10')).toEqual(closed);
        await expectSumsOfEntries(of.workspaceId);
        if (closed === undefined) await expectRatedBy(bookOf(text), specs, of, tiers);
      }),
      { numRuns: 8 },
    );
  });

  it('keeps its prices in a closed period, and changes them in an open one, when others come in force', async () => {
    const of = { workspaceId: newId(), channelId: newId() };
    const [inOctober, inNovember] = [testMessage(of), testMessage(of)];
    for (const [message, occurredAt] of [
      [inOctober, '2026-10-20T12:00:00.000Z'],
      [inNovember, '2026-11-20T12:00:00.000Z'],
    ] as const) {
      await handle(consumers.attributions, [queued(message)]);
      await handle(consumers.statuses, [status(message, 'delivered', { occurredAt, pricing: REGULAR_SERVICE })]);
    }
    await close(of, '2026-10');
    await putInForce(of, CHANGED_TEXTS.DEARER);
    await applyPriceBooks(ctxOf(), tiered);
    // Not in the month itself, and not as a correction in the next one.
    const amountsOf = async ({ messageId }: TestMessage) =>
      (await chargesOf(of)).flatMap((each) =>
        each.message_id === messageId && each.line === 'MESSAGE' ? [Number(each.amount_micros)] : [],
      );
    expect(await amountsOf(inOctober)).toEqual([45_600]);
    expect(await amountsOf(inNovember)).toEqual([45_600, -45_600, 50_000]);
  });

  interface ToldTier {
    from: number;
    hour: number;
  }

  /** Of both months that the histories are in. */
  function toldTier(workspaceId: string, { from, hour }: ToldTier, month: string): Envelope {
    return tierReached(testMessage({ workspaceId }), { from, month, since: timeOf(hour).toISOString() });
  }

  type Spec =
    typeof histories extends fc.Arbitrary<infer History>
      ? (History & { messages: unknown[] })['messages'][number]
      : never;
  type NamedSpec = ReturnType<typeof named>[number];
  interface Place {
    workspaceId: string;
    channelId: string;
  }

  function named(messages: readonly Spec[]) {
    const conversations = [newId(), newId(), newId()];
    return messages.map((spec) => ({
      ...spec,
      messageId: newId(),
      providerMessageId: newId(),
      conversationId: conversations[spec.conversation]!,
    }));
  }

  function shuffled<T>(list: readonly T[], keys: Iterator<number>): T[] {
    const keyed = list.map((each) => ({ each, key: keys.next().value as number }));
    return keyed.toSorted((a, b) => a.key - b.key).map(({ each }) => each);
  }

  function streamsOf(
    specs: readonly NamedSpec[],
    { workspaceId, channelId }: Place,
    tiers: readonly ToldTier[],
  ): [keyof typeof consumers, Envelope[]][] {
    const cases = specs.map((spec) => ({
      spec,
      message: testMessage({ ...spec, workspaceId, channelId, contactId: spec.conversationId }),
    }));
    return [
      ['channels', cases.slice(0, 1).map(({ message }) => channel(message))],
      ['tiers', tiers.flatMap((tier) => ['2026-10', '2026-11'].map((month) => toldTier(workspaceId, tier, month)))],
      [
        'statuses',
        cases.flatMap(({ spec, message }) =>
          spec.reports.map(({ kind, hour, pricing, namesMessage, chargedConversationId }) =>
            status(message, kind, {
              occurredAt: timeOf(hour).toISOString(),
              pricing,
              messageId: namesMessage ? message.messageId : undefined,
              chargedConversationId,
              account: { currency: 'EUR', timeZone: 'Europe/Berlin', portfolioId: 'portfolio' },
            }),
          ),
        ),
      ],
      ['attributions', cases.flatMap(({ spec, message }) => (spec.isQueued ? [queued(message)] : []))],
      ['acceptances', cases.flatMap(({ spec, message }) => (spec.isAccepted ? [accepted(message)] : []))],
    ];
  }

  /** The ledger has of each message what it costs by this book, and what has no price is unrated. */
  async function expectRatedBy(
    priceBook: PriceBook,
    specs: readonly NamedSpec[],
    { workspaceId, channelId }: Place,
    tiers: readonly ToldTier[],
  ): Promise<void> {
    const isJoined = (spec: (typeof specs)[number]) =>
      spec.isAccepted || spec.reports.some(({ namesMessage }) => namesMessage);
    const delivered = specs.flatMap((spec): DeliveredMessage[] => {
      const times = spec.reports.flatMap(({ kind, hour }) => (kind === 'delivered' || kind === 'read' ? [hour] : []));
      if (!spec.isQueued || !isJoined(spec) || times.length === 0) return [];
      const priced = spec.reports
        .filter(({ pricing }) => pricing)
        .toSorted((a, b) => a.hour - b.hour || (wordsOf(a.pricing!) < wordsOf(b.pricing!) ? -1 : 1));
      return [
        {
          messageId: spec.messageId,
          deliveredAt: timeOf(Math.min(...times)),
          channelId,
          threadId: spec.conversationId,
          accountId: 'account',
          portfolioId: 'portfolio',
          category: 'service',
          isInWindow: false,
          isInEntryPoint: false,
          recipientCountry: 'DE',
          currency: 'EUR',
          accountTimeZone: 'Europe/Berlin',
          pricing: priced[0]?.pricing,
          conversationKey: priced[0]?.chargedConversationId,
        },
      ];
    });
    const expected = rateAsCharged(delivered, priceBook, ({ deliveredAt }) => {
      // Of what is told twice, the earliest counts; by the calendar of Berlin both months are told of.
      const earliest = [0, 2, 4].flatMap((from) => {
        const hours = tiers.filter((tier) => tier.from === from).map(({ hour }) => hour);
        return hours.length > 0 ? [{ from, to: null, since: timeOf(Math.min(...hours)) }] : [];
      });
      return tierAt(earliest, deliveredAt);
    });

    const net = new Map<string, { amount: number; messages: number }>();
    for (const { message_id, amount_micros, messages } of await entriesOf({ workspaceId })) {
      const sum = net.get(message_id) ?? { amount: 0, messages: 0 };
      net.set(message_id, { amount: sum.amount + Number(amount_micros), messages: sum.messages + messages });
    }
    for (const [messageId, rating] of expected) {
      const amount =
        rating.kind === 'charge'
          ? rating.surcharges.reduce((sum, { amountMicros }) => sum + amountMicros, rating.amountMicros)
          : 0;
      const now = net.get(messageId) ?? { amount: 0, messages: 0 };
      expect(now, rating.kind).toEqual({ amount, messages: rating.kind === 'charge' ? 1 : 0 });
      net.delete(messageId);
    }
    for (const { amount, messages } of net.values()) expect({ amount, messages }).toEqual({ amount: 0, messages: 0 });
    const unrated = [...expected].flatMap(([messageId, { kind }]) => (kind === 'unrated' ? [messageId] : []));
    expect(
      (await rowsOf<ChargeRow>('unrated_message', { workspaceId })).map((row) => row.message_id).toSorted(),
    ).toEqual(unrated.toSorted());
  }

  async function bookedIn({ workspaceId }: Place, month: string): Promise<unknown> {
    return database.system().execute(
      `select category, market, free_reason, sum(amount_micros) as amount, sum(messages) as messages from charge
       where workspace_id = ? and to_char(booked_on, 'YYYY-MM') <= ? group by 1, 2, 3 order by 1, 2, 3`,
      [workspaceId, month],
    );
  }

  async function putInForce({ workspaceId }: Place, text: string): Promise<void> {
    const { version } = bookOf(text);
    const em = database.system();
    const basedOn = await tiered.versionInForce(em.getKysely(), workspaceId);
    await em.execute(`update workspace_price_book set state = 'REPLACED' where workspace_id = ?`, [workspaceId]);
    await em.execute(
      `insert into workspace_price_book
         (workspace_id, id, version, content, note, rate_count, state, based_on, imported_at, decided_by, decided_at)
       values (?, ?, ?, ?, '', 1, 'ACTIVE', ?, ?, ?, ?)`,
      [workspaceId, newId(), version, text, basedOn, NOW, newId(), NOW],
    );
  }

  const wordsOf = ({ category, type, billable }: { category: string; type?: string; billable?: boolean }) =>
    `${category} ${type ?? ''} ${billable ?? ''}`;

  const FIGURES = ['amount_micros', 'messages', 'expected_micros', 'expected_messages'].map((name) => [name, name]);
  const IS_FREE = `free_reason = 'SERVICE_ALLOWANCE'`;
  const IS_PAID = 'free_reason is null';
  /** Tables of sums: by what they group entries, and of what they have the sum. */
  const SUMS: [table: string, keys: string[][], figures: string[][]][] = [
    ['conversation_cost', [['conversation_id'], ['currency']], FIGURES],
    ['contact_cost', [['contact_id'], ['currency']], FIGURES],
    ['window_cost', [['conversation_id'], ['window_opened_at'], ['currency']], FIGURES],
    [
      'cost_by_day',
      [
        ...[['booked_on'], ['local_date'], ['channel_id'], ['author_id'], ['team_id'], ['template'], ['newsletter_id']],
        ...[['line'], ['category'], ['market'], ['free_reason'], ['currency']],
      ],
      FIGURES,
    ],
    [
      'conversation_month',
      [['booked_month', `to_char(booked_on, 'YYYY-MM')`], ['conversation_id'], ['currency']],
      [
        ['amount_micros', 'amount_micros'],
        ['messages', `case when ${IS_PAID} then messages end`],
      ],
    ],
    [
      'expected_volume',
      [['delivery_month', `to_char(local_date, 'YYYY-MM')`], ['channel_id'], ['market'], ['category'], ['currency']],
      [['expected_messages', `case when ${IS_PAID} then expected_messages end`]],
    ],
    [
      'allowance_month',
      [['month', `to_char(local_date, 'YYYY-MM')`], ['channel_id']],
      [
        ['taken', `case when ${IS_FREE} then messages + expected_messages end`],
        ['expected', `case when ${IS_FREE} then expected_messages end`],
        ['charged', `case when ${IS_PAID} and category = 'service' then messages end`],
      ],
    ],
  ];

  /** Each table of sums has the groups of the ledger, no more and no less but for those that add up to nothing. */
  async function expectSumsOfEntries(workspaceId: string): Promise<void> {
    for (const [table, keys, figures] of SUMS) {
      const names = [...keys, ...figures].map(([name]) => name).join(', ');
      const sums = figures.map(([name, sum]) => `coalesce(sum(${sum}), 0)::bigint as ${name}`);
      const groups = keys.map(([name, expression = name]) => `${expression} as ${name}`);
      const isSomething = figures.map(([name]) => `${name} <> 0`).join(' or ');
      const kept = `select ${names} from ${table} where workspace_id = '${workspaceId}' and (${isSomething})`;
      const entries = `select * from (
          select ${[...groups, ...sums].join(', ')} from charge where workspace_id = '${workspaceId}'
          group by ${groups.map((_, index) => index + 1).join(', ')}
        ) as entered where ${isSomething}`;
      const differences = await database
        .system()
        .execute(`((${kept}) except (${entries})) union all ((${entries}) except (${kept}))`);
      expect(differences, table).toEqual([]);
    }
  }
});
