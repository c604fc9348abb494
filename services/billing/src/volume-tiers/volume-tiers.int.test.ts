import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { billingUnderTest, personOf, type BillingUnderTest } from '../testing/billing-under-test.js';
import { REGULAR_SERVICE, testMessage, tierReached, type TestMessage } from '../testing/events.js';
import { applyVolumeTiers } from './apply-volume-tiers.js';
import { volumeTiersConsumer } from './volume-tiers.consumer.js';

let billing: BillingUnderTest;
beforeAll(async () => {
  billing = await billingUnderTest();
});
afterAll(() => billing?.stop());

const consumer = volumeTiersConsumer(() => {});
const UTILITY = { ...REGULAR_SERVICE, category: 'utility' };
const USD = { currency: 'USD', timeZone: 'Europe/Berlin', portfolioId: 'portfolio' };
/** Of Germany in US dollars since October 2026: two tiers of the book that ships. */
const SECOND = { from: 100_001, to: 200_000 };

interface Entry {
  amount_micros: string;
  state: string;
  booked_on: string;
  trace: { fact: string; value: unknown }[];
}
const deliver = (message: TestMessage, occurredAt: string, account = USD) =>
  billing.deliver(message, { occurredAt, pricing: UTILITY, account });
const entriesOf = ({ messageId }: TestMessage) =>
  billing.database
    .system()
    .execute<Entry[]>(
      `select amount_micros, state, booked_on::text, trace from charge where message_id = ? and line = 'MESSAGE' order by id`,
      [messageId],
    );
const sumOf = async (message: TestMessage) =>
  (await entriesOf(message)).reduce((sum, { amount_micros }) => sum + Number(amount_micros), 0);
const apply = () => applyVolumeTiers(billing.ctx, billing.books);

describe('a tier that the provider tells', () => {
  const BEFORE = '2026-11-20T11:00:00.000Z';
  const SINCE = '2026-11-20T12:00:00.000Z';
  const AFTER = '2026-11-20T13:00:00.000Z';

  it('decides what is delivered since then, whichever is known first, and nothing before it or elsewhere', async () => {
    const workspaceId = newId();
    const [before, after, late] = [1, 2, 3].map(() => testMessage({ workspaceId })) as [
      TestMessage,
      TestMessage,
      TestMessage,
    ];
    const foreign = testMessage();
    for (const [message, at] of [
      [before, BEFORE],
      [after, AFTER],
      [foreign, AFTER],
    ] as const)
      await deliver(message, at);
    const list = await sumOf(before);
    expect(await sumOf(after)).toBe(list);
    const told = tierReached(after, { ...SECOND, since: SINCE });
    await billing.handle(consumer, told);
    await apply();
    await deliver(late, AFTER);
    // Of another workspace with the same portfolio, whose tiers are its own.
    const foreignLate = testMessage();
    await deliver(foreignLate, AFTER);
    const [, , corrected] = await entriesOf(after);
    expect(corrected).toMatchObject({ state: 'CORRECTED' });
    expect(corrected!.trace).toEqual(
      expect.arrayContaining([
        { fact: 'tier.provider', value: '100001:200000' },
        { fact: 'tier.providerSince', value: SINCE },
      ]),
    );
    expect(await sumOf(after)).toBeLessThan(list);
    expect(await sumOf(late)).toBe(await sumOf(after));
    expect(await sumOf(before)).toBe(list);
    expect(await sumOf(foreign)).toBe(list);
    expect(await sumOf(foreignLate)).toBe(list);
    // Told again, it changes nothing.
    await billing.handle(consumer, told);
    await apply();
    expect(await entriesOf(after)).toHaveLength(3);
  });

  it('is of the smallest time, if it is told twice', async () => {
    const message = testMessage();
    await deliver(message, AFTER);
    const list = await sumOf(message);
    await billing.handle(consumer, tierReached(message, { ...SECOND, since: '2026-11-20T14:00:00.000Z' }));
    await apply();
    expect(await sumOf(message)).toBe(list);
    await billing.handle(consumer, tierReached(message, { ...SECOND, since: SINCE }));
    await billing.handle(consumer, tierReached(message, { ...SECOND, since: '2026-11-20T14:00:00.000Z' }));
    await apply();
    expect(await sumOf(message)).toBeLessThan(list);
  });

  it('of a closed month is corrected in the first open one', async () => {
    const message = testMessage();
    const actor = personOf(message.workspaceId);
    await deliver(message, '2026-10-20T12:00:00.000Z');
    const closed = await billing.ask(
      actor,
      'mutation { closePeriod(month: "2026-10") { ... on ClosedPeriod { month } } }',
    );
    expect(closed).toMatchObject({ data: { closePeriod: { month: '2026-10' } } });
    await billing.handle(
      consumer,
      tierReached(message, { ...SECOND, month: '2026-10', since: '2026-10-20T11:00:00.000Z' }),
    );
    await apply();
    expect((await entriesOf(message)).map(({ booked_on }) => booked_on)).toEqual([
      '2026-10-20',
      '2026-11-01',
      '2026-11-01',
    ]);
  });

  it('is compared with what we have counted', async () => {
    const message = testMessage();
    const actor = personOf(message.workspaceId);
    await deliver(message, AFTER);
    await billing.handle(consumer, tierReached(message, { ...SECOND, since: SINCE }));
    const asked = await billing.ask(
      actor,
      `{ reconciliationReport(month: "2026-11", currency: "USD") { volumeTiers { market category tier since ours } } }`,
    );
    expect(asked.errors).toBeUndefined();
    expect(asked.data).toEqual({
      reconciliationReport: {
        volumeTiers: [
          {
            market: 'Germany',
            category: 'utility',
            tier: '100001:200000',
            since: SINCE,
            ours: expect.stringMatching(/^0:\d+$/),
          },
        ],
      },
    });
  });
});
