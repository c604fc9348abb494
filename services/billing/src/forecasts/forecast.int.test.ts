import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '@fenster/runtime';
import { sql } from '@fenster/database';
import { billingUnderTest, NOW, personOf, type BillingUnderTest } from '../testing/billing-under-test.js';
import { dayAfter } from '../ratings/local-date.js';

let billing: BillingUnderTest;
beforeAll(async () => {
  billing = await billingUnderTest();
});
afterAll(() => billing?.stop());

const today = NOW.toISOString().slice(0, 10);
const FORECAST = `query ($month: String!) { costForecast(month: $month) {
  soFar { decimal currency } amount { decimal } range { least { decimal } most { decimal } } paceDays
  allowance { size isUsedUp endsOn } coming { lines { category market messages freeMessages } } } }`;

/** A number with so many service messages to Germany on each of the days before today. */
async function numberWith(daily: number, { days = 28, free = true } = {}) {
  const [workspaceId, channelId] = [newId(), newId()];
  const db = billing.database.system().getKysely();
  await sql`insert into charged_channel (workspace_id, id, currency, time_zone)
    values (${workspaceId}, ${channelId}, 'EUR', 'Europe/Berlin')`.execute(db);
  await sql`
    insert into cost_by_day (workspace_id, booked_on, local_date, channel_id, line, category, market, free_reason, currency,
      amount_micros, messages, expected_micros, expected_messages)
    select ${workspaceId}, day, day, ${channelId}, 'MESSAGE', 'service', 'Germany', ${free ? 'SERVICE_ALLOWANCE' : null}, 'EUR',
      ${free ? 0 : daily * 45_600}::bigint, ${daily}, 0, 0
    from generate_series(${dayAfter(today, -days)}::date, ${dayAfter(today, -1)}::date, '1 day') as day
  `.execute(db);
  await sql`
    insert into allowance_month (workspace_id, channel_id, month, taken, charged)
    select workspace_id, channel_id, to_char(local_date, 'YYYY-MM'), sum(case when ${free} then messages else 0 end),
      sum(case when ${free} then 0 else messages end)
    from cost_by_day where workspace_id = ${workspaceId} group by 1, 2, 3
  `.execute(db);
  const ask = async (month: string) => {
    const { data, errors } = await billing.ask<{ costForecast: object[] }>(personOf(workspaceId), FORECAST, { month });
    expect(errors).toBeUndefined();
    return data.costForecast;
  };
  return { ask, workspaceId, channelId };
}

describe('the forecast of a month', () => {
  it('says on which day the allowance ends, and what the rest costs', async () => {
    const { ask } = await numberWith(40);
    // 21 days: 840 are used, 160 left for four days; of nine days' 360, 200 are charged.
    expect(await ask('2026-11')).toEqual([
      {
        soFar: { decimal: '0.0000', currency: 'EUR' },
        amount: { decimal: '9.1200' },
        range: { least: { decimal: '9.1200' }, most: { decimal: '9.1200' } },
        paceDays: 28,
        allowance: { size: 1_000, isUsedUp: false, endsOn: '2026-11-25' },
        coming: { lines: [{ category: 'service', market: 'Germany', messages: 360, freeMessages: 160 }] },
      },
    ]);
  });

  it('has a whole allowance in a month to come, and nothing to come in one that is over', async () => {
    const { ask } = await numberWith(40);
    // 31 days at 40: 1,240.
    expect(await ask('2026-12')).toMatchObject([
      {
        soFar: { decimal: '0.0000' },
        amount: { decimal: '10.9440' },
        allowance: { endsOn: '2026-12-25', isUsedUp: false },
      },
    ]);
    expect(await ask('2026-10')).toMatchObject([{ coming: { lines: [] }, amount: { decimal: '0.0000' } }]);
  });

  it('adds to what was charged already', async () => {
    const { ask } = await numberWith(10, { free: false });
    expect(await ask('2026-11')).toMatchObject([
      {
        soFar: { decimal: '9.5760' },
        amount: { decimal: '13.6800' },
        allowance: { isUsedUp: true, endsOn: '2026-11-01' },
      },
    ]);
  });

  it('has what was charged before the account had another currency, in that one, and nothing to come in it', async () => {
    const { ask, workspaceId, channelId } = await numberWith(10, { free: false });
    const db = billing.database.system().getKysely();
    await sql`
      insert into cost_by_day (workspace_id, booked_on, local_date, channel_id, line, category, market, currency,
        amount_micros, messages, expected_micros, expected_messages)
      values (${workspaceId}, '2026-11-02', '2026-11-02', ${channelId}, 'MESSAGE', 'marketing', 'Germany', 'USD', 136500, 1, 10000, 0),
        (${workspaceId}, '2026-10-02', '2026-10-02', ${channelId}, 'MESSAGE', 'marketing', 'Germany', 'CHF', 136500, 1, 0, 0)
    `.execute(db);
    expect(await ask('2026-11')).toMatchObject([
      { soFar: { decimal: '9.5760', currency: 'EUR' } },
      {
        soFar: { decimal: '0.1465', currency: 'USD' },
        amount: { decimal: '0.1465' },
        range: { least: { decimal: '0.1365' }, most: { decimal: '0.1465' } },
        coming: { lines: [] },
        allowance: null,
      },
    ]);
  });

  it('is of the numbers of the own workspace, for a month', async () => {
    await numberWith(10);
    const stranger = await billing.ask(personOf(), FORECAST, { month: '2026-11' });
    expect(stranger).toEqual({ data: { costForecast: [] }, errors: undefined });
    expect((await billing.ask(personOf(), FORECAST, { month: 'May' })).errors).toMatchObject([{ field: 'month' }]);
  });
});
