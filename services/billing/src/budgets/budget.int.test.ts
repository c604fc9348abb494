import { budgetStateChanged, type BudgetStateChanged } from '@fenster/contracts';
import { readLog, sql } from '@fenster/database';
import { newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { channelsConsumer } from '../channels/channels.consumer.js';
import { messageFailedConsumer } from '../messages/message-failed.consumer.js';
import { messageQueuedConsumer } from '../messages/message-queued.consumer.js';
import { billingUnderTest, personOf, type BillingUnderTest } from '../testing/billing-under-test.js';
import { channel, failed, queued, REGULAR_SERVICE, status, testMessage, type TestMessage } from '../testing/events.js';
import { statusReceivedConsumer } from '../messages/status-received.consumer.js';

let billing: BillingUnderTest;
beforeAll(async () => {
  billing = await billingUnderTest();
});
afterAll(() => billing?.stop());

const PRICE = 45_600;
const BUDGET = `id name category limit { decimal } atLimit warnPercents team { id } createdBy { id } archivedAt
  months { month spent { decimal } warnedPercent enforcement }`;
const CREATE = `mutation ($input: CreateBudgetInput!) { createBudget(input: $input) {
  ... on Budget { ${BUDGET} } ... on UserError { code } ... on InvalidInput { field } } }`;
const UPDATE = `mutation ($input: UpdateBudgetInput!) { updateBudget(input: $input) {
  ... on Budget { ${BUDGET} } ... on UserError { code } } }`;
const ARCHIVE = `mutation ($id: ID!) { archiveBudget(id: $id) { ... on Budget { ${BUDGET} } ... on UserError { code } } }`;

type Answer = { id: string; months: { spent: { decimal: string }; enforcement: string }[]; code?: string };

/** A workspace with a number whose free messages are used up. */
async function begin() {
  const workspaceId = newId();
  const first = testMessage({ workspaceId });
  const { channelId } = first;
  const person = personOf(workspaceId);
  await billing.handle(channelsConsumer, channel(first));
  await billing.deliver(first, { pricing: REGULAR_SERVICE });
  const ask = async (source: string, variables: Record<string, unknown>, actor = person) => {
    const { data, errors } = await billing.ask<Record<string, Answer>>(actor, source, variables);
    expect(errors).toBeUndefined();
    return Object.values(data)[0]!;
  };
  return {
    workspaceId,
    channelId,
    ask,
    create: (more: Record<string, unknown> = {}) =>
      ask(CREATE, {
        input: {
          name: 'All',
          currency: 'EUR',
          limitMicros: 3 * PRICE,
          atLimit: 'STOP',
          idempotencyKey: newId(),
          ...more,
        },
      }),
    async send(more: Parameters<typeof queued>[1] = {}): Promise<TestMessage> {
      const message = testMessage({ workspaceId, channelId });
      await billing.handle(messageQueuedConsumer(billing.books), queued(message, more));
      return message;
    },
    async told(): Promise<BudgetStateChanged[]> {
      const log = await readLog(billing.database.forTenant(workspaceId), 0, 10_000);
      return log.filter(({ name }) => name === budgetStateChanged.name).map(({ data }) => data as BudgetStateChanged);
    },
  };
}

const short = ({ warnedPercent, enforcement, spentMicros }: BudgetStateChanged) => [
  warnedPercent,
  enforcement,
  spentMicros / PRICE,
];

describe('a budget', () => {
  it('counts what is charged and on its way, warns at its shares, and stops at its limit until the month is over', async () => {
    const { create, send, told } = await begin();
    // One was charged before it was made.
    const { months } = await create({ warnPercents: [60, 100] });
    expect(months).toMatchObject([{ spent: { decimal: '0.0456' }, enforcement: 'NONE' }]);
    await send();
    const last = await send();
    expect((await told()).map(short)).toEqual([
      [60, 'NONE', 2],
      [100, 'STOP', 3],
    ]);
    expect((await told())[1]).toMatchObject({ month: '2026-11', until: '2026-11-30T23:00:00.000Z', teamId: null });
    // What fails costs nothing: then it is below its limit again.
    await billing.handle(messageFailedConsumer(billing.books), failed(last, 'rejected'));
    expect((await told()).slice(2).map(short)).toEqual([[60, 'NONE', 2]]);
  });

  it('is for a team, a category, or both', async () => {
    const { create, send, told } = await begin();
    const [ours, other] = [newId(), newId()];
    const ofTeam = await create({ teamId: ours, limitMicros: PRICE });
    const ofCategory = await create({ category: 'MARKETING', limitMicros: PRICE });
    await send({ teamId: other });
    await send({ teamId: null });
    expect(await told()).toEqual([]);
    await send({ teamId: ours });
    expect((await told()).map(({ budgetId, teamId }) => [budgetId, teamId])).toEqual([[ofTeam.id, ours]]);
    const message = await send();
    const pricing = { ...REGULAR_SERVICE, category: 'marketing' };
    await billing.handle(statusReceivedConsumer(billing.books), status(message, 'delivered', { pricing }));
    expect((await told()).slice(1)).toMatchObject([
      { budgetId: ofCategory.id, category: 'marketing', enforcement: 'STOP' },
    ]);
  });

  it('is for a newsletter: what it costs alone, with what it has cost this month', async () => {
    const { create, send, told } = await begin();
    const newsletterId = newId();
    await send({ newsletterId, teamId: null });
    await send({ newsletterId: newId(), teamId: null });
    const { months } = await create({ newsletterId, limitMicros: 2 * PRICE });
    expect(months).toMatchObject([{ spent: { decimal: '0.0456' } }]);
    await send({ newsletterId: newId(), teamId: null });
    await send();
    expect(await told()).toEqual([]);
    await send({ newsletterId, teamId: null });
    expect(await told()).toMatchObject([{ newsletterId, teamId: null, enforcement: 'STOP' }]);
    expect(await create({ newsletterId, teamId: newId() })).toEqual({ code: 'INVALID_INPUT', field: 'teamId' });
  });

  it('lets messages leave again when it is raised, only warns, or is archived', async () => {
    const { ask, create, told } = await begin();
    const { id } = await create({ limitMicros: PRICE });
    await ask(UPDATE, { input: { id, limitMicros: 10 * PRICE } });
    await ask(UPDATE, { input: { id, limitMicros: PRICE, atLimit: 'WARN' } });
    await ask(UPDATE, { input: { id, atLimit: 'STOP' } });
    await ask(ARCHIVE, { id });
    expect((await told()).map(({ enforcement, warnedPercent }) => [enforcement, warnedPercent])).toEqual([
      ['STOP', 100],
      ['NONE', null],
      ['NONE', 100],
      ['STOP', 100],
      ['NONE', null],
    ]);
    expect(await ask(ARCHIVE, { id })).toEqual({ code: 'NOT_FOUND' });
  });

  it.each([
    [{ limitMicros: 0 }, 'limitMicros'],
    [{ limitMicros: 1.5 }, 'limitMicros'],
    [{ currency: 'euro' }, 'currency'],
    [{ category: 'gossip' }, 'category'],
    [{ warnPercents: [0] }, 'warnPercents'],
    [{ teamId: 'x' }, 'teamId'],
    [{ newsletterId: 'x' }, 'newsletterId'],
    [{ name: ' ' }, 'name'],
  ])('refuses what makes no sense: %j', async (input, field) => {
    const { create } = await begin();
    expect(await create(input)).toEqual({ code: 'INVALID_INPUT', field });
  });

  it('is of a workspace, set by people who manage costs', async () => {
    const { ask, create, workspaceId } = await begin();
    const { id } = await create();
    expect(await ask(UPDATE, { input: { id, name: 'Mine' } }, personOf())).toEqual({ code: 'NOT_FOUND' });
    const key = { ...personOf(workspaceId), kind: 'api_key' } as const;
    expect(await ask(ARCHIVE, { id }, key)).toEqual({ code: 'BEYOND_API_KEY' });
    const reader = personOf(workspaceId, ['cost:read', 'conversation:read', 'conversation:read_all']);
    expect((await billing.ask(reader, ARCHIVE, { id })).errors).toMatchObject([{ code: 'FORBIDDEN' }]);
  });

  it('has spent what the ledger says, whatever happens in whatever order', async () => {
    const step = fc.record({
      what: fc.constantFrom('send', 'deliver', 'fail', 'dearer'),
      team: fc.constantFrom(0, 1),
      index: fc.nat(5),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), fc.nat(12), async (steps, createdAt) => {
        const { workspaceId, create, send } = await begin();
        const teams = [newId(), newId()];
        const sent: TestMessage[] = [];
        for (const [at, { what, team, index }] of steps.entries()) {
          if (at === createdAt) await create({ teamId: teams[0], limitMicros: 2 * PRICE });
          const message = sent[index % Math.max(1, sent.length)];
          if (what === 'send' || !message) sent.push(await send({ teamId: teams[team]! }));
          else if (what === 'fail') {
            await billing.handle(messageFailedConsumer(billing.books), failed(message, 'rejected'));
          } else {
            const pricing = { ...REGULAR_SERVICE, category: what === 'dearer' ? 'marketing' : 'service' };
            await billing.handle(statusReceivedConsumer(billing.books), status(message, 'delivered', { pricing }));
          }
        }
        if (createdAt >= steps.length) await create({ teamId: teams[0], limitMicros: 2 * PRICE });
        const { rows } = await sql<{ spent: string; enforcement: string; ledger: string }>`
          select coalesce(sum(m.spent_micros), 0) as spent, coalesce(max(m.enforcement), 'NONE') as enforcement, (
            select coalesce(sum(amount_micros + expected_micros), 0) from charge
            where workspace_id = ${workspaceId} and team_id = ${teams[0]}
          ) as ledger
          from budget_month m where m.workspace_id = ${workspaceId}
        `.execute(billing.database.system().getKysely());
        const { spent, ledger, enforcement } = rows[0]!;
        expect(spent).toBe(ledger);
        expect(enforcement).toBe(Number(ledger) >= 2 * PRICE ? 'STOP' : 'NONE');
      }),
      { numRuns: 25 },
    );
  });
});
