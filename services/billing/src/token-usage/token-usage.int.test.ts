import type { Actor } from '@fenster/auth';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { billingUnderTest, personOf, type BillingUnderTest } from '../testing/billing-under-test.js';

let billing: BillingUnderTest;
beforeAll(async () => {
  billing = await billingUnderTest();
});
afterAll(() => billing?.stop());

const RECORD = `mutation ($input: RecordTokenUsageInput!) { recordTokenUsage(input: $input) { __typename
  ... on TokenUsage { month tokens source amount { decimal currency } recordedBy { id } } ... on UserError { code } } }`;
async function record(actor: Actor, input: object = {}) {
  const { data, errors } = await billing.ask<{ recordTokenUsage: Record<string, unknown> }>(actor, RECORD, {
    input: { month: '2026-10', tokens: 1_500_000, source: 'INVOICE', note: 'No. 1', idempotencyKey: newId(), ...input },
  });
  expect(errors).toBeUndefined();
  return data.recordTokenUsage;
}
const entriesOf = (workspaceId: string) =>
  billing.database.system().execute<Record<string, unknown>[]>(
    `select line, category, state, amount_micros::int as amount, messages, message_id, booked_on::text, free_reason
     from charge where workspace_id = ? order by id`,
    [workspaceId],
  );
const REPORT = `query ($groupBy: [CostReportDimension!]!) { costReport(input: { period: { from: "2026-10-01", to: "2026-10-31" }, groupBy: $groupBy }) {
  rows { keys { value } figures { amount { amountMicros } paidMessages freeMessages } } } }`;

describe('tokens of the Business Agent', () => {
  it('are charges of no message, under a category of their own', async () => {
    const actor = personOf();
    expect(await record(actor)).toEqual({
      __typename: 'TokenUsage',
      month: '2026-10',
      tokens: 1_500_000,
      source: 'INVOICE',
      amount: { decimal: '3.0000', currency: 'USD' },
      recordedBy: { id: actor.id },
    });
    expect(await entriesOf(actor.workspaceId)).toEqual([
      {
        line: 'TOKENS',
        category: 'business_agent',
        state: 'RATED',
        amount: 3_000_000,
        messages: 0,
        message_id: null,
        booked_on: '2026-10-31',
        free_reason: null,
      },
    ]);
    expect((await billing.ask(actor, REPORT, { groupBy: ['LINE', 'CATEGORY'] })).data).toEqual({
      costReport: {
        rows: [
          {
            keys: [{ value: 'TOKENS' }, { value: 'business_agent' }],
            figures: { amount: { amountMicros: 3_000_000 }, paidMessages: 0, freeMessages: 0 },
          },
        ],
      },
    });
    const { data } = await billing.ask(actor, '{ tokenUsages { month tokens } }');
    expect(data).toEqual({ tokenUsages: [{ month: '2026-10', tokens: 1_500_000 }] });
    expect((await billing.ask(personOf(), '{ tokenUsages { month } }')).data).toEqual({ tokenUsages: [] });
  });

  it('are corrected by new entries, and not charged twice', async () => {
    const actor = personOf();
    const idempotencyKey = newId();
    await record(actor, { idempotencyKey });
    await record(actor, { idempotencyKey });
    await record(actor);
    expect(await entriesOf(actor.workspaceId)).toHaveLength(1);
    await record(actor, { tokens: 500_000 });
    expect(await entriesOf(actor.workspaceId)).toMatchObject([
      { state: 'RATED', amount: 3_000_000 },
      { state: 'CORRECTED', amount: -3_000_000 },
      { state: 'CORRECTED', amount: 1_000_000 },
    ]);
    expect(await record(actor, { idempotencyKey, tokens: 7 })).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('are refused in a closed period, and change nothing', async () => {
    const actor = personOf();
    await record(actor);
    const before = await entriesOf(actor.workspaceId);
    await billing.ask(actor, `mutation { closePeriod(month: "2026-10") { ... on ClosedPeriod { month } } }`);
    expect(await record(actor, { tokens: 7 })).toMatchObject({ code: 'PERIOD_CLOSED' });
    expect(await record(actor, { month: '2026-09' })).toMatchObject({ code: 'PERIOD_CLOSED' });
    expect(await entriesOf(actor.workspaceId)).toEqual(before);
  });

  it.each([
    [{ tokens: -1 }, 'INVALID_INPUT'],
    [{ month: '2026-13' }, 'INVALID_INPUT'],
    [{ month: '2026-12' }, 'INVALID_INPUT'],
    [{ note: ' ' }, 'INVALID_INPUT'],
    [{ currency: 'EUR' }, 'TOKEN_PRICE_MISSING'],
    [{ month: '2026-07' }, 'TOKEN_PRICE_MISSING'],
  ])('are refused with %j: %s', async (input, code) => {
    const actor = personOf();
    expect(await record(actor, input)).toMatchObject({ code });
    expect(await entriesOf(actor.workspaceId)).toEqual([]);
  });
});
