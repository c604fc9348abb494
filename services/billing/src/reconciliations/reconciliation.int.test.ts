import type { Actor } from '@fenster/auth';
import { pricingAnalyticsRead, type Envelope, type PricingAnalyticsRead } from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { channelsConsumer } from '../channels/channels.consumer.js';
import { messageQueuedConsumer } from '../messages/message-queued.consumer.js';
import { billingUnderTest, NOW, personOf, type BillingUnderTest } from '../testing/billing-under-test.js';
import { channel, envelope, queued, REGULAR_SERVICE, testMessage, type TestMessage } from '../testing/events.js';
import { analyticsReadConsumer } from './analytics-read.consumer.js';

let billing: BillingUnderTest;
beforeAll(async () => {
  billing = await billingUnderTest();
});
afterAll(() => billing?.stop());

type Point = Partial<PricingAnalyticsRead['points'][number]>;
const OCTOBER = { month: '2026-10', currency: 'EUR' };
const DELIVERED_AT = '2026-10-20T12:00:00.000Z';
const GERMAN_REPLY = 45_600;

async function counted(workspaceId: string, points: readonly Point[], parts: Partial<PricingAnalyticsRead> = {}) {
  const data: PricingAnalyticsRead = {
    accountId: 'account',
    month: '2026-10',
    granularity: 'DAILY',
    readingId: newId(),
    part: 1,
    parts: 1,
    readAt: NOW.toISOString(),
    currency: 'EUR',
    timeZone: 'Europe/Berlin',
    points: points.map((point) => ({
      startsAt: '2026-10-19T22:00:00.000Z',
      endsAt: '2026-10-20T22:00:00.000Z',
      country: 'DE',
      category: 'SERVICE',
      type: 'REGULAR',
      messages: 1,
      costMicros: GERMAN_REPLY * (point.messages ?? 1),
      ...point,
    })),
    ...parts,
  };
  await billing.handle(analyticsReadConsumer, envelope(pricingAnalyticsRead, testMessage({ workspaceId }), data));
}

/** Delivered and charged in October, unless something else is said. */
async function delivered(
  workspaceId: string,
  said: Partial<{ category: string; type: string; occurredAt: string }> = {},
) {
  const { occurredAt = DELIVERED_AT, ...pricing } = said;
  await billing.deliver(testMessage({ workspaceId }), { occurredAt, pricing: { ...REGULAR_SERVICE, ...pricing } });
}

interface Line {
  id: string;
  ledger: Side;
  analytics: Side | null;
  invoice: Side | null;
  differences: { against: string; cause: string; messages: number; amount: { amountMicros: number } }[];
}
interface Side {
  messages: number;
  amount: { amountMicros: number } | null;
}
const SIDE = '{ messages amount { amountMicros } }';
const REPORT = `query ($month: String!, $currency: String!) { reconciliationReport(month: $month, currency: $currency) {
  readings { accountId granularity } invoice { note importedBy { id } }
  lines { id ledger ${SIDE} analytics ${SIDE} invoice ${SIDE} differences { against cause messages amount { amountMicros } } } } }`;
async function report(actor: Actor): Promise<{ lines: Line[]; readings: unknown[]; invoice: unknown }> {
  const { data, errors } = await billing.ask<{ reconciliationReport: Awaited<ReturnType<typeof report>> }>(
    actor,
    REPORT,
    OCTOBER,
  );
  expect(errors).toBeUndefined();
  return data.reconciliationReport;
}
const lineOf = async (actor: Actor, id: string) => (await report(actor)).lines.find((line) => line.id === id)!;

const answer = async (actor: Actor, source: string, variables: object) => {
  const { data, errors } = await billing.ask<Record<string, Record<string, unknown>>>(
    actor,
    source,
    variables as Record<string, unknown>,
  );
  expect(errors).toBeUndefined();
  return Object.values(data)[0]!;
};
const ERROR = '... on UserError { code }';
const PROPOSE = `mutation ($input: ProposeReconciliationInput!) { proposeReconciliation(input: $input) {
  ... on Reconciliation { id state corrections { lineId messages amount { amountMicros } differences { cause } } } ${ERROR} } }`;
const proposed = (actor: Actor, input: object = {}) =>
  answer(actor, PROPOSE, {
    input: { ...OCTOBER, against: 'ANALYTICS', note: 'October', idempotencyKey: newId(), ...input },
  });
const ACCEPT = `mutation ($id: ID!) { acceptReconciliation(id: $id) { ... on Reconciliation { state decidedBy { id } } ${ERROR} } }`;
const accepted = (actor: Actor, id: unknown) => answer(actor, ACCEPT, { id });
const INVOICE = `mutation ($input: ImportInvoiceInput!) { importInvoice(input: $input) {
  ... on Invoice { id month } ... on InvoiceInvalid { problemCount problems { line column } } ${ERROR} } }`;
const invoiced = (actor: Actor, lines: readonly string[], input: object = {}) =>
  answer(actor, INVOICE, {
    input: {
      ...OCTOBER,
      csv: ['market,category,tier,messages,amount', ...lines].join('\n'),
      note: 'No. 4711',
      idempotencyKey: newId(),
      ...input,
    },
  });
const CLOSE = `mutation { closePeriod(month: "2026-10") { ... on ClosedPeriod { month } } }`;

interface Entry {
  state: string;
  amount_micros: string;
  messages: number;
  booked_on: string;
  local_date: string;
  message_id: string | null;
  trace: { fact: string; value: unknown }[];
}
const corrections = (workspaceId: string) =>
  billing.database
    .system()
    .execute<Entry[]>(`select * from charge where workspace_id = ? and state = 'RECONCILED' order by id`, [
      workspaceId,
    ]);
const audited = async (workspaceId: string) =>
  (
    await billing.database
      .system()
      .execute<{ envelope: string }[]>(
        `select envelope from outbox where workspace_id = ? and name = 'billing.audit_entry.recorded' order by seq`,
        [workspaceId],
      )
  ).map(({ envelope: text }) => (JSON.parse(text) as Envelope<{ action: string }>).data.action);

describe('the report of a month', () => {
  it('has the ledger beside what the provider counted and charged, and the causes of each difference', async () => {
    const actor = personOf();
    const { workspaceId } = actor;
    for (let index = 0; index < 3; index += 1) await delivered(workspaceId);
    await delivered(workspaceId, { category: 'utility' });
    await delivered(workspaceId, { type: 'free_customer_service' });
    // Another month, and one on its way.
    await delivered(workspaceId, { occurredAt: '2026-11-02T12:00:00.000Z' });
    await counted(workspaceId, [
      { messages: 3 },
      { category: 'MARKETING', messages: 1, costMicros: 113_100 },
      { type: 'FREE_CUSTOMER_SERVICE', messages: 1, costMicros: 0 },
      { category: 'POETRY', messages: 1 },
    ]);
    await invoiced(actor, ['Germany,service,,3,0.14', 'DE,marketing,,1,0.1131']);
    const { lines, readings, invoice } = await report(actor);
    expect(readings).toEqual([{ accountId: 'account', granularity: 'DAILY' }]);
    expect(invoice).toEqual({ note: 'No. 4711', importedBy: { id: actor.id } });
    expect(
      lines.map(({ id, differences, ...sides }) => [
        id,
        ...[sides.ledger, sides.analytics, sides.invoice].map(
          (side) => side && [side.messages, side.amount!.amountMicros],
        ),
        differences.map(({ against, cause, messages, amount }) => [against, cause, messages, amount.amountMicros]),
      ]),
    ).toEqual([
      [
        'Germany|marketing|',
        [0, 0],
        [1, 113_100],
        [1, 113_100],
        [
          ['ANALYTICS', 'DIFFERENT_CATEGORY', 1, 113_100],
          ['INVOICE', 'DIFFERENT_CATEGORY', 1, 113_100],
        ],
      ],
      ['Germany|poetry|', [0, 0], [1, 45_600], [0, 0], [['ANALYTICS', 'UNEXPLAINED', 1, 45_600]]],
      ['Germany|service|', [3, 136_800], [3, 136_800], [3, 140_000], [['INVOICE', 'CURRENCY_ROUNDING', 0, 3_200]]],
      ['Germany|service|SERVICE_ALLOWANCE', [1, 0], [1, 0], null, []],
      [
        'Germany|utility|',
        [1, 45_600],
        [0, 0],
        [0, 0],
        [
          ['ANALYTICS', 'DIFFERENT_CATEGORY', -1, -45_600],
          ['INVOICE', 'DIFFERENT_CATEGORY', -1, -45_600],
        ],
      ],
    ]);
    expect((await report(personOf())).lines).toEqual([]);
    const agent = personOf(workspaceId, ['cost:read', 'conversation:read']);
    expect((await billing.ask(agent, REPORT, OCTOBER)).errors).toEqual([{ code: 'FORBIDDEN' }]);
  });

  it('knows a missing status by what is on its way, and a late delivery by the days at the ends', async () => {
    const actor = personOf();
    const { workspaceId } = actor;
    const onItsWay: TestMessage = testMessage({ workspaceId });
    await billing.handle(channelsConsumer, channel(onItsWay));
    await billing.handle(messageQueuedConsumer(billing.books), { ...queued(onItsWay), occurredAt: DELIVERED_AT });
    // By our count it is free: so is what the provider has delivered.
    await counted(workspaceId, [{ type: 'FREE_CUSTOMER_SERVICE', costMicros: 0 }]);
    expect((await lineOf(actor, 'Germany|service|SERVICE_ALLOWANCE')).differences).toMatchObject([
      { cause: 'MISSING_STATUS', messages: 1 },
    ]);
    const other = personOf();
    await delivered(other.workspaceId, { occurredAt: '2026-10-31T22:30:00.000Z' });
    await delivered(other.workspaceId, { occurredAt: '2026-11-01T10:00:00.000Z' });
    await counted(other.workspaceId, [{ messages: 2 }]);
    expect((await lineOf(other, 'Germany|service|')).differences).toMatchObject([
      { cause: 'LATE_DELIVERY', messages: 1, amount: { amountMicros: GERMAN_REPLY } },
    ]);
  });

  it('is of the latest complete reading of each account, whatever its periods were', async () => {
    const actor = personOf();
    const { workspaceId } = actor;
    const messages = async () => (await lineOf(actor, 'Germany|service|'))?.analytics?.messages;
    await counted(workspaceId, [{ messages: 2 }]);
    await counted(workspaceId, [{ messages: 5 }], { accountId: 'another' });
    expect(await messages()).toBe(7);
    const readingId = newId();
    const inParts = { readingId, parts: 2, granularity: 'HALF_HOUR' as const };
    await counted(workspaceId, [{ messages: 1 }], { ...inParts, part: 1 });
    expect(await messages()).toBe(7);
    await counted(workspaceId, [{ messages: 3 }], { ...inParts, part: 2 });
    expect(await messages()).toBe(9);
    // Nothing is converted: an account in dollars has a report of its own.
    await counted(workspaceId, [{ messages: 9 }], { currency: 'USD', accountId: 'third' });
    expect(await messages()).toBe(9);
  });

  it('has no cost where the provider tells none, and then nothing can be corrected by it', async () => {
    const actor = personOf();
    await delivered(actor.workspaceId);
    await counted(actor.workspaceId, [{ messages: 2, costMicros: undefined }]);
    expect(await lineOf(actor, 'Germany|service|')).toMatchObject({
      analytics: { messages: 2, amount: null },
      differences: [{ cause: 'UNEXPLAINED', messages: 1, amount: { amountMicros: GERMAN_REPLY } }],
    });
    expect(await proposed(actor)).toEqual({ code: 'COST_UNKNOWN' });
  });
});

describe('corrections', () => {
  it('are proposed by one and accepted by another, and then the ledger says what the provider says', async () => {
    const actor = personOf();
    const { workspaceId } = actor;
    const second = personOf(workspaceId);
    await delivered(workspaceId);
    await delivered(workspaceId, { category: 'utility' });
    expect(await proposed(actor)).toEqual({ code: 'NOTHING_TO_RECONCILE' });
    await counted(workspaceId, [{ messages: 3 }, { category: 'MARKETING', costMicros: 113_100 }]);
    expect(await proposed(actor, { lineIds: ['Germany|service|', 'Atlantis||'] })).toEqual({ code: 'INVALID_INPUT' });
    expect(await proposed(actor, { month: '2026-11' })).toEqual({ code: 'PERIOD_NOT_OVER' });
    expect(await proposed({ ...actor, kind: 'api_key' })).toEqual({ code: 'BEYOND_API_KEY' });
    const draft = await proposed(actor);
    expect(draft).toMatchObject({
      state: 'DRAFT',
      corrections: [
        { lineId: 'Germany|marketing|', messages: 1, amount: { amountMicros: 113_100 } },
        { lineId: 'Germany|service|', messages: 2, amount: { amountMicros: 2 * GERMAN_REPLY } },
        { lineId: 'Germany|utility|', messages: -1, amount: { amountMicros: -GERMAN_REPLY } },
      ],
    });
    expect(await corrections(workspaceId)).toEqual([]);

    expect(await accepted(actor, draft['id'])).toEqual({ code: 'RECONCILIATION_SECOND_PERSON' });
    expect(await accepted({ ...second, kind: 'api_key' }, draft['id'])).toEqual({ code: 'BEYOND_API_KEY' });
    expect(await accepted(personOf(), draft['id'])).toEqual({ code: 'NOT_FOUND' });
    const reader = personOf(workspaceId, ['cost:read', 'conversation:read', 'conversation:read_all']);
    expect((await billing.ask(reader, ACCEPT, { id: draft['id'] })).errors).toEqual([{ code: 'FORBIDDEN' }]);
    expect(await accepted(second, draft['id'])).toEqual({ state: 'ACCEPTED', decidedBy: { id: second.id } });
    expect(await accepted(second, draft['id'])).toEqual({ code: 'RECONCILIATION_DECIDED' });

    expect((await report(actor)).lines.flatMap(({ differences }) => differences)).toEqual([]);
    const entries = await corrections(workspaceId);
    expect(
      entries.map((entry) => [Number(entry.amount_micros), entry.messages, entry.booked_on, entry.message_id]),
    ).toEqual([
      [113_100, 1, '2026-10-31', null],
      [91_200, 2, '2026-10-31', null],
      [-45_600, -1, '2026-10-31', null],
    ]);
    expect(entries[0]!.trace).toContainEqual({ fact: 'reconciliation', value: draft['id'] });
    expect(entries[0]!.trace).toContainEqual({ fact: 'cause.DIFFERENT_CATEGORY', value: '1 messages, 113100 micros' });
    expect(await audited(workspaceId)).toEqual(['reconciliation.propose', 'reconciliation.accept']);
  });

  it('are of the chosen lines only, and none once somebody has discarded them', async () => {
    const actor = personOf();
    const { workspaceId } = actor;
    await counted(workspaceId, [{ messages: 3 }, { category: 'MARKETING', costMicros: 113_100 }]);
    const discarded = await proposed(actor);
    const DISCARD = `mutation ($id: ID!) { discardReconciliation(id: $id) { ... on Reconciliation { state } ${ERROR} } }`;
    expect(await answer(actor, DISCARD, { id: discarded['id'] })).toEqual({ state: 'DISCARDED' });
    expect(await accepted(personOf(workspaceId), discarded['id'])).toEqual({ code: 'RECONCILIATION_DECIDED' });
    const draft = await proposed(actor, { lineIds: ['Germany|marketing|'] });
    await accepted(personOf(workspaceId), draft['id']);
    expect(await corrections(workspaceId)).toHaveLength(1);
    const LIST = '{ reconciliations(first: 1) { nodes { id state proposedBy { id } } nextPage } }';
    expect((await billing.ask(actor, LIST)).data).toEqual({
      reconciliations: {
        nodes: [{ id: draft['id'], state: 'ACCEPTED', proposedBy: { id: actor.id } }],
        nextPage: draft['id'],
      },
    });
  });

  it('are not entered if the ledger or the provider says something else by now', async () => {
    const actor = personOf();
    const { workspaceId } = actor;
    for (const change of [() => delivered(workspaceId), () => counted(workspaceId, [{ messages: 8 }])]) {
      await counted(workspaceId, [{ messages: 3 }]);
      const draft = await proposed(actor);
      await change();
      expect(await accepted(personOf(workspaceId), draft['id'])).toEqual({ code: 'RECONCILIATION_OUTDATED' });
    }
    expect(await corrections(workspaceId)).toEqual([]);
  });

  it('of a closed month are booked in the first open one, and it stays as it is', async () => {
    const actor = personOf();
    const { workspaceId } = actor;
    await delivered(workspaceId);
    await billing.ask(actor, CLOSE);
    await counted(workspaceId, [{ messages: 3 }]);
    const draft = await proposed(actor);
    await accepted(personOf(workspaceId), draft['id']);
    expect(await corrections(workspaceId)).toMatchObject([
      { booked_on: '2026-11-01', local_date: '2026-10-31', messages: 2 },
    ]);
    expect((await lineOf(actor, 'Germany|service|')).differences).toEqual([]);
  });

  it('follow an invoice as well, which is refused as a whole for any mistake', async () => {
    const actor = personOf();
    const { workspaceId } = actor;
    await delivered(workspaceId);
    expect(await invoiced(actor, ['Atlantis,service,,1,0.05'])).toEqual({
      problemCount: 1,
      problems: [{ line: 2, column: 'market' }],
      code: 'INVOICE_INVALID',
    });
    expect(await invoiced(actor, ['Germany,service,,1,0.05'], { currency: 'euro' })).toEqual({ code: 'INVALID_INPUT' });
    expect(await invoiced(actor, ['Germany,service,,1,0.05'], { month: '2025-06' })).toEqual({ code: 'INVALID_INPUT' });
    await invoiced(actor, ['Germany,service,,1,0.01']);
    await invoiced(actor, ['Germany,service,,1,0.05']);
    const draft = await proposed(actor, { against: 'INVOICE' });
    await accepted(personOf(workspaceId), draft['id']);
    expect(await corrections(workspaceId)).toMatchObject([{ amount_micros: '4400', messages: 0 }]);
    expect(await audited(workspaceId)).toEqual([
      'reconciliation.import',
      'reconciliation.import',
      'reconciliation.propose',
      'reconciliation.accept',
    ]);
  });

  it('make the ledger equal to what the provider says, whatever that is and whatever came before', async () => {
    const count = fc.record({
      category: fc.constantFrom('SERVICE', 'UTILITY', 'MARKETING', 'AUTHENTICATION'),
      type: fc.constantFrom('REGULAR', 'FREE_CUSTOMER_SERVICE', 'FREE_ENTRY_POINT'),
      country: fc.constantFrom('DE', 'FR', undefined),
      messages: fc.nat(9),
      costMicros: fc.nat(500_000),
    });
    const said = fc.record({
      category: fc.constantFrom('service', 'utility', 'marketing'),
      type: fc.constantFrom('regular', 'free_customer_service'),
    });
    const rounds = fc.array(
      fc.record({ says: fc.array(count, { maxLength: 6 }), sent: fc.array(said, { maxLength: 3 }) }),
      {
        minLength: 1,
        maxLength: 3,
      },
    );
    await fc.assert(
      fc.asyncProperty(rounds, fc.boolean(), async (history, isClosed) => {
        const actor = personOf();
        const { workspaceId } = actor;
        if (isClosed) await billing.ask(actor, CLOSE);
        for (const { says, sent } of history) {
          for (const each of sent) await delivered(workspaceId, each);
          await counted(workspaceId, says);
          const draft = await proposed(actor);
          if (draft['code'] === 'NOTHING_TO_RECONCILE') continue;
          expect(await accepted(personOf(workspaceId), draft['id'])).toMatchObject({ state: 'ACCEPTED' });
          const { lines } = await report(actor);
          for (const { ledger, analytics } of lines) expect(ledger).toEqual(analytics);
          const sum = (figure: (side: Side) => number) => lines.reduce((all, line) => all + figure(line.ledger), 0);
          expect(sum(({ messages }) => messages)).toBe(says.reduce((all, { messages }) => all + messages, 0));
          expect(sum(({ amount }) => amount!.amountMicros)).toBe(
            says.reduce((all, { costMicros }) => all + costMicros, 0),
          );
        }
        const [{ kept, entered }] = await billing.database.system().execute<[{ kept: string; entered: string }]>(
          `select (select coalesce(sum(amount_micros), 0) from cost_by_day where workspace_id = ?) as kept,
             (select coalesce(sum(amount_micros), 0) from charge where workspace_id = ?) as entered`,
          [workspaceId, workspaceId],
        );
        expect(kept).toBe(entered);
      }),
      { numRuns: 8 },
    );
  });
});

describe('what the provider counted', () => {
  it('is asked for by an event, and audited', async () => {
    const actor = personOf();
    const REQUEST = `mutation ($month: String!) { requestPricingAnalytics(month: $month, granularity: HALF_HOUR) {
      ... on AnalyticsRequest { month granularity } ${ERROR} } }`;
    expect(await answer(actor, REQUEST, { month: '2026-10' })).toEqual({ month: '2026-10', granularity: 'HALF_HOUR' });
    expect(await answer(actor, REQUEST, { month: '2025-06' })).toEqual({ code: 'INVALID_INPUT' });
    const told = await billing.database
      .system()
      .execute<{ name: string }[]>('select name from outbox where workspace_id = ? order by seq', [actor.workspaceId]);
    expect(told.map(({ name }) => name)).toEqual(['billing.pricing_analytics.wanted', 'billing.audit_entry.recorded']);
  });
});
